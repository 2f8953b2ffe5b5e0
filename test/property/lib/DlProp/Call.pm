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
use DlProp::Relation;

my @VERBS = (load_one => 18, load_many => 18, load_rows => 24, load_one_json => 18, load_many_json => 22);

sub quote { return DlProp::Relation::quote($_[0]); }

sub new
{
	my ($class, $relation) = @_;
	my $self = bless { relation => $relation, verb => pick_weighted(@VERBS) }, $class;
	$self->{to_one} = $self->{verb} =~ /one/;
	$self->{json}   = $self->{verb} =~ /json/;
	$self->_choose_by;
	$self->_choose_keys;
	$self->_choose_filter if chance(0.4);
	$self->_choose_order  if chance(0.65);
	if (!$self->{to_one})
	{
		$self->{first} = pick(0, 1, 1, 2, 2, 3, 5, 10, 100, 2147483647) if chance(0.4);
		$self->{skip}  = pick(0, 1, 1, 2, 3, 7, 2147483647) if chance(0.2);
	}
	$self->{columns} = [ some(between(1, 5), @{ $relation->{columns} }) ] if $self->{json} && chance(0.4);
	$self->{bigints} = 1 if $self->{json} && chance(0.1) && $relation->{kind} ne 'leaf';    # whose columns have an order of their own
	$self->{as_role} = $relation->{rls} ? chance(0.7) : chance(0.08);
	$self->{wrap}    = pick_weighted('' => 80, prepare => 8, star => 8);
	return $self->settle;
}

# what follows from the options; again after some were taken away
sub settle
{
	my ($self) = @_;
	$self->{total} = $self->_total_order;
	return $self;
}

sub _choose_by
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my @sets = $relation->key_sets;
	@sets = ([ $relation->{id} ], @sets) if $self->{to_one} && chance(0.5);
	@sets = ([ $relation->{id} ]) if $self->{to_one} && chance(0.3);
	my @columns = @{ pick(@sets) };
	$self->{by_columns} = \@columns;
	my $default = $relation->{primary} && $self->{verb} !~ /many/ && @columns == 1 && $columns[0]{role} eq 'id' && chance(0.5);
	$self->{by} = join(pick(',', ', ', ' , '), map { $_->{name} } @columns) unless $default;
}

# --- keys

sub _choose_keys
{
	my ($self) = @_;
	my @columns = @{ $self->{by_columns} };
	my @forms = @columns > 1 ? qw(rows rows json) : qw(array array array text json rows);
	@forms = qw(rows json) if grep { $_->{type}{row_only} } @columns;
	$self->{form}  = pick(@forms);
	$self->{width} = @columns;
	my @pools;
	for my $column (@columns)
	{
		my $type = $column->{type};
		my ($key_type, $pool, $also) = $self->{form} =~ /array|rows/ ? @{ pick(@{ $type->{keys} }) } : ($type->{base});
		my @pool = $pool ? @$pool : (@{ $column->{pool} }, @{ $column->{pool} }, @{ $type->{absent} });
		@pool = ('"x"', '1.0', '1.00', '2', 'true') if $type->{base} eq 'jsonb' && $self->{form} eq 'json';
		@pool = @{ $type->{values} } if $also || ($type->{integer} && !$pool && chance(0.5));
		push @pool, '-5000' if $self->{form} =~ /text|json/ && $type->{base} eq 'int4' && chance(0.2);
		push @pool, pick('zzz', '5000000000000000000000') if $self->{form} =~ /text|json/ && chance(0.02);
		push @{ $self->{key_types} }, $key_type;
		push @pools, \@pool;
	}
	my $big = $self->{relation}{big};
	my $n = pick_weighted(0 => 3, 1 => 6, between(2, 10) => 55, between(10, 60) => 25, between(200, 1500) => $big ? 15 : 1);
	my ($key_nulls, $field_nulls) = (chance(0.4) ? 0.15 : 0, chance(0.2) ? 0.1 : 0);
	my @keys;
	for (1 .. $n)
	{
		push @keys, chance($key_nulls) ? undef : [ map { chance($field_nulls) ? undef : pick(@$_) } @pools ];
	}
	@keys = sort { ($a->[0] // '') cmp ($b->[0] // '') } grep { defined } @keys if chance(0.15);
	$self->{keys}      = \@keys;
	$self->{null_keys} = chance(0.015);
	$self->{keys}      = [] if $self->{null_keys};
	$self->{shape}     = pick_weighted(plain => 80, bounds => 10, deep => 10);
	$self->{style}     = pick('literal', 'constructor');
	$self->_choose_row_type if $self->{form} eq 'rows';
}

# a named composite type for some of the row keys
sub _choose_row_type
{
	my ($self) = @_;
	return unless chance(0.3);
	my $relation = $self->{relation};
	my $name = 'kt' . ++$relation->{types};
	my $n = 0;
	$relation->apply("CREATE TYPE $name AS (" . join(', ', map { 'f' . ++$n . " $_" } @{ $self->{key_types} }) . ')')
	  and $self->{row_type} = $name;
}

sub _array_element
{
	my ($text) = @_;
	return 'NULL' unless defined $text;
	$text =~ s/(["\\])/\\$1/g;
	return qq("$text");
}

sub _json_string
{
	my ($text) = @_;
	$text =~ s/(["\\])/\\$1/g;
	$text =~ s/\n/\\n/g;
	$text =~ s/\t/\\t/g;
	return qq("$text");
}

sub _array_literal
{
	my ($self) = @_;
	my @elements = map { _array_element($_ && $_->[0]) } @{ $self->{keys} };
	my $n = @elements;
	if ($n && $self->{shape} eq 'bounds') { return '[-1:' . ($n - 2) . ']={' . join(',', @elements) . '}'; }
	if ($n >= 4 && $n % 2 == 0 && $self->{shape} eq 'deep')
	{
		return '{{' . join(',', @elements[ 0 .. $n / 2 - 1 ]) . '},{' . join(',', @elements[ $n / 2 .. $n - 1 ]) . '}}';
	}
	return '{' . join(',', @elements) . '}';
}

sub _json_value
{
	my ($column, $value) = @_;
	return 'null' unless defined $value;
	return $value if $column->{type}{base} eq 'jsonb';
	return $value if $column->{type}{number} && $value =~ /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/ && length($value) % 5;
	return $value eq 't' ? 'true' : 'false' if $column->{type}{boolean};
	return _json_string($value);
}

sub _json_keys
{
	my ($self) = @_;
	my @columns = @{ $self->{by_columns} };
	my $nested  = @columns > 1 || $columns[0]{type}{row_only};
	my @items;
	for my $key (@{ $self->{keys} })
	{
		if (!$key) { push @items, 'null'; next; }
		my $text = join ',', map { _json_value($columns[$_], $key->[$_]) } 0 .. $#columns;
		push @items, $nested ? "[$text]" : $text;
	}
	my $space = $self->{shape} eq 'plain' ? '' : ' ';
	return "$space\[" . join(",$space", @items) . ']';
}

# the argument "keys"
sub keys_sql
{
	my ($self) = @_;
	my @types = @{ $self->{key_types} };
	if ($self->{form} eq 'rows')
	{
		my $array = $self->{row_type} // 'record';
		return "NULL::$array\[]" if $self->{null_keys};
		my @rows = map { $_ ? $self->_row_sql($_) : 'NULL' } @{ $self->{keys} };
		return 'ARRAY[' . join(', ', @rows) . "]::$array\[]";
	}
	if ($self->{form} eq 'array')
	{
		return "NULL::$types[0]\[]" if $self->{null_keys};
		return quote($self->_array_literal) . "::$types[0]\[]" if $self->{style} eq 'literal' || $self->{shape} ne 'plain';
		return 'ARRAY[' . join(', ', map { quote($_ && $_->[0]) } @{ $self->{keys} }) . "]::$types[0]\[]";
	}
	return 'NULL::text' if $self->{null_keys};
	my $text = quote($self->{form} eq 'json' ? $self->_json_keys : $self->_array_literal);
	return $self->{style} eq 'literal' ? $text : "$text\::text";
}

sub _row_sql
{
	my ($self, $key) = @_;
	my @types = @{ $self->{key_types} };
	my $row = 'ROW(' . join(', ', map { quote($key->[$_]) . "::$types[$_]" } 0 .. $#types) . ')';
	return $self->{row_type} ? "$row\::$self->{row_type}" : $row;
}

# the keys as a relation (zz_ord, zz_k1, ..) for the oracle
sub _keys_relation
{
	my ($self) = @_;
	my @types = map { $self->{key_types}[$_] } 0 .. $self->{width} - 1;
	my @rows;
	my $ord = 0;
	for my $key (@{ $self->{keys} })
	{
		$ord++;
		push @rows, "($ord, " . join(', ', map { quote($key && $key->[$_]) . "::$types[$_]" } 0 .. $#types) . ')';
	}
	my $names = join ', ', 'zz_ord', map { "zz_k$_" } 1 .. $self->{width};
	return "(VALUES " . join(', ', @rows) . ") zz_keys($names)" if @rows;
	return "(SELECT 1, " . join(', ', map { "NULL::$_" } @types) . " WHERE false) zz_keys($names)";
}

sub _match
{
	my ($self) = @_;
	my @tests;
	my $n = 0;
	for my $column (@{ $self->{by_columns} })
	{
		my ($type, $key) = ($column->{type}, 'zz_k' . ++$n);
		$key = "$key\::$type->{cast_key}" if $type->{cast_key};
		# hash joins of name with a nondeterministic collation find nothing
		$key = "$key\::text" if $self->{key_types}[ $n - 1 ] eq 'name' && $type->{nondeterministic};
		$key = "$key COLLATE $type->{collate}" if $type->{collate};
		push @tests, "zz_row.$column->{name} = $key";
	}
	return join ' AND ', @tests;
}

# --- options

sub _operand
{
	my ($self, $column, $value) = @_;
	my $type = $column->{type};
	undef $value if $type->{base} eq 'jsonb' && $value eq 'null';    # a JSON null is an SQL null
	return quote($value) . "::$type->{base}" if chance(0.5) && $type->{base} !~ /^(?:citext|bpchar|name|varchar)$/;
	my $json = defined $value ? _json_value($column, $value) : 'null';
	push @{ $self->{args} }, [ $json, $value ];
	return '$' . @{ $self->{args} };
}

sub _choose_filter
{
	my ($self) = @_;
	$self->{args} = [];
	my $filter = $self->_condition;
	$filter = pick("$filter AND ", "$filter OR ", "NOT ($filter) AND ") . $self->_condition if chance(0.35);
	$self->{filter} = $filter;
}

sub _condition
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my @columns = grep { ($_->{type}{order} // 1) } @{ $relation->{columns} };
	my $column = pick(@columns);
	my ($name, $type, $id) = ($column->{name}, $column->{type}, $relation->{id}{name});
	my @pool = @{ $column->{pool} // $type->{values} };
	my $value = pick(@pool);
	my $form = pick_weighted(compare => 40, null => 12, list => 8, any => 8, boolean => 5, id => 10, function => 8, subquery => 6,
		volatile => 3, division => 3, stable => 3, pattern => 3);
	if ($form eq 'compare') { return "$name " . pick('=', '<>', '<', '>=', 'IS DISTINCT FROM') . ' ' . $self->_operand($column, $value); }
	if ($form eq 'null')    { return "$name IS " . pick('', 'NOT ') . 'NULL'; }
	if ($form eq 'list')    { return "$name IN (" . join(', ', map { $self->_operand($column, pick(@pool)) } 1 .. between(2, 4)) . ')'; }
	if ($form eq 'any' && $type->{base} !~ /\[\]$|^jsonb$/)
	{
		my @values = map { pick(@pool) } 1 .. between(0, 3);
		push @{ $self->{args} }, [ '[' . join(',', map { _json_value($column, $_) } @values) . ']',
			'{' . join(',', map { _array_element($_) } @values) . '}' ];
		return "$name = ANY (\$" . @{ $self->{args} } . ')';
	}
	if ($form eq 'boolean')  { return "coalesce($name = " . $self->_operand($column, $value) . ', ' . pick('true', 'false') . ')'; }
	if ($form eq 'function')
	{
		push @{ $self->{args} }, [ 3, 3 ];
		return "length($name\::text) " . pick('<', '>=') . ' $' . @{ $self->{args} };
	}
	if ($form eq 'subquery')
	{
		return pick("$id IN (SELECT generate_series(1, 100, 2))", "EXISTS (SELECT 1 FROM generate_series(1, 3) zz_s WHERE zz_s = $id % 4)",
			"$id > (SELECT 5)");
	}
	if ($form eq 'volatile') { return pick('random() >= 0', "random() < 2 AND $id > 3"); }
	if ($form eq 'division') { return "100 / ($id - " . between(1, 60) . ') < 50'; }
	if ($form eq 'stable')   { return pick("now() > '2000-01-01'", "current_setting('TimeZone') <> ''", "pg_typeof($name)::text <> ''"); }
	if ($form eq 'pattern' && $type->{text}) { return "$name LIKE 'a%'"; }
	return pick("$id % 2 = 0", "$id > 10", "$id BETWEEN 5 AND 25");
}

sub _choose_order
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my @columns = grep { ($_->{type}{order} // 1) } @{ $relation->{columns} };
	my @items;
	if (@{ $relation->{indexes} } && chance(0.5))
	{
		# what an index gives, forward or backward, from one of its columns on
		my @index = @{ pick(@{ $relation->{indexes} }) };
		splice @index, 0, pick(0, 1, 1, 1) if @index > 1;
		my $backward = chance(0.3);
		@items = map { $backward ? _reverse($_->[0], $_->[1]) : "$_->[0]$_->[1]" } @index;
		pop @items if @items > 1 && chance(0.2);
	}
	else
	{
		for my $column (some(between(0, 3), @columns))
		{
			my $name = $column->{name};
			my $item = pick_weighted($name => 80, "$name IS NULL" => 5, "length($name\::text)" => 5,
				$column->{type}{text} ? ("lower($name)" => 10, "$name COLLATE \"C\"" => 8) : ("coalesce($name, NULL)" => 4));
			push @items, $item . pick('', '', ' ASC', ' DESC', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST', ' ASC NULLS LAST');
		}
	}
	push @items, $relation->{id}{name} . pick('', ' DESC') if chance(0.65) || !@items;
	$self->{order} = \@items;
}

sub _reverse
{
	my ($name, $direction) = @_;
	my %backward = ('' => ' DESC', ' DESC' => '', ' DESC NULLS LAST' => ' NULLS FIRST', ' NULLS FIRST' => ' DESC NULLS LAST');
	return $name . $backward{$direction};
}

sub _total_order
{
	my ($self) = @_;
	my $id = quotemeta $self->{relation}{id}{name};
	return scalar grep { /^$id(?: ASC| DESC)?(?: NULLS \w+)?$/ } @{ $self->{order} || [] };
}

# --- statements

sub _options
{
	my ($self, @names) = @_;
	my %value;
	$value{by}       = quote($self->{by}) if defined $self->{by};
	$value{filter}   = quote($self->{filter}) if defined $self->{filter};
	$value{order_by} = quote(join ', ', @{ $self->{order} }) if $self->{order};
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
	return $self->{json} ? quote($name) . '::regclass' : "NULL::$name";
}

sub function_sql
{
	my ($self) = @_;
	return "dataloader.$self->{verb}(" . $self->_relation_argument . ', ' . $self->keys_sql
	  . join('', $self->_options(qw(by filter args order_by first skip columns))) . ')';
}

# The call; its rows are (ord, position, text as a JSON string).
sub call_sql
{
	my ($self) = @_;
	my ($function, $verb, $sql) = ($self->function_sql, $self->{verb});
	if ($self->{json}) { $sql = "SELECT 0, 0, to_json(($function)::text)"; }
	elsif ($verb eq 'load_many')
	{
		$sql = "SELECT m.ord, i, CASE WHEN m.items IS NULL THEN '\"null array\"' ELSE to_json(m.items[i]::text) END FROM $function m "
		  . 'LEFT JOIN LATERAL generate_subscripts(m.items, 1) i ON true';
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
	return 'SELECT e FROM dataloader.explain(' . quote($self->{relation}{name}) . '::regclass, ' . $self->keys_sql
	  . join('', $self->_options(qw(by filter args order_by first skip columns))) . ') e';
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
	return $filter;
}

# The oracle; its rows are (ord, rank, text as a JSON string).
sub oracle_sql
{
	my ($self) = @_;
	my $match = $self->_match;
	my $on    = $match;
	if (defined $self->{filter})
	{
		my $filter = $self->_filter_with_values;
		$on .= " AND CASE WHEN $match THEN ($filter) ELSE false END";
	}
	my $rank = $self->{order} ? 'dense_rank() OVER (PARTITION BY zz_ord ORDER BY ' . join(', ', @{ $self->{order} }) . ')' : '1';
	return "SELECT zz_ord, $rank, to_json(" . $self->_written . ") FROM " . $self->_keys_relation
	  . " JOIN $self->{relation}{name} zz_row ON $on ORDER BY 1, 2";
}

# would the filter fail on a row that belongs to no key?
sub filter_everywhere_sql
{
	my ($self) = @_;
	my $filter = $self->_filter_with_values // 'true';
	return "SELECT count(*) FROM $self->{relation}{name} WHERE $filter";
}

# settings of this call
sub before
{
	my ($self) = @_;
	my @before;
	push @before, 'SET dataloader.json_bigints = string' if $self->{bigints};
	push @before, 'SET ROLE ' . DlProp::Relation::ROLE if $self->{as_role};
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
