package DlProp::Options;

# Filter, order and the other options of a random call.  Methods of
# DlProp::Call.

use strict;
use warnings;
use utf8;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;
use DlProp::Keys;
use Exporter 'import';
our @EXPORT = qw(qualified);

# A column of the relation is kept with a mark before its name, because the
# oracle has to qualify it where a junction has a column of the same name; a
# call may, by the relation's name.  Another mark stands for the whole row.
use constant MARK => "\x01";
use constant ROW  => "\x02";

sub plain
{
	my ($self, $text) = @_;
	my $prefix = $self->{prefixed} ? "$self->{relation}{name}." : '';
	return $text =~ s/\x01/$prefix/gr =~ s/\x02/$self->{relation}{name}/gr;
}

sub qualified { my ($text) = @_; return $text =~ s/\x01/zz_row./gr =~ s/\x02/zz_row/gr; }

sub _operand
{
	my ($self, $column, $value) = @_;
	my $type = $column->{type};
	undef $value if $type->{base} eq 'jsonb' && $value eq 'null';    # a JSON null is an SQL null
	return quote($value) . "::$type->{base}" if chance(0.5) && $type->{base} !~ /^(?:citext|bpchar|name|varchar)$/;
	my $json = defined $value ? json_value($column, $value) : 'null';
	push @{ $self->{args} }, [ $json, $value ];
	return '$' . @{ $self->{args} };
}

sub _choose_filter
{
	my ($self) = @_;
	my @parts = $self->_condition;
	push @parts, $self->_condition if chance(0.35);
	$self->{filter_parts} = \@parts;
	$self->{filter} = @parts == 1 ? $parts[0] : pick("$parts[0] AND ", "$parts[0] OR ", "NOT ($parts[0]) AND ") . $parts[1];
}

sub _condition
{
	my ($self) = @_;
	my $relation = $self->{relation};
	return $self->_junction_condition if $self->{through} && chance(0.3);
	my @columns = grep { ($_->{type}{order} // 1) } @{ $relation->{columns} };
	my $column = pick(@columns);
	my ($name, $type, $id) = (MARK . $column->{name}, $column->{type}, MARK . $relation->{id}{name});
	my @pool = @{ $column->{pool} // $type->{values} };
	my $value = pick(@pool);
	my $form = pick_weighted(compare => 40, null => 12, list => 8, any => 8, boolean => 5, id => 10, function => 8, subquery => 6,
		volatile => 3, division => 3, stable => 3, pattern => 3, user => 4, row => 2, system => 2, again => 1);
	if ($form eq 'compare') { return "$name " . pick('=', '<>', '<', '>=', 'IS DISTINCT FROM') . ' ' . $self->_operand($column, $value); }
	if ($form eq 'null')    { return "$name IS " . pick('', 'NOT ') . 'NULL'; }
	if ($form eq 'list')    { return "$name IN (" . join(', ', map { $self->_operand($column, pick(@pool)) } 1 .. between(2, 4)) . ')'; }
	if ($form eq 'any' && $type->{base} !~ /\[\]$|^jsonb$/)
	{
		my @values = map { pick(@pool) } 1 .. between(0, 3);
		push @{ $self->{args} }, [ '[' . join(',', map { json_value($column, $_) } @values) . ']',
			'{' . join(',', map { array_element($_) } @values) . '}' ];
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
	if ($form eq 'user')     { return pick("zz_odd($id)", "zz_seen($name)", "NOT zz_odd($id) AND zz_seen($name)"); }
	if ($form eq 'row' && !grep { $_->{name} eq $relation->{name} } @{ $relation->{columns} })
	{
		return pick(ROW . ' IS DISTINCT FROM NULL', ROW . '.' . $column->{name} . ' IS NULL', 'length(' . ROW . '::text) > 5');
	}
	if ($form eq 'system' && $relation->{kind} =~ /^(?:plain|unlogged|temp|matview|leaf|child)$/)
	{
		return pick(MARK . "ctid > '(0,5)'", MARK . 'tableoid IS NOT NULL', MARK . 'xmin IS NOT NULL');
	}
	# a filter that loads
	if ($form eq 'again' && !$relation->{big}) { return 'zz_found(' . quote($relation->{name}) . ", $id, " . quote($relation->{id}{name}) . ')'; }
	if ($form eq 'pattern' && $type->{text}) { return "$name LIKE 'a%'"; }
	return pick("$id % 2 = 0", "$id > 10", "$id BETWEEN 5 AND 25");
}

# over columns of the junction, or of both relations
sub _junction_condition
{
	my ($self) = @_;
	my $id  = MARK . $self->{relation}{id}{name};
	my $pos = "through.$self->{through}{pos}{name}";
	push @{ $self->{args} }, [ 2, 2 ];
	my $parameter = '$' . @{ $self->{args} };
	return pick("$pos > $parameter", "$pos IS NULL AND $id <> $parameter", "coalesce($pos, $parameter) % 2 = 0",
		"$pos < $id - $parameter", "through.$self->{through}{key}{name} > $parameter");
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
		@items = map { MARK . ($backward ? _reverse($_->[0], $_->[1]) : "$_->[0]$_->[1]") } @index;
		pop @items if @items > 1 && chance(0.2);
	}
	else
	{
		for my $column (some(between(0, 3), @columns))
		{
			my $name = MARK . $column->{name};
			my $item = pick_weighted($name => 80, "$name IS NULL" => 5, "length($name\::text)" => 5,
				$column->{type}{text} ? ("lower($name)" => 10, "$name COLLATE \"C\"" => 8) : ("coalesce($name, NULL)" => 4));
			$item = "$name = " . $self->_operand($column, pick(@{ $column->{pool} // $column->{type}{values} })) if chance(0.06);
			push @items, $item . pick('', '', ' ASC', ' DESC', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST', ' ASC NULLS LAST', ' USING <',
				' USING > NULLS LAST');
		}
	}
	if ($self->{through} && chance(0.5))
	{
		unshift @items, "through.$self->{through}{pos}{name}" . pick('', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST');
		splice @items, 1 if chance(0.4) && !@{ $self->{args} };
	}
	push @items, MARK . $relation->{id}{name} . pick('', ' DESC') if chance(0.65) || !@items;
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
	return scalar grep { /^\x01$id(?: ASC| DESC)?(?: NULLS \w+)?$/ } @{ $self->{order} || [] };
}

1;
