package DlProp::Junction;

# A junction of a random relation: pairs of an owner's key and what leads to a
# row, some of them dangling, repeated or NULL.  It leads to the id, or by two
# columns to a unique constraint; it may be of any kind, and even the relation
# itself.

use strict;
use warnings;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;

# Makes the junction; undef when the server refused.
sub new
{
	my ($class, $relation) = @_;
	my $self = bless { relation => $relation, name => '"junction j"' }, $class;
	return $self->_relation_itself ? $self : undef if $relation->{primary} && chance(0.08);
	$self->_choose_columns;
	return $self->_create ? $self : undef;
}

# A column of the relation that leads to a row of it.
sub _relation_itself
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my @keys = grep { $_->{role} eq 'key' } @{ $relation->{columns} };
	my ($link) = grep { $_->{type}{base} =~ /^int[48]$/ } @keys;
	return 0 unless $link;
	my ($owner) = shuffle(@keys);
	@$self{qw(name key owner pos primary)} = ($relation->{name}, $relation->{id}, $owner, $link, [ $relation->{id} ]);
	$self->{links} = [ [ $link, $relation->{id} ] ];
	$self->{foreign} = $relation->{kind} eq 'plain' && chance(0.5)
	  && $relation->apply("ALTER TABLE $self->{name} ADD FOREIGN KEY ($link->{name}) REFERENCES $relation->{name} NOT VALID");
	return 1;
}

sub _choose_columns
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my $owner = pick(grep { !$_->{row_only} } key_types());
	$owner = integer_range($owner, 1, between(3, 20), 1) if $owner->{integer};
	my ($integer) = grep { $_->{integer} && $_->{base} eq 'int4' } key_types();

	# names that the relation may have too: through.x is the junction's
	my @names = shuffle('pos', (map { $_->{raw} } some(2, grep { $_->{raw} ne 'id' } @{ $relation->{columns} })),
		@{ $relation->{spare_names} }[ 0 .. 3 ]);
	my $column = sub {
		my ($role, $type, $pool) = @_;
		my $raw = shift @names;
		return { role => $role, type => $type, pool => $pool, raw => $raw, name => quote_name($raw), nulls => 0.1 };
	};
	my $link_type = $relation->{id}{type};
	($link_type) = grep { $_->{integer} && $_->{base} eq 'int8' } key_types() if chance(0.15);
	($link_type) = grep { $_->{decl} eq 'numeric' } key_types() if chance(0.03);
	$self->{key}   = $column->('id', integer_range($integer, 1, 80, 1), [ 1 .. 90 ]);
	$self->{owner} = $column->('key', $owner, [ some(between(2, 6), @{ $owner->{values} }) ]);
	$self->{pos}   = $column->('payload', $integer, [ 0 .. 5 ]);
	$self->{links} = [ [ $column->('link', $link_type, [ 1 .. 45 ]), $relation->{id} ] ];
	my ($also) = shuffle(grep { $_->{role} eq 'key' } @{ $relation->{columns} });
	if (chance(0.25) && $relation->apply("ALTER TABLE $relation->{table} ADD UNIQUE ($relation->{id}{name}, $also->{name})"))
	{
		push @{ $self->{links} }, [ $column->('link', $also->{type}, $also->{pool}), $also ];
	}
	return;
}

sub _columns { my ($self) = @_; return (@$self{qw(key owner pos)}, map { $_->[0] } @{ $self->{links} }); }

sub _create
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my $kind = $relation->{kind} eq 'temp' ? 'temp' : pick_weighted(plain => 70, partitioned => 8, view => 5, matview => 4, foreign => 4,
		inherited => 3, unlogged => 3);
	$kind = 'plain' if $relation->{in_transaction} && $kind eq 'foreign';
	$self->{table} = $kind =~ /view|foreign/ ? 'junction_base' : $self->{name};
	my $key  = $self->{key}{name};
	my $how  = { temp => 'TEMP ', unlogged => 'UNLOGGED ' }->{$kind} // '';
	my $list = join ', ', map { "$_->{name} $_->{type}{decl}" } shuffle($self->_columns);
	$relation->apply("CREATE ${how}TABLE $self->{table} ($list)" . ($kind eq 'partitioned' ? " PARTITION BY hash ($key)" : '')) or return 0;
	if ($kind eq 'partitioned')
	{
		$relation->apply("CREATE TABLE jp$_ PARTITION OF $self->{table} FOR VALUES WITH (MODULUS 2, REMAINDER $_)") for 0, 1;
	}
	$relation->apply("CREATE TABLE junction_child () INHERITS ($self->{table})") if $kind eq 'inherited';
	$self->_fill($kind eq 'inherited' ? ($self->{table}, 'junction_child') : $self->{table});
	$self->_cover($kind, $list) or return 0 if $self->{table} ne $self->{name};
	return 0 unless $self->{foreign} || (@{ $self->{links} } == 1 && $relation->{primary});
	$self->_apply_rights($kind);
	return 1;
}

# Keys, indexes and pairs.
sub _fill
{
	my ($self, @tables) = @_;
	my $relation = $self->{relation};
	my ($links, $to) = map { my $i = $_; join ', ', map { $_->[$i]{name} } @{ $self->{links} } } 0, 1;
	my $reference = "ALTER TABLE $self->{table} ADD FOREIGN KEY ($links) REFERENCES $relation->{name} ($to)";
	$self->{foreign} = $relation->apply($reference) if chance(0.4);    # without dangling pairs
	$self->_add_primary if chance(0.6);
	my $owner = $self->{owner}{name};
	$relation->apply("CREATE UNIQUE INDEX ON $self->{table} ($owner, $links)") if chance(0.2);
	for my $table (@tables)
	{
		$self->_add_index($table) for 1 .. pick(0, 1, 1, 2);
		$self->_insert_row($table, $_) for 1 .. between(0, @tables > 1 ? 30 : 80);
	}
	$self->_add_index($self->{table}) if chance(0.3);
	$self->{foreign} ||= $relation->apply("$reference NOT VALID") if chance(0.5);
	return;
}

# The key, or the pair itself.
sub _add_primary
{
	my ($self) = @_;
	my @columns = chance(0.3) ? ($self->{owner}, map { $_->[0] } @{ $self->{links} }) : $self->{key};
	$self->{primary} = \@columns
	  if $self->{relation}->apply("ALTER TABLE $self->{table} ADD PRIMARY KEY (" . join(', ', map { $_->{name} } @columns) . ')');
	return;
}

sub _insert_row
{
	my ($self, $table, $id) = @_;
	my %value = (
		$self->{key}{name}   => $id,
		$self->{owner}{name} => literal($self->{owner}, chance(0.1) ? undef : pick(@{ $self->{owner}{pool} })),
		$self->{pos}{name}   => chance(0.1) ? 'NULL' : pick(0 .. 5));
	for my $link (@{ $self->{links} })
	{
		$value{ $link->[0]{name} } = chance(0.06) ? 'NULL' : literal($link->[0], pick(@{ $link->[0]{pool} }));
	}
	my @names = sort keys %value;
	$self->{relation}->apply("INSERT INTO $table (" . join(', ', @names) . ') VALUES (' . join(', ', @value{@names}) . ')');
	return;
}

sub _add_index
{
	my ($self, $table) = @_;
	my ($owner, $pos) = map { $_->{name} } @$self{qw(owner pos)};
	my $link = join ', ', map { $_->[0]{name} } @{ $self->{links} };
	my $direction = pick('', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST');
	$self->{relation}->apply("CREATE INDEX ON $table ("
		  . pick($owner, "$owner, $link", "$owner, $pos$direction", "$owner, $pos$direction, $link", "$link", "$owner) INCLUDE ($link") . ')');
	return;
}

# A view, materialized view or foreign table over the table: without keys.
sub _cover
{
	my ($self, $kind, $list) = @_;
	my $relation = $self->{relation};
	delete @$self{qw(primary foreign)};
	return $relation->apply("CREATE VIEW $self->{name} AS SELECT * FROM $self->{table}") if $kind eq 'view';
	if ($kind eq 'matview')
	{
		$relation->apply("CREATE MATERIALIZED VIEW $self->{name} AS SELECT * FROM $self->{table}") or return 0;
		$self->_add_index($self->{name}) for 1 .. pick(0, 1, 2);
		return 1;
	}
	$self->{oracle} = $self->{table};
	return $relation->apply("CREATE FOREIGN TABLE $self->{name} ($list) SERVER loopback OPTIONS (schema_name '" . SCHEMA
		  . "', table_name '$self->{table}')");
}

sub _apply_rights
{
	my ($self, $kind) = @_;
	my $relation = $self->{relation};
	if (chance(0.95)) { $relation->apply("GRANT SELECT ON $_ TO PUBLIC") for $self->{name}, $self->{oracle} // (); }
	return if $kind =~ /temp|view|foreign/ || !chance(0.06);
	$relation->apply("ALTER TABLE $self->{name} ENABLE ROW LEVEL SECURITY");
	$relation->apply("CREATE POLICY zz_pj ON $self->{name} USING ($self->{key}{name} % 3 <> 0)");
	$relation->{rls} = 1;
	return;
}

# the option link: in any order where a foreign key says where each leads
sub link_text
{
	my ($self) = @_;
	my @names = map { $_->[0]{name} } @{ $self->{links} };
	return join ', ', $self->{foreign} ? shuffle(@names) : @names;
}

sub primary_columns { my ($self) = @_; return $self->{primary}; }

sub key_sets
{
	my ($self) = @_;
	my @sets = ([ $self->{owner} ], [ $self->{owner} ], [ $self->{owner} ], [ $self->{key} ], $self->{primary} // [ $self->{owner} ]);
	push @sets, [ @$self{qw(owner pos)} ] if $self->{owner} != $self->{pos};
	return @sets;
}

1;
