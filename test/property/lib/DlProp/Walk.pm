package DlProp::Walk;

# A random connection, walked page by page: each position from end to end at a
# pace of its own, each page on one of the two paths at random.  The oracle is
# the join in plain SQL, in the order asked for, completed by the keys.

use strict;
use warnings;
use utf8;
use DlProp::Random;
use DlProp::Sql;
use DlProp::Call;
use DlProp::Options;
our @ISA = ('DlProp::Call');

use constant MOST_PAGES => 15;

# undef when the relation has no key that would end the order
sub new
{
	my ($class, $relation) = @_;
	return undef unless $relation->{primary} && $relation->{kind} ne 'inherited';    # a child may have its parent's key again
	return undef if grep { /PRIMARY KEY .* DEFERRABLE/ } @{ $relation->{setup} };      # for a while, two rows may have one
	my $self = bless { relation => $relation, verb => 'load_connection', json => 1, wrap => '' }, $class;
	$self->{through} = $relation->{junction} if $relation->{junction} && $relation->{junction}{primary} && chance(0.5);
	$self->_choose_by;
	$self->_choose_keys;
	$self->_choose_filter if chance(0.3);
	$self->_choose_order  if chance(0.85);
	$self->_only_columns;
	$self->{columns}  = $self->_projection if chance(0.5);
	$self->{as_role}  = $relation->{rls} ? chance(0.7) : chance(0.05);
	$self->{size}     = pick(1, 1, 2, 2, 3, 7, 100);
	$self->{backward} = chance(0.5);
	$self->{by} //= join ', ', map { $_->{name} } @{ $self->{by_columns} };
	return $self;
}

# a connection is ordered by columns only
sub _only_columns
{
	my ($self) = @_;
	my @names = map { DlProp::Options::MARK . $_->{name} } @{ $self->{relation}{columns} };
	push @names, "through.$self->{through}{pos}{name}" if $self->{through};
	my $name = join '|', map { quotemeta } sort { length $b <=> length $a } @names;
	my @items = grep { /^(?:$name)(?: ASC| DESC)?(?: NULLS (?:FIRST|LAST))?$/ } @{ $self->{order} || [] };
	$self->{order} = @items ? \@items : undef;
	return;
}

# Its rows are (ord, text as a JSON string).
sub oracle_sql
{
	my ($self) = @_;
	my $match  = $self->_match;
	my $filter = $self->_filter_with_values;
	my $on     = defined $filter ? "$match AND CASE WHEN $match THEN ($filter) ELSE false END" : $match;
	my @order  = map { qualified($_) } @{ $self->{order} || [] };
	push @order, "zz_row.$self->{relation}{id}{name}";
	push @order, "through.$self->{through}{key}{name}" if $self->{through};
	return "SELECT zz_ord, to_json(" . $self->_written . ') FROM ' . $self->_keys_relation . ' JOIN ' . $self->_from . " ON $on ORDER BY "
	  . join(', ', 'zz_ord', @order);
}

# A page; its rows are (ord, hasNextPage, hasPreviousPage, startCursor, endCursor, cursor, node as a JSON string).
sub page_sql
{
	my ($self, $cursors) = @_;
	my ($size, $cursor) = $self->{backward} ? qw(last before) : qw(first after);
	my $call = 'dataloader.load_connection(' . quote($self->{relation}{name}) . '::regclass, ' . $self->keys_sql
	  . join('', $self->_options(qw(by through link filter args order_by columns)))
	  . ", $size => $self->{size}, $cursor => ARRAY[" . join(', ', map { quote($_) } @$cursors) . ']::text[])';
	return "SELECT c.ord, c.value->'pageInfo'->>'hasNextPage', c.value->'pageInfo'->>'hasPreviousPage', c.value->'pageInfo'->>'startCursor', "
	  . "c.value->'pageInfo'->>'endCursor', e.value->>'cursor', to_json((e.value->'node')::text) "
	  . "FROM json_array_elements($call) WITH ORDINALITY c(value, ord) "
	  . "LEFT JOIN LATERAL json_array_elements(c.value->'edges') WITH ORDINALITY e(value, ord) ON true ORDER BY c.ord, e.ord";
}

# Walks; returns the complaint, if any, and the statement that it is about.
sub walk
{
	my ($self, $session) = @_;
	my @before = ($self->before, 'SET enable_indexscan = off', 'SET enable_bitmapscan = off');
	my @results = $session->run(@before, $self->oracle_sql, 'RESET enable_indexscan', 'RESET enable_bitmapscan');
	my $oracle = $results[@before];
	my @complaint = $oracle->{error} ? () : $self->_pages($session, $oracle);
	$session->run($self->after);
	return @complaint;
}

sub _pages
{
	my ($self, $session, $oracle) = @_;
	my @rows = map { [] } @{ $self->{keys} };
	push @{ $rows[ $_->[0] - 1 ] }, $_->[1] for @{ $oracle->{rows} };
	my @done    = map { 0 } @rows;        # rows that were seen
	my @cursors = map { undef } @rows;

	for (1 .. MOST_PAGES)
	{
		my $sql = $self->page_sql(\@cursors);
		my $path = pick('on', 'off');
		my (undef, $page) = $session->run("SET dataloader.direct_scan = $path", $sql);
		$session->run('RESET dataloader.direct_scan');
		if ($page->{error})
		{
			return if $page->{error} eq '42501' && $self->{as_role};
			return if ($session->run($self->filter_everywhere_sql))[0]{error};    # a plan evaluates it for other rows, too
			return ("direct_scan $path: $page->{error}: $page->{message}", $sql);
		}
		my ($complaint, $positions) = $self->_judge_page($page->{rows}, \@rows, \@done);
		return ("direct_scan $path: $complaint", $sql) if $complaint;
		my $more = 0;
		for my $i (0 .. $#rows)
		{
			$more ||= $done[$i] < @{ $rows[$i] };
			next if !$positions->[$i]{edges} || chance(0.2);
			$done[$i] += $positions->[$i]{edges};
			$cursors[$i] = $positions->[$i]{ $self->{backward} ? 'start' : 'end' };
		}
		return unless $more;
	}
	return;
}

# what a page must be when so many rows of each position were seen
sub _judge_page
{
	my ($self, $got, $rows, $done) = @_;
	my @positions = map { { edges => 0, nodes => [], cursors => [] } } @$rows;
	my %present;
	for my $row (@$got)
	{
		my ($ord, $next, $previous, $start, $end, $cursor, $node) = @$row;
		my $position = $positions[ $ord - 1 ] // return "a position $ord";
		$present{$ord} = 1;
		@$position{qw(next previous start end)} = ($next, $previous, $start, $end);
		next if $node eq '\\N';
		$position->{edges}++;
		push @{ $position->{nodes} },   $node;
		push @{ $position->{cursors} }, $cursor;
	}
	return scalar(keys %present) . ' connections for ' . @$rows . ' keys' if !$self->{null_keys} && keys %present != @$rows;
	for my $i (0 .. $#$rows)
	{
		my ($position, $all, $seen) = ($positions[$i], $rows->[$i], $done->[$i]);
		my $left = @$all - $seen;
		my $n = $left < $self->{size} ? $left : $self->{size};
		my $from = $self->{backward} ? $left - $n : $seen;
		my @want = @$all[ $from .. $from + $n - 1 ];
		my $where = 'key ' . ($i + 1) . ", after $seen of " . @$all . ' rows';
		return "$where: expected\n  " . join("\n  ", @want) . "\nactual\n  " . join("\n  ", @{ $position->{nodes} })
		  if join("\n", @want) ne join("\n", @{ $position->{nodes} });
		my ($ahead, $behind) = $self->{backward} ? qw(previous next) : qw(next previous);
		my ($more, $given) = ($left > $n ? 'true' : 'false', $seen > 0 ? 'true' : 'false');
		return "$where: $ahead page is $position->{$ahead}, not $more" if $position->{$ahead} ne $more;
		return "$where: $behind page is $position->{$behind}, not $given" if $position->{$behind} ne $given;
		my ($first, $last) = $n ? @{ $position->{cursors} }[ 0, -1 ] : ('\\N', '\\N');
		return "$where: start and end are not the cursors of the edges" if $position->{start} ne $first || $position->{end} ne $last;
	}
	return (undef, \@positions);
}

1;
