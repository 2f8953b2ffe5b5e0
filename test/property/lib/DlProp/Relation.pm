package DlProp::Relation;

# A random relation: columns, data, indexes, kind.  The statements that were
# accepted are kept in {setup}, so that a failure can be told as a script;
# statements that the server refuses (a unique index over duplicates, say)
# are simply left out.

use strict;
use warnings;
use utf8;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;
use DlProp::Change;
use DlProp::Junction;
our @ISA = ('DlProp::Change');

my @COLUMN_NAMES = (
	'ord', 'item', 'items', 'keys', 'k', 't', 'key', 'first', 'value', 'rel', 'n', 'x', 'by', 'r', 'a',
	'Key Col', 'x"y', 'select', 'order', 'UPPER', 'ünï', "it's", 'y' x 63, 'b\\c', 'limit', 'p1', 'p2', 'p3',
	'relation', 'filter', '$1', 'c,d', 'm', 's', 'l', 'q');

sub new
{
	my ($class, $session) = @_;
	my $self = bless {
		session => $session, setup => [], indexes => [], calls => [], types => 0,
		in_transaction => chance(0.2),
		kind => pick_weighted(
			plain => 62, unlogged => 3, temp => 5, matview => 4, view => 7, partitioned => 9, leaf => 4,
			inherited => 5, child => 3),
	}, $class;
	$self->{in_transaction} = 0 if $self->{kind} eq 'unlogged';
	$self->{name} = quote_name(pick('rel', 'rel', 'rel', 'Rel 1', 'item', "r'q", 'q.r'));
	$self->{rows} = pick_weighted(0 => 4, 1 => 3, between(2, 10) => 15, between(10, 60) => 60, between(60, 200) => 15,
		between(2000, 6000) => 5);
	$self->{big} = $self->{rows} >= 2000;
	$self->_choose_columns;
	$self->_bound_rows;
	return $self;
}

sub _choose_columns
{
	my ($self) = @_;
	my @names = shuffle(@COLUMN_NAMES);
	my $unique = chance(0.25);
	my @columns;
	for my $i (1 .. between(1, 3))
	{
		my $type = pick(key_types());
		if ($type->{integer} && chance(0.6))
		{
			$type = integer_range($type, pick(0, 0, 1, -5, 1000), between(3, 40), pick(1, 1, 1, 2, 17, 300));
		}
		my $spread;
		if ($self->{big} && $type->{integer} && chance(0.6))
		{
			# many keys of a few rows each, near to each other or not
			$spread = { low => pick(0, -1000), n => pick(300, 1000, 5000), step => pick(1, 1, 2, 13, 1000) };
			$spread->{step} = 1 if $type->{base} eq 'int2';
			$type = integer_range($type, @$spread{qw(low n step)});
		}
		my @pool = some($spread ? 400 : between(2, 8), @{ $type->{values} });
		@pool = @{ $type->{values} } if $unique && $i == 1;
		push @columns, { role => 'key', type => $type, pool => \@pool, nulls => chance(0.6) ? 0.12 : 0,
			unique => $unique && $i == 1, spread => $spread };
	}
	for (1 .. between(0, 4))
	{
		my $type = pick(payload_types());
		push @columns, { role => 'payload', type => $type, pool => [ some(between(1, 6), @{ $type->{values} }) ],
			nulls => chance(0.5) ? 0.2 : 0 };
	}
	my $integer = pick('int4', 'int4', 'int8');
	my ($id_type) = grep { $_->{integer} && $_->{base} eq $integer } key_types();
	push @columns, { role => 'id', type => integer_range($id_type, 1, 40, 1), nulls => 0, raw => chance(0.7) ? 'id' : undef };
	push @columns, { role => 'generated', type => integer_range($id_type, 0, 5, 1), nulls => 0 } if chance(0.15);
	for my $column (@columns)
	{
		$column->{pool} //= $column->{type}{values};
		$column->{raw} //= shift @names;
		$column->{name} = quote_name($column->{raw});
	}
	$self->{columns}    = [ shuffle(@columns) ];
	$self->{spare_names} = \@names;
	($self->{id}) = grep { $_->{role} eq 'id' } @columns;
}

# a unique column cannot have more rows than values
sub _bound_rows
{
	my ($self) = @_;
	$self->{id}{pool} = [ map { between(1, $self->{rows} + 20) } 1 .. 500 ] if $self->{big};
	my ($unique) = grep { $_->{unique} } @{ $self->{columns} } or return;
	my @pool = shuffle(@{ $unique->{pool} });
	$self->{rows} = @pool if $self->{rows} > @pool;
	$self->{big} = 0;
	$unique->{queue} = \@pool;
	return;
}

# Runs a statement and remembers it when the server accepted it.
sub apply
{
	my ($self, $statement) = @_;
	my ($result) = $self->{session}->run($statement);
	if ($result->{error})
	{
		$self->{refused}{ $result->{error} }++;
		return 0;
	}
	push @{ $self->{setup} }, $statement;
	$self->remember($statement);
	return 1;
}

# the whole history, calls included, for failures that need it
sub remember { my ($self, @statements) = @_; push @{ $self->{log} }, @statements; return; }

# Makes the relation; false when the server refused something essential.
sub build
{
	my ($self) = @_;
	$self->apply('BEGIN') if $self->{in_transaction};
	$self->apply($_)
	  for 'CREATE SCHEMA ' . SCHEMA, 'SET search_path = ' . SCHEMA . ', public', 'GRANT USAGE ON SCHEMA ' . SCHEMA . ' TO ' . ROLE,
	  type_setup(), $self->_settings;
	my $maker = "_make_" . ($self->can("_make_$self->{kind}") ? $self->{kind} : 'table');
	$self->$maker or return 0;
	$self->_apply_rights;
	$self->{junction} = DlProp::Junction->new($self) if $self->{primary} && !$self->{big} && chance(0.5);
	$self->mutate for 1 .. between(0, 3);
	return 1;
}

# removes everything that build() made
sub drop
{
	my ($self) = @_;
	$self->{session}->run($self->{in_transaction} ? 'ROLLBACK' : 'SELECT 1', 'RESET ROLE', 'RESET ALL', 'DISCARD TEMP',
		'SET synchronous_commit = off', 'DROP SCHEMA IF EXISTS ' . SCHEMA . ' CASCADE');
}

sub _settings
{
	my ($self) = @_;
	my @settings;
	push @settings, "SET TimeZone = '" . pick('America/New_York', 'Asia/Kolkata') . "'" if chance(0.3);
	push @settings, "SET DateStyle = '" . pick('SQL, DMY', 'German', 'Postgres, MDY') . "'" if chance(0.1);
	push @settings, 'SET IntervalStyle = ' . pick('sql_standard', 'iso_8601') if chance(0.2);
	push @settings, 'SET extra_float_digits = ' . pick(-5, 0, 3) if chance(0.2);
	push @settings, 'SET bytea_output = escape' if chance(0.2);
	push @settings, 'SET jit = on' if chance(0.02);
	push @settings, "SET work_mem = '64kB'" if chance(0.2);
	push @settings, 'SET enable_seqscan = off' if chance(0.2);
	push @settings, 'SET plan_cache_mode = ' . pick('force_generic_plan', 'force_custom_plan') if chance(0.2);
	return @settings;
}

sub _column_list
{
	my ($self, @columns) = @_;
	my @list;
	for my $column (@columns)
	{
		my $sql = "$column->{name} $column->{type}{decl}";
		$sql .= ' NOT NULL' if !$column->{nulls} && chance(0.5);
		$sql .= " GENERATED ALWAYS AS ($self->{id}{name} % 5) STORED" if $column->{role} eq 'generated';
		push @list, $sql;
		push @list, "junk" . scalar(@list) . " " . pick('int8', 'text', 'numeric') . ' DEFAULT 7' if chance(0.1);
	}
	return @list;
}

sub _junk { my ($self, @list) = @_; return map { /^(junk\d+) / ? $1 : () } @list; }

sub _make_table
{
	my ($self) = @_;
	my $how = { unlogged => 'UNLOGGED ', temp => 'TEMP ' }->{ $self->{kind} } // '';
	my @columns = @{ $self->{columns} };

	# the last payload column comes later, by ALTER TABLE, over existing rows
	my $late;
	if (chance(0.25))
	{
		($late) = grep { $_->{role} eq 'payload' } reverse @columns;
		@columns = grep { !$late || $_ != $late } @columns;
	}
	my @list = $self->_column_list(@columns);
	my $base = $self->{base} // $self->{name};
	$self->apply("CREATE ${how}TABLE $base (" . join(', ', @list) . ')') or return 0;
	$self->{table} = $base;
	my @junk = $self->_junk(@list);
	if (@junk && chance(0.5)) { $self->apply("ALTER TABLE $base DROP COLUMN $_") for splice @junk; }

	my $primary = chance(0.7);
	$self->_add_primary if $primary && chance(0.5);
	my $early = chance(0.5);
	$self->_add_indexes if $early;
	$self->{present} = [@columns];
	$self->_insert_rows;
	if ($late)
	{
		my $default = chance(0.7) ? ' DEFAULT ' . literal($late, pick(@{ $late->{pool} })) : '';
		$self->apply("ALTER TABLE $base ADD COLUMN $late->{name} $late->{type}{decl}$default")
		  and push @columns, $late;
		$self->{present} = [@columns];
	}
	$self->{columns} = [@columns];
	$self->apply("ALTER TABLE $base DROP COLUMN $_") for @junk;
	$self->_add_primary if $primary && !$self->{primary};
	$self->_add_indexes unless $early;
	return 1;
}

sub _add_primary
{
	my ($self) = @_;
	my $deferrable = chance(0.1) ? ' DEFERRABLE' . (chance(0.5) ? ' INITIALLY DEFERRED' : '') : '';
	$self->{primary} = $self->apply("ALTER TABLE $self->{table} ADD PRIMARY KEY ($self->{id}{name})$deferrable");
}

sub _make_view
{
	my ($self) = @_;
	$self->{base} = 'base_table';
	$self->_make_table or return 0;
	my $with = pick('', '', ' WITH (security_barrier)', ' WITH (security_invoker)');
	$self->{columns} = [ shuffle(@{ $self->{columns} }) ];
	my $list = join ', ', map { $_->{name} } @{ $self->{columns} };
	my $where = pick('', '', " WHERE $self->{id}{name} % 3 <> 0", " WHERE $self->{id}{name} < 30");
	$self->{primary} = 0;
	return $self->apply("CREATE VIEW $self->{name}$with AS SELECT $list FROM $self->{base}$where");
}

sub _make_matview
{
	my ($self) = @_;
	$self->{base} = 'base_table';
	$self->_make_table or return 0;
	my $list = join ', ', map { $_->{name} } @{ $self->{columns} };
	$self->apply("CREATE MATERIALIZED VIEW $self->{name} AS SELECT $list FROM $self->{base}") or return 0;
	$self->{table}   = $self->{name};
	$self->{primary} = 0;
	$self->{indexes} = [];
	$self->_add_indexes;
	$self->_add_indexes;
	return 1;
}

sub _make_partitioned
{
	my ($self) = @_;
	my ($id, $key) = ($self->{id}, (grep { $_->{role} eq 'key' } @{ $self->{columns} })[0]);
	my $how = pick('hash id', 'range id', 'hash key', 'list key');
	my @list = $self->_column_list(@{ $self->{columns} });
	my $parent = $self->{kind} eq 'leaf' ? 'parent' : $self->{name};
	my $on = $how =~ /id/ ? $id->{name} : $key->{name};
	my ($method) = $how =~ /(\w+)/;
	$self->apply("CREATE TABLE $parent (" . join(', ', @list) . ") PARTITION BY $method ($on)") or return 0;
	my @bounds;
	if    ($method eq 'hash')  { @bounds = map { "WITH (MODULUS 2, REMAINDER $_)" } 0, 1; }
	elsif ($method eq 'range') { @bounds = ('FROM (MINVALUE) TO (20)', 'FROM (20) TO (35)', 'DEFAULT'); }
	else                       { @bounds = ('IN (' . quote($key->{pool}[0]) . ')', 'DEFAULT'); }
	for my $i (0 .. $#bounds)
	{
		my $leaf = $self->{kind} eq 'leaf' && $i == 0 ? $self->{name} : "leaf$i";
		$bounds[$i] = "FOR VALUES $bounds[$i]" unless $bounds[$i] eq 'DEFAULT';
		if (chance(0.4))
		{
			# a partition whose columns lie in another order
			$self->apply("CREATE TABLE $leaf (gone int, " . join(', ', reverse @list) . ')') or return 0;
			$self->apply("ALTER TABLE $leaf DROP COLUMN gone");
			$self->apply("ALTER TABLE $parent ATTACH PARTITION $leaf $bounds[$i]") or return 0;
		}
		else
		{
			$self->apply("CREATE TABLE $leaf PARTITION OF $parent $bounds[$i]") or return 0;
		}
	}
	$self->apply("ALTER TABLE $parent DROP COLUMN $_") for $self->_junk(@list);
	$self->{table}   = $parent;
	$self->{present} = $self->{columns};
	$self->_insert_rows;
	$self->_add_primary if chance(0.7) && $how =~ /id/;
	$self->{table} = $self->{name} if $self->{kind} eq 'leaf' && chance(0.5);
	$self->_add_indexes;
	$self->{table} = $parent;
	return 1;
}

sub _make_leaf { my ($self) = @_; return $self->_make_partitioned; }

sub _make_inherited
{
	my ($self) = @_;
	my ($parent, $child) = $self->{kind} eq 'child' ? ('parent', $self->{name}) : ($self->{name}, 'child');
	my @list = $self->_column_list(@{ $self->{columns} });
	$self->apply("CREATE TABLE $parent (" . join(', ', @list) . ')') or return 0;
	$self->apply("CREATE TABLE $child (extra int) INHERITS ($parent)") or return 0;
	$self->apply("ALTER TABLE $parent DROP COLUMN $_") for $self->_junk(@list);
	$self->apply("ALTER TABLE $child DROP COLUMN extra");
	$self->{present} = $self->{columns};
	for my $table ($parent, $child)
	{
		$self->{table} = $table;
		$self->_insert_rows;
		$self->_add_indexes;
	}
	$self->{table} = $self->{name};
	$self->_add_primary if chance(0.5);
	return 1;
}

sub _make_child { my ($self) = @_; return $self->_make_inherited; }

# --- data

sub _random_value
{
	my ($self, $column) = @_;
	return pick(1 .. 10000) if $column->{role} eq 'id';
	return undef if chance($column->{nulls});
	return shift @{ $column->{queue} } if $column->{queue};
	return pick(@{ $column->{pool} });
}

sub _insert_rows
{
	my ($self) = @_;
	return $self->_insert_many if $self->{big};
	$self->_insert_row for 1 .. $self->{rows};
}

sub _insert_row
{
	my ($self) = @_;
	my @columns = grep { $_->{role} ne 'generated' } @{ $self->{present} };
	my $id = ++$self->{last_id};
	my @values = map { $_->{role} eq 'id' ? $id : literal($_, $self->_random_value($_)) } @columns;
	return $self->apply("INSERT INTO $self->{table} (" . join(', ', map { $_->{name} } @columns) . ') VALUES ('
		  . join(', ', @values) . ')');
}

# thousands of rows in one statement
sub _insert_many
{
	my ($self) = @_;
	my @columns = grep { $_->{role} ne 'generated' } @{ $self->{present} };
	my $low = $self->{last_id} // 0;
	my @exprs;
	for my $column (@columns)
	{
		if ($column->{role} eq 'id') { push @exprs, 'zz_g'; next; }
		if (my $spread = $column->{spread})
		{
			push @exprs, "$spread->{low} + ((zz_g * 7919) % $spread->{n}) * $spread->{step}";
			next;
		}
		my @pool = @{ $column->{pool} };
		my ($prime, $modulus) = (pick(1, 7, 31, 101), scalar(@pool) + ($column->{nulls} ? 1 : 0));
		push @exprs, "CASE (zz_g * $prime / " . pick(1, 1, 3) . ") % $modulus "
		  . join(' ', map { "WHEN $_ THEN " . literal($column, $pool[$_]) } 0 .. $#pool) . ' END';
	}
	$self->apply("INSERT INTO $self->{table} (" . join(', ', map { $_->{name} } @columns) . ') SELECT ' . join(', ', @exprs)
		  . " FROM generate_series(" . ($low + 1) . ', ' . ($low + $self->{rows}) . ') zz_g');
	$self->{last_id} = $low + $self->{rows};
}

# --- rights

sub _apply_rights
{
	my ($self) = @_;
	my $name = $self->{name};
	$self->{role_ok} = 1;
	if (chance(0.06))
	{
		my @granted = some(between(1, 6), @{ $self->{columns} });
		$self->apply("GRANT SELECT (" . join(', ', map { $_->{name} } @granted) . ") ON $name TO " . ROLE);
	}
	elsif (chance(0.97)) { $self->apply("GRANT SELECT ON $name TO " . ROLE); }
	return if $self->{kind} =~ /view|temp/ || !chance(0.15);
	$self->apply("ALTER TABLE $name ENABLE ROW LEVEL SECURITY") or return;
	my $id = $self->{id}{name};
	$self->apply("CREATE POLICY p1 ON $name USING ("
		  . pick("$id % 2 = 0", "$id < 20", 'true', 'current_user <> session_user', "$id IN (SELECT generate_series(1, 30, 3))") . ')')
	  if chance(0.9);
	$self->apply("ALTER TABLE $name FORCE ROW LEVEL SECURITY") if chance(0.2);
	$self->{rls} = 1;
}

# --- what calls may ask for

# lists of columns that keys may be matched against
sub key_sets
{
	my ($self) = @_;
	my @keys = grep { $_->{role} eq 'key' } @{ $self->{columns} };
	my @sets = map { [$_] } @keys, $self->{id}, grep { $_->{role} eq 'generated' } @{ $self->{columns} };
	push @sets, [ some(2, @keys) ] if @keys > 1;
	push @sets, [ some(3, @keys) ] if @keys > 2;
	push @sets, [ some(2, $self->{id}, @keys) ];

	# mostly what an index serves: one or two of its leading columns
	@sets = () if @{ $self->{indexes} } && chance(0.4);
	for my $index (@{ $self->{indexes} })
	{
		my @leading = map { my $part = $_; grep { $_->{name} eq $part->[0] && $_->{pool} } @{ $self->{columns} } } @$index;
		push @sets, ([ $leading[0] ]) x 3 if @leading;
		push @sets, ([ shuffle(@leading[ 0, 1 ]) ]) x 2 if @leading > 1 && ($leading[1]{type}{order} // 1);
	}
	return @sets ? @sets : [ $self->{id} ];
}

1;
