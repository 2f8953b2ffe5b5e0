package DlProp::Random;

# Small helpers over rand().  Everything random goes through here, so that a
# seed repeats a run.

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(chance between pick pick_weighted shuffle some);

# true in one call of 1/p
sub chance { my ($p) = @_; return rand() < $p; }

# an integer in [low, high]
sub between { my ($low, $high) = @_; return $low + int(rand($high - $low + 1)); }

sub pick { return $_[ int(rand(scalar @_)) ]; }

# pick_weighted(plain => 5, view => 1)
sub pick_weighted
{
	my @pairs = @_;
	my $total = 0;
	for (my $i = 1; $i < @pairs; $i += 2) { $total += $pairs[$i]; }
	my $at = rand($total);
	for (my $i = 0; $i < @pairs; $i += 2)
	{
		return $pairs[$i] if ($at -= $pairs[ $i + 1 ]) < 0;
	}
	return $pairs[-2];
}

sub shuffle
{
	my @list = @_;
	for (my $i = $#list; $i > 0; $i--)
	{
		my $j = int(rand($i + 1));
		@list[ $i, $j ] = @list[ $j, $i ];
	}
	return @list;
}

# a random selection of n of the items, in random order
sub some
{
	my ($n, @items) = @_;
	$n = @items if $n > @items;
	return (shuffle(@items))[ 0 .. $n - 1 ];
}

1;
