package DlProp::Call;

# One random call: keys, options and verb, with the SQL of the call and of
# its oracle.  The oracle joins the keys to the relation with a plain "=" and
# says, for every candidate row, which key it belongs to, its rank in the
# order asked for (peers share one), and how it is written; Judge.pm does
# the rest.

use strict;
use warnings;
use utf8;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;
use DlProp::Keys;
use DlProp::Options;
our @ISA = ('DlProp::Keys', 'DlProp::Options');

my @VERBS = (load_one => 18, load_many => 18, load_rows => 24, load_one_json => 18, load_many_json => 22, load_count => 10);

sub new
{
	my ($class, $relation) = @_;
	my $self = bless { relation => $relation, verb => pick_weighted(@VERBS) }, $class;
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
	$self->{bigints} = 1 if $self->{json} && chance(0.1) && $relation->{kind} ne 'leaf';    # whose columns have an order of their own
	$self->{as_role} = $relation->{rls} ? chance(0.7) : chance(0.08);
	$self->{wrap}    = pick_weighted('' => 80, prepare => 8, star => 8);
	return $self->settle;
}

# an earlier call of this relation again, perhaps with other keys: what is
# kept of its request must still be right
sub again
{
	my ($class, $relation) = @_;
	my $self = bless { %{ pick(@{ $relation->{calls} }) } }, $class;
	$self->_choose_keys if chance(0.6);
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
	my $default = $from->{primary} && $self->{verb} !~ /many|count/ && @columns == 1 && $columns[0] == $key && chance(0.5);
	$self->{by} = join(pick(',', ', ', ' , '), map { $_->{name} } @columns) unless $default;
	$self->{link} = $through->{link}{name} if $through && (!$through->{foreign} || chance(0.3));
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
		push @tests, "$alias.$column->{name} = $key";
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
	$value{filter}   = quote(plain($self->{filter})) if defined $self->{filter};
	$value{order_by} = quote(plain(join ', ', @{ $self->{order} })) if $self->{order};
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
	return "PREPARE zz_call AS $sql;\nEXECUTE zz_call;\nDEALLOCATE zz_call" if $self->{wrap} eq 'prepare';
	return $sql;
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

# the filter with literals in the place of $1..
sub _filter_with_values
{
	my ($self) = @_;
	my $filter = $self->{filter} // return undef;
	$filter =~ s{("(?:[^"]|"")*"|'(?:[^']|'')*')|\$(\d+)}
		{ defined $2 ? quote($self->{args}[$2 - 1][1]) : $1 }gex;
	return qualified($filter);
}

sub _from
{
	my ($self) = @_;
	my $relation = $self->{relation};
	return "$relation->{name} zz_row" unless $self->{through};
	return "($self->{through}{name} through JOIN $relation->{name} zz_row ON through.$self->{through}{link}{name} = zz_row.$relation->{id}{name})";
}

# The oracle; its rows are (ord, rank, text as a JSON string).
sub oracle_sql
{
	my ($self) = @_;
	my $match  = $self->_match;
	my $filter = $self->_filter_with_values;
	my $on     = defined $filter ? "$match AND CASE WHEN $match THEN ($filter) ELSE false END" : $match;
	my $rank   = $self->{order} ? 'dense_rank() OVER (PARTITION BY zz_ord ORDER BY ' . qualified(join ', ', @{ $self->{order} }) . ')' : '1';
	my $text   = $self->{counts} ? 'NULL::text' : 'to_json(' . $self->_written . ')';
	return "SELECT zz_ord, $rank, $text FROM " . $self->_keys_relation . ' JOIN ' . $self->_from . " ON $on ORDER BY 1, 2";
}

# would the filter fail on a row that belongs to no key?
sub filter_everywhere_sql
{
	my ($self) = @_;
	return 'SELECT count(*) FROM ' . $self->_from . ' WHERE ' . ($self->_filter_with_values // 'true');
}

# settings of this call
sub before
{
	my ($self) = @_;
	my @before;
	push @before, 'SET dataloader.json_bigints = string' if $self->{bigints};
	push @before, 'SET ROLE ' . ROLE if $self->{as_role};
	return @before;
}

sub after
{
	my ($self) = @_;
	my @after;
	push @after, 'RESET ROLE' if $self->{as_role};
	push @after, 'RESET dataloader.json_bigints' if $self->{bigints};
	return @after;
}

1;
