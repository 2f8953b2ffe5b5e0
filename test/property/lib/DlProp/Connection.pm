package DlProp::Connection;

# A random connection, read page by page: most positions walk from end to end
# at a pace of their own, some jump to cursors that were seen before, each page
# goes one of the two ways, each on one of the two paths.  Rows may be
# deleted in between: a cursor is a place, not a row.
#
# The oracle is the join in plain SQL, in the order asked for, completed by the
# keys.  Where the order is completed by something else, the order is that of
# a first connection without limits, which must have the rows of the oracle in
# the order asked for.

use strict;
use warnings;
use utf8;
use DlProp::Random;
use DlProp::Sql;
use DlProp::Call;
use DlProp::Options;
use DlProp::Judge;
our @ISA = ('DlProp::Call');

use constant MOST_PAGES => 12;

sub new
{
	my ($class, $relation) = @_;
	my $self = bless { relation => $relation, verb => 'load_connection', json => 1, wrap => '', args => [] }, $class;
	$self->{through} = $relation->{junction} if $relation->{junction} && chance(0.4);
	$self->_choose_by;
	$self->_choose_keys;
	$self->_choose_order if chance(0.85);
	$self->_only_columns;
	$self->{args} = [];
	$self->_choose_filter if chance(0.3);
	$self->{columns} = $self->_projection if chance(0.5);
	$self->_choose_settings;
	$self->{require_index} = undef;
	$self->{by}    //= join ', ', map { $_->{name} } @{ $self->{by_columns} };
	$self->{exact}   = $self->_ends_in_primary_keys;
	$self->{deletes} = $self->{exact} && !$relation->{big} && chance(0.25);
	$self->{draws}   = between(1, 2**31);
	return $self;
}

sub settle { return $_[0]; }

# a connection is ordered by columns only
sub _only_columns
{
	my ($self) = @_;
	my @names = map { DlProp::Options::MARK . $_->{name} } @{ $self->{relation}{columns} };
	push @names, "through.$self->{through}{pos}{name}" if $self->{through};
	my $name = join '|', map { quotemeta } sort { length $b <=> length $a } @names;
	my @items = grep { /^(?:$name)(?: ASC| DESC| USING [<>])?(?: NULLS (?:FIRST|LAST))?$/ } @{ $self->{order} || [] };
	$self->{order} = @items ? \@items : undef;
	return;
}

# Is it known what completes the order?  (A child may have its parent's key
# again, and a deferrable key may be there twice for a while.)
sub _ends_in_primary_keys
{
	my ($self) = @_;
	my ($relation, $through) = @$self{qw(relation through)};
	return 0 if !$relation->{primary} || $relation->{kind} eq 'inherited';
	return 0 if grep { /PRIMARY KEY .* DEFERRABLE|CREATE TABLE grandchild/ } @{ $relation->{setup} };
	return !$through || ($through->{primary} && !grep { /INHERITS \("junction j"\)/ } @{ $relation->{setup} });
}

# Its rows are (ord, rank, text as a JSON string, the keys of the row).
sub oracle_sql
{
	my ($self) = @_;
	my @order = map { qualified($_) } @{ $self->{order} || [] };
	my @keys  = $self->{exact} ? "zz_row.$self->{relation}{id}{name}" : ();
	push @keys, map { "through.$_->{name}" } @{ $self->{through}{primary} } if @keys && $self->{through};
	my $id = @keys ? 'to_json(ROW(' . join(', ', @keys) . ')::text)' : '1';    # in one line
	return 'SELECT zz_ord, ' . $self->_rank . ', to_json(' . $self->_written . "), $id FROM " . $self->_keys_relation . ' JOIN ' . $self->_from
	  . ' ON ' . $self->_on . ' ORDER BY ' . join(', ', 'zz_ord', @order, @keys);
}

# A page; its rows are (ord, hasNextPage, hasPreviousPage, startCursor, endCursor, totalCount, cursor, node as a JSON string).
sub page_sql
{
	my ($self, $page) = @_;
	my $sql = 'dataloader.load_connection(' . quote($self->{relation}{name}) . '::regclass, ' . $self->keys_sql
	  . join('', $self->_options(qw(by through link filter args order_by columns)));
	$sql .= ", $page->{way} => $page->{size}" if defined $page->{size};
	for my $side (qw(after before))
	{
		my $cursors = $page->{$side};
		$sql .= ", $side => ARRAY[" . join(', ', map { quote($_) } @$cursors) . ']::text[]' if grep { defined } @$cursors;
	}
	$sql .= ', total_count => true' if $page->{total};
	my $info = join ', ', (map { "value->'pageInfo'->>'$_'" } qw(hasNextPage hasPreviousPage startCursor endCursor)), "value->>'totalCount'";
	return "SELECT p.ord, p.next, p.previous, p.first, p.last, p.total, e.value->>'cursor', to_json((e.value->'node')::text) "
	  . "FROM (SELECT ord, $info, value->'edges' FROM json_array_elements($sql)) WITH ORDINALITY c(value, ord) OFFSET 0) "
	  . 'p(ord, next, previous, first, last, total, edges) '
	  . 'LEFT JOIN LATERAL json_array_elements(p.edges) WITH ORDINALITY e(value, ord) ON true ORDER BY p.ord, e.ord';
}

# As DlProp::Call::check; also finds changes: the statements that it changed rows with.
sub check
{
	my ($self, $session) = @_;
	srand $self->{draws};    # so that it goes the same way again
	my %found = (path => 'pages', log => [], changes => []);
	my ($complaint, $sql) = $self->_read($session, \%found);
	@found{qw(complaint script)} = ($complaint, [ @{ $found{changes} }, $self->before, "SET dataloader.direct_scan = $self->{direct_scan}", $sql,
		'RESET dataloader.direct_scan', '-- all rows (position of the key, rank, row, its keys):', $self->oracle_sql, $self->after ])
	  if $complaint;
	return \%found;
}

sub reductions
{
	my ($self) = @_;
	return ({ deletes => undef }, $self->SUPER::reductions);
}

# Statements under this call's settings.
sub _run
{
	my ($self, $session, $found, @statements) = @_;
	my @before = $self->before;
	my @all = (@before, @statements, $self->after);
	push @{ $found->{log} }, @all;
	my @results = $session->run(@all);
	return @results[ scalar @before .. $#before + @statements ];
}

sub _oracle
{
	my ($self, $session, $found) = @_;
	return ($self->_run($session, $found, 'SET enable_indexscan = off', 'SET enable_bitmapscan = off', $self->oracle_sql,
			'RESET enable_indexscan', 'RESET enable_bitmapscan'))[2];
}

sub _page
{
	my ($self, $session, $found, $page) = @_;
	$self->{direct_scan} = pick('on', 'off');
	my $sql = $self->page_sql($page);
	my (undef, $result) = $self->_run($session, $found, "SET dataloader.direct_scan = $self->{direct_scan}", $sql, 'RESET dataloader.direct_scan');
	return ($result, $sql);
}

# The whole conversation; the complaint, if any, and the page that it is about.
sub _read
{
	my ($self, $session, $found) = @_;
	my $oracle = $self->_oracle($session, $found);
	$found->{raised} = $oracle->{error} and return;
	$found->{rows} = @{ $oracle->{rows} };
	my @rows = map { [] } @{ $self->{keys} };    # of each position: { text, id, gone, cursor }
	push @{ $rows[ $_->[0] - 1 ] }, { text => $_->[2], id => $_->[3] } for @{ $oracle->{rows} };
	if (!$self->{exact})
	{
		my ($complaint, $sql) = $self->_take_order($session, $found, \@rows, $oracle);
		return ($complaint, $sql) if $complaint || !$sql;
	}
	my @places = map { {} } @rows;
	for (1 .. MOST_PAGES)
	{
		$self->_delete($session, $found, \@rows) if $self->{deletes} && chance(0.3);
		my $page = $self->_next_page(\@rows, \@places);
		my ($result, $sql) = $self->_page($session, $found, $page);
		if ($result->{error})
		{
			my $excuse = $self->_may_fail($session, $found, $result);
			return if $excuse;
			return ("direct_scan = $self->{direct_scan}: the call fails with $result->{error}: $result->{message}", $sql);
		}
		my $complaint = $self->_judge_page($result->{rows}, \@rows, $page);
		return ("direct_scan = $self->{direct_scan}: $complaint", $sql) if $complaint;
		return unless grep { !$_->{done} } @places;
	}
	return;
}

# Does the error come from rights, a filter that a plan evaluates for other
# rows, too, or a relation without a key?
sub _may_fail
{
	my ($self, $session, $found, $result) = @_;
	return 1 if $result->{error} eq '42501' && $self->{role};
	return 1 if $result->{error} eq '42704' && !$self->{exact};
	return ($self->_run($session, $found, $self->filter_everywhere_sql))[0]{error};
}

# Puts the rows into the order of a connection without limits, and checks that.
sub _take_order
{
	my ($self, $session, $found, $rows, $oracle) = @_;
	my ($result, $sql) = $self->_page($session, $found, {});
	if ($result->{error})
	{
		return if $self->_may_fail($session, $found, $result);
		return ("direct_scan = $self->{direct_scan}: the call fails with $result->{error}: $result->{message}", $sql);
	}
	my @candidates = map { [] } @$rows;
	push @{ $candidates[ $_->[0] - 1 ] }, [ $_->[1], $_->[2] ] for @{ $oracle->{rows} };
	my @got = map { [] } @$rows;
	for my $row (@{ $result->{rows} }) { push @{ $got[ $row->[0] - 1 ] }, $row->[7] if $row->[7] ne '\\N'; }
	my $complaint = judge_positions($self, \@candidates, \@got);
	return ("direct_scan = $self->{direct_scan}: $complaint", $sql) if $complaint;
	@$rows = map { [ map { { text => $_, id => 1 } } @$_ ] } @got;
	return (undef, $sql);
}

# Deletes some rows, whose cursors go on being places.
sub _delete
{
	my ($self, $session, $found, $rows) = @_;
	my $statement = "DELETE FROM $self->{relation}{table} WHERE " . $self->{relation}->_id_range;
	my ($result) = $session->run($statement);
	return if $result->{error};
	push @{ $found->{log} },     $statement;
	push @{ $found->{changes} }, $statement;
	my %there;
	my $oracle = $self->_oracle($session, $found);
	$there{"$_->[0] $_->[3]"} = 1 for @{ $oracle->{rows} };
	for my $i (0 .. $#$rows) { $_->{gone} = !$there{ $i + 1 . " $_->{id}" } for @{ $rows->[$i] }; }
	return;
}

# What to ask for: a way, a size, and for each position where it begins and
# ends, as indexes into its rows and as cursors.
sub _next_page
{
	my ($self, $rows, $places) = @_;
	my $page = { way => pick(('first') x 3, 'last'), size => pick(1, 1, 2, 2, 3, 7, 100, 0, undef), total => chance(0.2) };
	my ($ahead, $behind) = $page->{way} eq 'first' ? qw(after before) : qw(before after);
	for my $i (0 .. $#$rows)
	{
		my $place = $places->[$i];
		my @seen  = grep { defined $rows->[$i][$_]{cursor} } 0 .. $#{ $rows->[$i] };
		my %at    = ($ahead => $place->{$ahead});
		%at = map { $_ => chance(0.6) ? pick(@seen) : undef } qw(after before) if @seen && chance(0.15);
		$at{$behind} //= $place->{$behind} if chance(0.1);
		for my $side (qw(after before))
		{
			$page->{"${side}_row"}[$i] = $at{$side};
			$page->{$side}[$i] = defined $at{$side} ? $rows->[$i][ $at{$side} ]{cursor} : undef;
		}
		$self->_expect($page, $i, $rows->[$i]);
		next if chance(0.2) || !@{ $page->{want}[$i] };
		$place->{$ahead} = $page->{want}[$i][ $page->{way} eq 'first' ? -1 : 0 ];
		$place->{done} = 1 if $place->{$ahead} == ($page->{way} eq 'first' ? $#{ $rows->[$i] } : 0);
	}
	for my $i (0 .. $#$rows) { $places->[$i]{done} = 1 unless @{ $rows->[$i] }; }
	return $page;
}

# What position i must get: the indexes of its rows, and what its pageInfo says.
sub _expect
{
	my ($self, $page, $i, $rows) = @_;
	my ($after, $before) = ($page->{after_row}[$i], $page->{before_row}[$i]);
	my @between = grep { !$rows->[$_]{gone} } (defined $after ? $after + 1 : 0) .. (defined $before ? $before : @$rows) - 1;
	my @want = @between;
	my $size = $page->{size} // @want;
	my $over = @want > $size ? @want - $size : 0;
	splice @want, $page->{way} eq 'first' ? $size : 0, $over if $over;
	my $more = @between > @want;
	my $last = defined $page->{size} && $page->{way} eq 'last';
	$page->{want}[$i] = \@want;
	$page->{next}[$i]     = defined $before || (!$last && $more) ? 'true' : 'false';
	$page->{previous}[$i] = defined $after  || ($last && $more)  ? 'true' : 'false';
	$page->{count}[$i] = $page->{total} ? scalar grep { !$_->{gone} } @$rows : '\\N';
	return;
}

# Compares a page with what it must be, and remembers its cursors.
sub _judge_page
{
	my ($self, $got, $rows, $page) = @_;
	my (%info, %edges);
	for my $row (@$got)
	{
		my ($ord, @rest) = @$row;
		$info{$ord} = [ @rest[ 0 .. 4 ] ];
		push @{ $edges{$ord} }, [ @rest[ 5, 6 ] ] if $rest[6] ne '\\N';
	}
	return $self->{null_keys} ? undef : scalar(keys %info) . ' connections for ' . @$rows . ' keys' if keys %info != @$rows;
	for my $i (0 .. $#$rows)
	{
		my @want  = map { $rows->[$i][$_] } @{ $page->{want}[$i] };
		my @edges = @{ $edges{ $i + 1 } || [] };
		my $where = 'key ' . ($i + 1) . ' of ' . @{ $rows->[$i] } . ' rows';
		my @wanted = map { $_->{text} } @want;
		my @actual = map { $_->[1] } @edges;
		return "$where: expected" . listing(@wanted) . "\nactual" . listing(@actual) if join("\n", @wanted) ne join("\n", @actual);
		for my $n (0 .. $#want)
		{
			$want[$n]{cursor} //= $edges[$n][0];
			return "$where: a row has another cursor than before" if $want[$n]{cursor} ne $edges[$n][0];
		}
		my ($start, $end) = @want ? map { $want[$_]{cursor} } 0, -1 : ('\\N', '\\N');
		my @pairs = ([ hasNextPage => $page->{next}[$i] ], [ hasPreviousPage => $page->{previous}[$i] ], [ startCursor => $start ],
			[ endCursor => $end ], [ totalCount => $page->{count}[$i] ]);
		for my $n (0 .. $#pairs)
		{
			my ($what, $value) = @{ $pairs[$n] };
			return "$where: $what is $info{$i + 1}[$n], not $value" if $info{ $i + 1 }[$n] ne $value;
		}
	}
	return undef;
}

1;
