package DlProp::Keys;

# The keys of a random call, as an argument and as a relation for the oracle.
# Methods of DlProp::Call.

use strict;
use warnings;
use utf8;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;
use Exporter 'import';
our @EXPORT = qw(array_element json_value);

sub _choose_keys
{
	my ($self) = @_;
	my @columns = @{ $self->{by_columns} };
	my @forms = @columns > 1 ? qw(rows rows json text) : qw(array array array text json rows);
	@forms = qw(rows json text) if grep { $_->{type}{row_only} } @columns;
	@forms = qw(rows json) if @columns == 1 && $columns[0]{type}{base} =~ /^pair/;    # (1,a) would be a key of two fields
	$self->{form}  = pick(@forms);
	$self->{width} = @columns;
	my @pools;
	$self->{key_types} = [];
	delete @$self{qw(row_type untyped)};
	for my $column (@columns)
	{
		my $type = $column->{type};
		my ($key_type, $pool, $also) = $self->{form} =~ /array|rows/ ? @{ pick(@{ $type->{keys} }) } : ($type->{base});
		my @pool = $pool ? @$pool : (@{ $column->{pool} }, @{ $column->{pool} }, @{ $type->{absent} });
		@pool = ('"x"', '1.0', '1.00', '2', 'true') if $type->{base} eq 'jsonb' && $self->{form} eq 'json';
		@pool = @{ $type->{values} } if $also || ($type->{integer} && !$pool && chance(0.5));
		push @pool, '-5000' if $self->{form} =~ /text|json/ && $type->{base} eq 'int4' && chance(0.2);
		push @pool, pick('zzz', '5000000000000000000000') if $self->{form} =~ /text|json/ && chance(0.02);
		push @pool, @{ $type->{too_long} } if $type->{too_long} && $self->{form} =~ /text|json/;
		push @{ $self->{key_types} }, $key_type;
		push @pools, \@pool;
	}
	my $n = $self->_key_count;
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
	$self->{nested}    = chance(0.1);
	$self->_choose_row_type if $self->{form} eq 'rows';
	if ($self->{form} eq 'rows' && !$self->{row_type} && chance(0.15))
	{
		# untyped literals take the type of their column
		$self->{untyped} = [ map { $self->{key_types}[$_] eq $columns[$_]{type}{base} && !$columns[$_]{type}{reads_as} && chance(0.6) } 0 .. $#columns ];
	}
}

# not so many that a result becomes huge
sub _key_count
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my $few = pick_weighted(0 => 3, 1 => 6, between(2, 10) => 55);
	return $few if $relation->{long};
	my $many_rows = !grep { $_->{role} eq 'id' || $_->{spread} } @{ $self->{by_columns} };    # of each key
	return pick_weighted($few => 64, between(10, 60) => 25, between(200, 800) => 1) unless $relation->{big};
	return $many_rows ? $few : pick_weighted($few => 64, between(10, 60) => 25, between(200, 1500) => 15);
}

# a named composite type for some of the row keys
sub _choose_row_type
{
	my ($self) = @_;
	my $relation = $self->{relation};
	return if $relation->{undo_after} || !chance(0.3);    # later calls may use it
	my $name = $relation->fresh_name('kt');
	my $n = 0;
	$relation->apply("CREATE TYPE $name AS (" . join(', ', map { 'f' . ++$n . " $_" } @{ $self->{key_types} }) . ')')
	  and $self->{row_type} = $name;
}

sub array_element
{
	my ($text) = @_;
	return 'NULL' unless defined $text;
	$text =~ s/(["\\])/\\$1/g;
	return qq("$text");
}

sub json_string
{
	my ($text) = @_;
	$text =~ s/(["\\])/\\$1/g;
	$text =~ s/\n/\\n/g;
	$text =~ s/\t/\\t/g;
	return qq("$text");
}

sub row_literal
{
	return '(' . join(',', map { !defined $_ ? '' : '"' . s/(["\\])/$1$1/gr . '"' } @_) . ')';
}

sub _array_literal
{
	my ($self) = @_;
	my $composite = $self->{width} > 1 || $self->{by_columns}[0]{type}{row_only};
	my @elements = map { array_element($_ && ($composite ? row_literal(@$_) : $_->[0])) } @{ $self->{keys} };
	my $n = @elements;
	if ($n && $self->{shape} eq 'bounds') { return '[-1:' . ($n - 2) . ']={' . join(',', @elements) . '}'; }
	if ($n >= 4 && $n % 2 == 0 && $self->{shape} eq 'deep')
	{
		return '{{' . join(',', @elements[ 0 .. $n / 2 - 1 ]) . '},{' . join(',', @elements[ $n / 2 .. $n - 1 ]) . '}}';
	}
	return '{' . join(',', @elements) . '}';
}

sub json_value
{
	my ($column, $value) = @_;
	return 'null' unless defined $value;
	return $value if $column->{type}{base} eq 'jsonb';
	return $value if $column->{type}{number} && $value =~ /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/ && length($value) % 5;
	return $value eq 't' ? 'true' : 'false' if $column->{type}{boolean} && $value =~ /^[tf]$/;
	return json_string($value);
}

sub _json_keys
{
	my ($self) = @_;
	my @columns = @{ $self->{by_columns} };
	my $nested  = @columns > 1 || $columns[0]{type}{row_only} || ($self->{nested} && $columns[0]{type}{base} ne 'jsonb');
	my @items;
	for my $key (@{ $self->{keys} })
	{
		if (!$key) { push @items, 'null'; next; }
		my $text = join ',', map { json_value($columns[$_], $key->[$_]) } 0 .. $#columns;
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
	my $row = 'ROW(' . join(', ', map { quote($key->[$_]) . ($self->{untyped}[$_] ? '' : "::$types[$_]") } 0 .. $#types) . ')';
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
	# not WHERE false, nor pulled up: the planner may forget a relation then, and the rights to it
	return "(SELECT 1, " . join(', ', map { "NULL::$_" } @types) . " FROM generate_series(1, 0) OFFSET 0) zz_keys($names)";
}

1;
