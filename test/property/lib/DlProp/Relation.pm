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
use DlProp::Kinds;
use DlProp::Index;
use DlProp::Change;
use DlProp::Junction;
our @ISA = ('DlProp::Kinds', 'DlProp::Index', 'DlProp::Change');

my @COLUMN_NAMES = (
	'ord', 'item', 'items', 'keys', 'k', 't', 'key', 'first', 'value', 'rel', 'n', 'x', 'by', 'r', 'a',
	'Key Col', 'x"y', 'select', 'order', 'UPPER', 'ünï', "it's", 'y' x 63, 'b\\c', 'limit', 'p1', 'p2', 'p3',
	'relation', 'filter', '$1', 'c,d', 'm', 's', 'l', 'q');

my @KINDS = (plain => 54, unlogged => 3, temp => 5, matview => 4, view => 8, partitioned => 9, leaf => 4, inherited => 5,
	child => 3, foreign => 5);

# for a server that lacks postgres_fdw
sub without_kind
{
	my ($kind) = @_;
	my %weight = @KINDS;
	delete $weight{$kind};
	@KINDS = map { $_ => $weight{$_} } sort keys %weight;
	return;
}

sub new
{
	my ($class, $session) = @_;
	my $self = bless {
		session => $session, setup => [], indexes => [], calls => [], prepared => {}, names => 0,
		in_transaction => chance(0.2), kind => pick_weighted(@KINDS),
	}, $class;
	$self->{in_transaction} = 0 if $self->{kind} =~ /unlogged|foreign/;    # the other end would not see it
	$self->{name} = quote_name(pick('rel', 'rel', 'rel', 'Rel 1', 'item', "r'q", 'q.r'));
	$self->{rows} = pick_weighted(0 => 4, 1 => 3, between(2, 10) => 15, between(10, 60) => 60, between(60, 200) => 15,
		between(2000, 6000) => 4);
	$self->{big} = $self->{rows} >= 2000;
	$self->_choose_columns;
	$self->{long} = grep { $_->{type}{long} } @{ $self->{columns} };
	$self->_bound_rows;
	return $self;
}

# a name that no other object of this relation has
sub fresh_name { my ($self, $prefix) = @_; return $prefix . ++$self->{names}; }

sub _choose_columns
{
	my ($self) = @_;
	my @names = shuffle(@COLUMN_NAMES);
	my $unique = chance(0.25);
	my @columns;
	for my $i (1 .. between(1, chance(0.1) ? 4 : 3))
	{
		my ($type, $spread) = $self->_key_type;
		my @pool = some($spread ? 400 : between(2, 8), @{ $type->{values} });
		@pool = @{ $type->{values} } if $unique && $i == 1;
		push @columns, { role => 'key', type => $type, pool => \@pool, nulls => chance(0.6) ? 0.12 : 0,
			unique => $unique && $i == 1, spread => $spread };
	}
	push @columns, $self->_payload_column for 1 .. between(0, 4);
	my $integer = pick('int4', 'int4', 'int8');
	my ($id_type) = grep { $_->{integer} && $_->{base} eq $integer } key_types();
	push @columns, { role => 'id', type => integer_range($id_type, 1, 40, 1), nulls => 0, raw => chance(0.7) ? 'id' : undef };
	push @columns, $self->_generated_column($id_type) if chance(0.15);
	for my $column (@columns)
	{
		$column->{pool} //= $column->{type}{values};
		$column->{raw} //= shift @names;
		$column->{name} = quote_name($column->{raw});
	}
	$self->{columns}     = [ shuffle(@columns) ];
	$self->{spare_names} = \@names;
	($self->{id}) = grep { $_->{role} eq 'id' } @columns;
	return;
}

# the type of a key column, and how the keys of many rows spread
sub _key_type
{
	my ($self) = @_;
	my $type = pick(grep { !$self->{big} || !$_->{long} } key_types());
	my $spread;
	if ($type->{integer} && chance(0.6))
	{
		$type = integer_range($type, pick(0, 0, 1, -5, 1000), between(3, 40), pick(1, 1, 1, 2, 17, 300));
	}
	if ($self->{big} && $type->{integer} && chance(0.6))
	{
		# many keys of a few rows each, near to each other or not
		$spread = { low => pick(0, -1000), n => pick(300, 1000, 5000), step => pick(1, 1, 2, 13, 1000) };
		$spread->{step} = 1 if $type->{base} eq 'int2';
		$type = integer_range($type, @$spread{qw(low n step)});
	}
	return ($self->_maybe_domain($type), $spread);
}

sub _maybe_domain
{
	my ($self, $type) = @_;
	return $type if $type->{domain} || !chance(0.12);
	my $name  = $self->fresh_name('zz_d');
	my $check = pick('', '', ' CHECK (VALUE IS NOT NULL OR true)');
	push @{ $self->{domains} }, "CREATE DOMAIN $name AS $type->{decl}$check";
	return domain_over($type, $name);
}

sub _payload_column
{
	my ($self) = @_;
	my $type = $self->_maybe_domain(pick(grep { !$self->{big} || !$_->{long} } payload_types()));
	return { role => 'payload', type => $type, pool => [ some(between(1, 6), @{ $type->{values} }) ], nulls => chance(0.5) ? 0.2 : 0 };
}

# computed from the id: a number, or text
sub _generated_column
{
	my ($self, $integer) = @_;
	return { role => 'generated', type => integer_range($integer, 0, 5, 1), nulls => 0, expression => '(%s %% 5)' } if chance(0.6);
	my ($text) = grep { $_->{decl} eq 'text' } key_types();
	return { role => 'generated', type => $text, nulls => 0, expression => q{chr((97 + %s %% 3)::int)}, pool => [qw(a b c A d)] };
}

# A unique column cannot have more rows than values; and results of some
# hundred kB are enough.
sub _bound_rows
{
	my ($self) = @_;
	$self->{rows} = 30 if $self->{long} && $self->{rows} > 30;
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
	return 0 if $result->{error};
	$self->accept($statement);
	return 1;
}

sub accept
{
	my ($self, $statement) = @_;
	push @{ $self->{setup} }, $statement;
	$self->remember($statement);
	return;
}

# the whole history, calls included, for failures that need it
sub remember { my ($self, @statements) = @_; push @{ $self->{log} }, @statements; return; }

# Makes the relation; false when the server refused something essential.
sub build
{
	my ($self) = @_;
	$self->apply('BEGIN') if $self->{in_transaction};
	$self->apply($_)
	  for 'CREATE SCHEMA ' . SCHEMA, 'SET search_path = ' . SCHEMA . ', public', 'GRANT USAGE ON SCHEMA ' . SCHEMA . ' TO PUBLIC',
	  type_setup(), @{ $self->{domains} || [] }, $self->_settings;
	my $maker = "_make_" . ($self->can("_make_$self->{kind}") ? $self->{kind} : 'table');
	$self->$maker or return 0;
	delete $_->{queue} for @{ $self->{columns} };
	$self->_apply_rights;
	$self->{junction} = DlProp::Junction->new($self) if !$self->{big} && chance(0.4);
	$self->mutate for 1 .. between(0, 3);
	return 1;
}

# removes everything that build() made
sub drop
{
	my ($self) = @_;
	$self->{session}{kept} = {};
	$self->{session}->run($self->{in_transaction} ? 'ROLLBACK' : 'SELECT 1', 'RESET ROLE', 'RESET ALL', 'DEALLOCATE ALL', 'DISCARD TEMP',
		'SET synchronous_commit = off', 'DROP SCHEMA IF EXISTS ' . SCHEMA . ' CASCADE');
	return;
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
	push @settings, 'SET ' . pick('enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_nestloop', 'enable_sort',
		'enable_indexonlyscan') . ' = off' if chance(0.25);
	push @settings, 'SET plan_cache_mode = ' . pick('force_generic_plan', 'force_custom_plan') if chance(0.2);
	push @settings, 'SET effective_io_concurrency = 0' if chance(0.05);
	push @settings, map { "SET $_ = on" } 'force_parallel_mode', 'debug_parallel_query' if chance(0.02);    # of old and new servers
	push @settings, 'SET CONSTRAINTS ALL DEFERRED' if $self->{in_transaction} && chance(0.5);
	return @settings;
}

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
	return;
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
	return;
}

# --- rights

sub _apply_rights
{
	my ($self) = @_;
	my @names = ($self->{name}, $self->{oracle} // ());
	my $columns = '';
	if (chance(0.06)) { $columns = ' (' . join(', ', map { $_->{name} } some(between(1, 6), @{ $self->{columns} })) . ')'; }
	if ($columns || chance(0.97))
	{
		$self->apply("GRANT SELECT$columns ON $_ TO " . join(', ', ROLE, BYPASS)) for @names;
	}
	$self->{owned} = $self->apply("ALTER TABLE $self->{name} OWNER TO " . OWNER) if $self->{kind} !~ /view|foreign/ && chance(0.1);
	$self->apply("GRANT SELECT ON $self->{base} TO " . ROLE) if $self->{kind} eq 'view' && chance(0.5);
	return $self->_protect($self->{name}) if $self->{kind} !~ /view|temp|foreign/ && chance(0.15);
	return $self->_protect($self->{base}) if $self->{kind} eq 'view' && chance(0.2);
	return;
}

# row-level security
sub _protect
{
	my ($self, $table) = @_;
	$self->apply("ALTER TABLE $table ENABLE ROW LEVEL SECURITY") or return;
	my $id = $self->{id}{name};
	my $policy = sub {
		$self->apply('CREATE POLICY ' . $self->fresh_name('zz_p') . " ON $table" . pick('', '', ' AS RESTRICTIVE') . ' FOR SELECT TO '
			  . pick('PUBLIC', ROLE, join ', ', all_roles()) . ' USING ('
			  . pick("$id % 2 = 0", "$id < 20", 'true', 'current_user <> session_user', "$id IN (SELECT generate_series(1, 30, 3))",
				"zz_odd($id)", "current_setting('zz.none', true) IS NULL") . ')');
	};
	$policy->() for 1 .. pick(0, 1, 1, 1, 2);
	$self->apply("ALTER TABLE $table FORCE ROW LEVEL SECURITY") if chance(0.2);
	$self->{rls} = 1;
	return;
}

# --- what calls may ask for

sub primary_columns { my ($self) = @_; return $self->{primary} ? [ $self->{id} ] : undef; }

# lists of columns that keys may be matched against
sub key_sets
{
	my ($self) = @_;
	my @keys = grep { $_->{role} eq 'key' } @{ $self->{columns} };
	my @sets = map { [$_] } @keys, $self->{id}, grep { $_->{role} eq 'generated' } @{ $self->{columns} };
	push @sets, map { [ some($_, @keys) ] } 2 .. @keys;
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
