package DlProp::Call;

# One random call: keys, options and verb, with the SQL of the call and of
# its oracle.  The oracle joins the keys to the relation with a plain "=" and
# says, for every candidate row, which key it belongs to, its rank in the
# order asked for (peers share one), and how it is written; Judge.pm compares.

use strict;
use warnings;
use utf8;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;
use DlProp::Keys;
use DlProp::Options;
use DlProp::Judge;
our @ISA = ('DlProp::Keys', 'DlProp::Options');

my @VERBS = (load_one => 18, load_many => 18, load_rows => 24, load_one_json => 18, load_many_json => 22, load_count => 10);

sub new
{
	my ($class, $relation) = @_;
	my $self = bless { relation => $relation, verb => pick_weighted(@VERBS), args => [] }, $class;
	$self->{to_one}  = $self->{verb} =~ /one/;
	$self->{json}    = $self->{verb} =~ /json/;
	$self->{counts}  = $self->{verb} eq 'load_count';
	$self->{through} = $relation->{junction} if chance(0.4);
	$self->_choose_by;
	$self->_choose_keys;
	$self->_choose_filter if chance(0.4);
	$self->_choose_order  if chance(0.65) && !$self->{counts};
	if ($self->{counts}) { $self->{at_most} = pick(0, 1, 2, 3, 10, 2147483647) if chance(0.4); }
	elsif (!$self->{to_one})
	{
		$self->{first} = pick(0, 1, 1, 2, 2, 3, 5, 10, 100, 2147483647) if chance(0.4);
		$self->{skip}  = pick(0, 1, 1, 2, 3, 7, 2147483647) if chance(0.2);
	}
	$self->{columns} = $self->_projection if $self->{json} && chance(0.4);
	$self->_choose_settings;
	$self->{wrap} = pick_weighted('' => 72, prepare => 6, star => 6, cursor => 5, function => 5, $self->{json} ? (kept => 10) : ());
	return $self->settle;
}

# who calls, and under which settings
sub _choose_settings
{
	my ($self) = @_;
	my $relation = $self->{relation};
	$self->{prefixed} = chance(0.15);
	$self->{bigints} = 1 if $self->{json} && chance(0.1) && $relation->{kind} ne 'leaf';    # whose columns have an order of their own
	if (chance($relation->{rls} ? 0.7 : $relation->{owned} ? 0.3 : 0.08))
	{
		$self->{role} = pick_weighted(ROLE, 60, BYPASS, 15, $relation->{owned} ? (OWNER, 40) : ());
	}
	$self->{row_security_off} = 1 if $self->{role} && chance(0.08);
	$self->{require_index} = 1 if chance(0.03);
	return;
}

# an earlier call of this relation again, perhaps with other keys: what is
# kept of its request must still be right
sub again
{
	my ($class, $relation) = @_;
	my $self = bless { %{ pick(@{ $relation->{calls} }) } }, $class;
	$self->_choose_keys if chance(0.6);
	$self->{role} = undef if chance(0.2);
	return $self->settle;
}

# what follows from the options; again after some were taken away
sub settle
{
	my ($self) = @_;
	$self->{total} = $self->_total_order;
	return $self;
}

# the columns that keys are matched against: of the relation, or its junction
sub _choose_by
{
	my ($self) = @_;
	my ($relation, $through) = @$self{qw(relation through)};
	my $from = $through // $relation;
	my $key  = $through ? $through->{key} : $relation->{id};
	my @sets = $from->key_sets;
	@sets = ([$key], @sets) if $self->{to_one} && chance(0.5);
	@sets = ([$key]) if $self->{to_one} && chance(0.3);
	my @columns = @{ pick(@sets) };
	$self->{by_columns} = \@columns;
	my $primary = $from->primary_columns;
	my $default = $primary && "@$primary" eq "@columns" && $self->{verb} !~ /many|count|connection/ && chance(0.5);
	$self->{by} = join(pick(',', ', ', ' , '), map { $_->{name} } @columns) unless $default;
	$self->{link} = $through->link_text if $through && (!$through->{foreign} || chance(0.3));
	return;
}

# some columns in some order; sometimes those that an index may hold alone
sub _projection
{
	my ($self) = @_;
	my $relation = $self->{relation};
	return [ shuffle(@{ $self->{by_columns} }) ] if !$self->{through} && chance(0.3);
	return [ some(between(1, 5), @{ $relation->{columns} }) ];
}

# --- statements

sub _match
{
	my ($self) = @_;
	my @tests;
	my $n = 0;
	my $alias = $self->{through} ? 'through' : 'zz_row';
	for my $column (@{ $self->{by_columns} })
	{
		my ($type, $key) = ($column->{type}, 'zz_k' . ++$n);
		$key = "$key\::$type->{cast_key}" if $type->{cast_key};
		# hash joins of name with a nondeterministic collation find nothing
		$key = "$key\::text" if $self->{key_types}[ $n - 1 ] eq 'name' && $type->{nondeterministic};
		$key = "$key COLLATE $type->{collate}" if $type->{collate};
		# "=" of enums does not look through domains
		my $cast = $type->{enum} ? "::$type->{base}" : '';
		push @tests, "$alias.$column->{name}$cast = $key$cast";
	}
	return join ' AND ', @tests;
}

sub _options
{
	my ($self, @names) = @_;
	my %value;
	$value{by}       = quote($self->{by}) if defined $self->{by};
	$value{through}  = quote($self->{through}{name}) if $self->{through};
	$value{link}     = quote($self->{link}) if defined $self->{link};
	$value{at_most}  = $self->{at_most} if defined $self->{at_most};
	$value{filter}   = quote($self->plain($self->{filter})) if defined $self->{filter};
	$value{order_by} = quote($self->plain(join ', ', @{ $self->{order} })) if $self->{order};
	$value{first}    = $self->{first} if defined $self->{first};
	$value{skip}     = $self->{skip} if defined $self->{skip};
	$value{args}     = quote('[' . join(',', map { $_->[0] } @{ $self->{args} }) . ']') if @{ $self->{args} || [] };
	$value{columns}  = 'ARRAY[' . join(', ', map { quote($_->{raw}) } @{ $self->{columns} }) . ']' if $self->{columns};
	return map { ", $_ => $value{$_}" } grep { defined $value{$_} } @names;
}

sub _relation_argument
{
	my ($self) = @_;
	my $name = $self->{relation}{name};
	return $self->{json} || $self->{counts} ? quote($name) . '::regclass' : "NULL::$name";
}

sub function_sql
{
	my ($self) = @_;
	return "dataloader.$self->{verb}(" . $self->_relation_argument . ', ' . $self->keys_sql
	  . join('', $self->_options(qw(by through link filter args order_by first skip at_most columns))) . ')';
}

# The call; its rows are (ord, position, text as a JSON string).
sub call_sql
{
	my ($self) = @_;
	my ($function, $verb, $sql) = ($self->function_sql, $self->{verb});
	if ($self->{json}) { $sql = "SELECT 0, 0, to_json(($function)::text)"; }
	elsif ($self->{counts}) { $sql = "SELECT ord, 1, to_json(c::text) FROM unnest($function) WITH ORDINALITY u(c, ord)"; }
	elsif ($verb eq 'load_many')
	{
		$sql = "SELECT m.ord, u.i, CASE WHEN m.items IS NULL THEN '\"null array\"' ELSE to_json(zz_x::text) END FROM $function m "
		  . 'LEFT JOIN LATERAL (SELECT row_number() OVER () AS i, zz_x FROM unnest(m.items) zz_x) u ON true';
	}
	elsif ($verb eq 'load_rows' && $self->{wrap} eq 'star')
	{
		$sql = "SELECT ord, 1, to_json(ROW((item).*)::text) FROM $function";
	}
	else { $sql = "SELECT ord, 1, to_json(item::text) FROM $function"; }
	return $self->_wrapped($sql);
}

# the same query in other ways to run one
sub _wrapped
{
	my ($self, $sql) = @_;
	my $wrap = $self->{wrap};
	return "PREPARE zz_call AS $sql;\nEXECUTE zz_call;\nDEALLOCATE zz_call" if $wrap eq 'prepare';
	if ($wrap eq 'cursor')
	{
		my $hold = $self->{relation}{in_transaction} ? '' : 'WITH HOLD ';
		return "DECLARE zz_cursor CURSOR ${hold}FOR $sql;\nFETCH 1 FROM zz_cursor;\nFETCH ALL FROM zz_cursor;\nCLOSE zz_cursor";
	}
	return $sql unless $wrap eq 'function';
	return 'CREATE FUNCTION pg_temp.zz_function(OUT zz_a int8, OUT zz_b int8, OUT zz_c json) RETURNS SETOF record LANGUAGE plpgsql '
	  . "STABLE AS \$zz\$ BEGIN RETURN QUERY SELECT zz_x::int8, zz_y::int8, zz_z FROM ($sql) zz_r(zz_x, zz_y, zz_z); END \$zz\$;\n"
	  . "SELECT * FROM pg_temp.zz_function();\nDROP FUNCTION pg_temp.zz_function";
}

sub explain_sql
{
	my ($self) = @_;
	local $self->{columns} = $self->{columns};    # explain has no form for counts
	$self->{columns} = $self->{through} ? [ $self->{relation}{id} ] : $self->{by_columns} if $self->{counts};
	return 'SELECT e FROM dataloader.explain(' . quote($self->{relation}{name}) . '::regclass, ' . $self->keys_sql
	  . join('', $self->_options(qw(by through link filter args order_by first skip columns))) . ') e';
}

sub _written
{
	my ($self) = @_;
	return 'zz_row::text' unless $self->{json};
	return 'row_to_json(zz_row)::text' unless $self->{columns} || $self->{bigints};
	my @list;
	for my $column (@{ $self->{columns} || $self->{relation}{columns} })
	{
		my $sql = "zz_row.$column->{name}";
		$sql .= "::text AS $column->{name}" if $self->{bigints} && ($column->{type}{base} =~ /^(?:int8|numeric)$/);
		push @list, $sql;
	}
	return 'row_to_json((SELECT zz_o FROM (SELECT ' . join(', ', @list) . ') zz_o))::text';
}

# an expression with literals in the place of $1..
sub _with_values
{
	my ($self, $text) = @_;
	$text =~ s{("(?:[^"]|"")*"|'(?:[^']|'')*')|\$(\d+)}
		{ defined $2 ? quote($self->{args}[$2 - 1][1]) : $1 }gex;
	return qualified($text);
}

sub _on
{
	my ($self) = @_;
	my $match = $self->_match;
	return defined $self->{filter} ? "$match AND CASE WHEN $match THEN (" . $self->_with_values($self->{filter}) . ') ELSE false END' : $match;
}

sub _rank
{
	my ($self) = @_;
	return '1' unless $self->{order};
	return 'dense_rank() OVER (PARTITION BY zz_ord ORDER BY ' . $self->_with_values(join ', ', @{ $self->{order} }) . ')';
}

sub _from
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my $name = $relation->{oracle} // $relation->{name};
	my $through = $self->{through} or return "$name zz_row";
	return '(' . ($through->{oracle} // $through->{name}) . " through JOIN $name zz_row ON "
	  . join(' AND ', map { "through.$_->[0]{name} = zz_row.$_->[1]{name}" } @{ $through->{links} }) . ')';
}

# The oracle; its rows are (ord, rank, text as a JSON string).
sub oracle_sql
{
	my ($self) = @_;
	my $text = $self->{counts} ? 'NULL::text' : 'to_json(' . $self->_written . ')';
	return "SELECT zz_ord, " . $self->_rank . ", $text FROM " . $self->_keys_relation . ' JOIN ' . $self->_from . ' ON ' . $self->_on
	  . ' ORDER BY 1, 2';
}

# Would the filter, or a part of it, fail on a row that belongs to no key?  A
# plan may evaluate it for rows of a view's table before the view leaves them out.
sub filter_everywhere_sql
{
	my ($self) = @_;
	my @parts = defined $self->{filter} ? @{ $self->{filter_parts} } : ();
	my $relation = $self->{relation};
	my $rows = $relation->{kind} eq 'view' ? $relation->{base} : $relation->{name};
	my $from = "$rows zz_row" . ($self->{through} ? " LEFT JOIN $self->{through}{name} through ON true" : '');
	return 'SELECT ' . join(', ', 'count(*)', map { 'count((' . $self->_with_values($_) . '))' } @parts) . " FROM $from";
}

# settings of this call
sub before
{
	my ($self) = @_;
	my @before;
	push @before, 'SET dataloader.json_bigints = string' if $self->{bigints};
	push @before, 'SET dataloader.require_index = on' if $self->{require_index};
	push @before, 'SET row_security = off' if $self->{row_security_off};
	push @before, "SET ROLE $self->{role}" if $self->{role};
	return @before;
}

sub after
{
	my ($self) = @_;
	return map { /^SET (\S+)/ ? 'RESET ' . lc($1) : () } reverse $self->before;
}

# --- checks

# Runs the call on both paths, and its oracle; returns what was found:
# complaint (if any), path, log (all statements), script (those that show the
# complaint), and for the summary raised, rows and reason.
sub check
{
	my ($self, $session) = @_;
	my @before = ($self->before, 'SET enable_indexscan = off', 'SET enable_bitmapscan = off');
	my $call   = $self->_call_once($session);
	my @loads  = ($self->explain_sql, 'SET dataloader.direct_scan = on', $call, 'SET dataloader.direct_scan = off', $call,
		'SET dataloader.direct_scan = on', $self->after);
	my @results = $session->run(@before, $self->oracle_sql, 'RESET enable_indexscan', 'RESET enable_bitmapscan', @loads);
	my ($oracle, undef, undef, $explain, undef, $on, undef, $off) = splice @results, scalar @before;
	my %found = (log => [ @before, @loads ], raised => $oracle->{error}, rows => scalar @{ $oracle->{rows} });
	@found{qw(path reason)} = _path_of($explain);

	my $filter_fails = sub {
		# which the role may not be allowed to read by itself
		my @set = grep { $self->{relation}{kind} ne 'view' || !/^SET ROLE/ } $self->before;
		return ($session->run(@set, $self->filter_everywhere_sql, $self->after))[ scalar @set ]{error};
	};
	for ([ on => $on, $found{path} eq 'direct' ], [ off => $off, 0 ])
	{
		my ($direct_scan, $result, $direct) = @$_;
		my $complaint = judge($self, $oracle, $result, $direct, $filter_fails) // next;
		return { %found, complaint => "direct_scan = $direct_scan: $complaint",
			script => [ $self->before, "SET dataloader.direct_scan = $direct_scan", $self->call_sql, 'RESET dataloader.direct_scan',
				'-- expected (position of the key, rank in the order, row):', $self->oracle_sql, $self->after ] };
	}

	# a load without an array of keys does not look at args, explain does
	return { %found, complaint => "explain fails with $explain->{error}: $explain->{message}",
		script => [ $self->before, $self->explain_sql, $self->after ] }
	  if $explain->{error} && !$on->{error} && !$self->{null_keys};
	return \%found;
}

# A kept statement is prepared once in a session, and executed again whatever
# happened to the relation since.
sub _call_once
{
	my ($self, $session) = @_;
	my $sql = $self->call_sql;
	return $sql unless $self->{wrap} eq 'kept';
	my $name = $session->{kept}{$sql};
	return "EXECUTE $name" if $name;
	$name = $session->{kept}{$sql} = 'zz_kept_' . ++$session->{names};
	my ($prepared) = $session->run("PREPARE $name AS $sql");
	return "EXECUTE $name" unless $prepared->{error};
	delete $session->{kept}{$sql};
	return $sql;
}

sub _path_of
{
	my ($explain) = @_;
	return 'error' if $explain->{error};
	my @lines = map { $_->[0] } @{ $explain->{rows} };
	return 'direct' if ($lines[0] // '') eq 'path: direct';
	my ($why) = grep { /^reason/ } @lines;
	return ('plan', ($why // $lines[0]) =~ s/"[^"]*"/""/gr);
}

# Changes that make the call ask for less; a failure is looked for with each.
sub reductions
{
	my ($self) = @_;
	return map { +{ $_ => undef } } qw(filter order first skip at_most columns bigints require_index row_security_off role prefixed wrap);
}

# what a lost connection is reported by
sub crash_script { my ($self) = @_; return ($self->before, $self->call_sql, 'SET dataloader.direct_scan = off', $self->call_sql); }

sub with
{
	my ($self, %change) = @_;
	$change{wrap} = '' if exists $change{wrap};
	my $call = bless { %$self, %change }, ref $self;
	$call->{args} = [] unless grep { /\$\d/ } $call->{filter} // '', @{ $call->{order} || [] };
	return $call->settle;
}

1;
