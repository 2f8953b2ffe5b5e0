package DlProp::Judge;

# Compares the result of a call with its oracle.

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(judge judge_positions listing);

# The complaint, or undef when all is well.  $direct says which path ran.
# $filter_fails() runs the filter over the whole relation and returns its
# SQLSTATE: a plan may evaluate a filter on rows that belong to no key.
sub judge
{
	my ($call, $oracle, $result, $direct, $filter_fails) = @_;
	return "warning: @{ $result->{warnings} }" if @{ $result->{warnings} };
	my $stops_early = defined $call->{first} || defined $call->{at_most} || ($call->{to_one} && $call->{order});
	$stops_early ||= ($call->{filter} // '') =~ / AND | OR /;    # in any order, as a plan
	my $got = $result->{error};
	return undef if $got && $got eq '55000' && $call->{require_index} && !$direct;
	return "internal error: $result->{message}" if $got && $got =~ /^XX/;

	if ($oracle->{error})
	{
		return undef if $got && $got eq $oracle->{error};
		return undef if $got && $got eq '42501' && $call->{role};    # two things are wrong
		return undef if $got && $got eq '21000' && $call->{to_one} && !$call->{order};
		return undef if $got && $got eq ($filter_fails->() // '');    # the keys of the oracle, too
		return "the oracle fails with $oracle->{error}, the call with $got: $result->{message}" if $got;
		return undef if $stops_early;
		return undef unless grep { defined } @{ $call->{keys} };    # nothing was read
		return "the oracle fails with $oracle->{error}, the call does not";
	}
	my $expected = _expected($call, $oracle);
	my $ambiguous = $call->{to_one} && !$call->{order} && grep { $_ && @$_ > 1 } @$expected;
	if ($got)
	{
		return undef if $ambiguous && $got eq '21000';
		return undef if !$direct && ($filter_fails->() // '') eq $got;
		return "the call fails with $got: $result->{message}";
	}
	return 'two rows match one key, but there is no error' if $ambiguous;
	return _judge_counts($call, $expected, $result) if $call->{counts};
	return $call->{json} ? _judge_json($call, $expected, $result) : _judge_rows($call, $expected, $result);
}

# for each key its candidates: [rank, text]
sub _expected
{
	my ($call, $oracle) = @_;
	my @expected = map { [] } @{ $call->{keys} };
	push @{ $expected[ $_->[0] - 1 ] }, [ $_->[1], $_->[2] ] for @{ $oracle->{rows} };
	return \@expected;
}

# the candidates that skip and first leave
sub _page
{
	my ($call, $candidates) = @_;
	my @page = @$candidates;
	splice @page, 0, $call->{skip} < @page ? $call->{skip} : scalar @page if defined $call->{skip};
	my $first = $call->{to_one} ? 1 : $call->{first};
	splice @page, $first if defined $first && $first < @page;
	return @page;
}

sub _judge_rows
{
	my ($call, $expected, $result) = @_;
	my $verb = $call->{verb};
	my @rows = @{ $result->{rows} };
	return @rows ? 'a null array of keys gave rows' : undef if $call->{null_keys};
	my @got = map { [] } @$expected;
	my @seen = map { 0 } @$expected;
	my $last = 0;
	for my $row (@rows)
	{
		my ($ord, $position, $text) = @$row;
		return "row without a position: @$row" unless defined $ord && $ord =~ /^\d+$/ && $ord >= 1 && $ord <= @got;
		return "ord goes from $last to $ord" if $ord < $last;
		$last = $ord;
		$seen[ $ord - 1 ]++;
		next if $text eq '\\N' && $verb ne 'load_rows';
		return "null item in load_rows at ord $ord" if $text eq '\\N';
		return "position $position out of turn at ord $ord" if $verb eq 'load_many' && $position != @{ $got[ $ord - 1 ] } + 1;
		push @{ $got[ $ord - 1 ] }, $text;
	}
	if ($verb ne 'load_rows')
	{
		for my $i (0 .. $#seen)
		{
			return 'no row for ord ' . ($i + 1) unless $seen[$i];
			return 'more than one row for ord ' . ($i + 1) if $verb eq 'load_one' && $seen[$i] > 1;
		}
	}
	return judge_positions($call, $expected, \@got);
}

sub _judge_counts
{
	my ($call, $expected, $result) = @_;
	my @got = map { "$_->[0]:$_->[2]" } @{ $result->{rows} };
	my $ord = 0;
	my @want = map { $ord++; $ord . ':"' . (defined $call->{at_most} && $call->{at_most} < @$_ ? $call->{at_most} : @$_) . '"' } @$expected;
	return "@want" eq "@got" ? undef : "counts: expected @want\n   actual   @got";
}

sub _judge_json
{
	my ($call, $expected, $result) = @_;
	return 'not one row: ' . scalar @{ $result->{rows} } unless @{ $result->{rows} } == 1;
	my $text = $result->{rows}[0][2];
	return $text eq '\\N' ? undef : "a null array of keys gave $text" if $call->{null_keys};
	return 'null for an array of keys' if $text eq '\\N';
	if ($call->{total})
	{
		my @parts;
		for my $candidates (@$expected)
		{
			my @page = map { substr $_->[1], 1, -1 } _page($call, $candidates);
			push @parts, $call->{to_one} ? ($page[0] // 'null') : '[' . join(',', @page) . ']';
		}
		my $want = '"[' . join(',', @parts) . ']"';
		return $want eq $text ? undef : 'expected' . listing($want) . "\nactual" . listing($text);
	}
	my $decoded = _bytes($text);
	my $keys = _elements($decoded) // return "not a JSON array: $text";
	return 'expected ' . @$expected . ' values, not ' . @$keys if @$keys != @$expected;
	my @got;
	for my $value (@$keys)
	{
		if ($call->{to_one}) { push @got, $value eq 'null' ? [] : [$value]; next; }
		push @got, _elements($value) // return "not a JSON array: $value";
	}
	my @plain = map { [ map { [ $_->[0], _bytes($_->[1]) ] } @$_ ] } @$expected;
	return judge_positions($call, \@plain, \@got);
}

# The found rows of every position against the candidates: all of them in
# a total order, otherwise as many, each a candidate, in the order of ranks.
sub judge_positions
{
	my ($call, $expected, $got) = @_;
	my %first_of;
	for my $i (0 .. $#$expected)
	{
		my ($candidates, $found) = ($expected->[$i], $got->[$i]);
		my $where = 'key ' . ($i + 1) . ' (' . _key_text($call, $i) . ')';
		my @page = _page($call, $candidates);
		return "$where: expected " . @page . " rows, got " . @$found . _listing(\@page, $found) if @page != @$found;
		if ($call->{total})
		{
			return "$where: wrong rows or order" . _listing(\@page, $found) if grep { $page[$_][1] ne $found->[$_] } 0 .. $#page;
			next;
		}
		my (%left, %ranks);
		for my $candidate (@$candidates)
		{
			$left{ $candidate->[1] }++;
			push @{ $ranks{ $candidate->[1] } }, $candidate->[0];
		}
		for my $n (0 .. $#page)
		{
			my $text = $found->[$n];
			return "$where: unexpected row $text" . _listing(\@page, $found) unless $left{$text}--;
			return "$where: row $n is out of order" . _listing(\@page, $found)
			  unless grep { $_ == $page[$n][0] } @{ $ranks{$text} };
		}
		my $same = $first_of{ _key_text($call, $i) } //= $found;
		return "$where: another position of the same key has other rows" if "@$same" ne "@$found";
	}
	return undef;
}

sub _key_text
{
	my ($call, $i) = @_;
	my $key = $call->{keys}[$i];
	return $key ? join(', ', map { defined $_ ? "'$_'" : 'null' } @$key) : 'null';
}

sub _listing
{
	my ($page, $found) = @_;
	return "\nexpected" . listing(map { "$_->[0] $_->[1]" } @$page) . "\nactual" . listing(@$found);
}

# the first few, shortened
sub listing
{
	my @texts = map { length > 300 ? substr($_, 0, 300) . ' ...' : $_ } @_[ 0 .. ($#_ < 9 ? $#_ : 9) ];
	return join '', map { "\n   $_" } @texts, @_ > 10 ? '...' : ();
}

# --- just enough JSON

my %ESCAPE = (n => "\n", t => "\t", r => "\r", b => "\b", f => "\f", '"' => '"', '\\' => '\\', '/' => '/');

sub _unescape
{
	my ($text) = @_;
	$text =~ s/\\(?:u([0-9a-fA-F]{4})|(.))/defined $1 ? chr(hex $1) : $ESCAPE{$2}/gse;
	return $text;
}

# A JSON string's value in UTF-8: places in characters would be counted out
# again and again.
sub _bytes
{
	my ($string) = @_;
	my $text = _unescape(substr $string, 1, -1);
	utf8::encode($text);
	return $text;
}

# the texts of an array's elements, byte by byte; undef when it is no array
# without white space around its elements
sub _elements
{
	my ($text) = @_;
	return undef unless $text =~ /\A\[(.*)\]\z/s;
	my $body = $1;
	return [] if $body eq '';
	my ($depth, $start, @elements) = (0, 0);
	while ($body =~ /("(?:[^"\\]|\\.)*"|[\[\]{},])/gs)
	{
		my $token = $1;
		if    ($token =~ /^[\[{]/) { $depth++; }
		elsif ($token =~ /^[\]}]/) { $depth--; }
		elsif ($token eq ',' && $depth == 0)
		{
			push @elements, substr $body, $start, pos($body) - 1 - $start;
			$start = pos $body;
		}
	}
	return undef if $depth;
	push @elements, substr $body, $start;
	return grep({ /^\s|\s$/ } @elements) ? undef : \@elements;
}

1;
