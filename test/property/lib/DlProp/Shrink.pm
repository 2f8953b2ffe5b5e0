package DlProp::Shrink;

# Makes the script of a failure small: fewer options, keys, statements and rows,
# as long as a new session still complains alike.

use strict;
use warnings;
use DlProp::Session;
use DlProp::Sql;

use constant BUDGET => 400;    # checks

sub new
{
	my ($class, %field) = @_;    # dbname, setup, call, found, log
	return bless { left => BUDGET, %field }, $class;
}

# What a new session finds with this setup and call; undef when the budget is spent.
sub _check
{
	my ($self, $setup, $call) = @_;
	return undef if $self->{left}-- <= 0;
	my $found;
	eval {
		my $session = DlProp::Session->new(dbname => $self->{dbname});
		$session->run('DROP SCHEMA IF EXISTS ' . SCHEMA . ' CASCADE', @$setup);
		$found = $call->check($session);
		$session->close;
		1;
	} or do { $found = { complaint => "crash: $@", script => [ $call->crash_script ] }; sleep 2; };
	return $found;
}

# the complaint without its particulars: a smaller script must fail alike
sub _kind
{
	my ($complaint) = @_;
	$complaint =~ s/^direct_scan = (?:on|off): //;
	return "$1 $2" if $complaint =~ /^(.*?fails) with (\w{5})/;
	$complaint =~ s/^key \d+ (?:\(.*?\)|of \d+ rows): //s;
	my ($words) = $complaint =~ /^((?:[a-z]+ ?){1,2})/i;
	return $words // $complaint;
}

sub _still_fails
{
	my ($self, $setup, $call) = @_;
	my $found = $self->_check($setup, $call) // return 0;
	return $found->{complaint} && _kind($found->{complaint}) eq _kind($self->{found}{complaint});
}

# Removes chunks of the list while the test still fails.
sub _fewer
{
	my ($list, $fails) = @_;
	for (my $size = int(@$list / 2) || 1; ; $size = int($size / 2))
	{
		for (my $at = 0; $at < @$list;)
		{
			my @rest = @$list;
			splice @rest, $at, $size;
			if   ($fails->(\@rest)) { $list = \@rest; }
			else                    { $at += $size; }
		}
		last if $size <= 1;
	}
	return $list;
}

# Fewer rows of the statements that insert thousands.
sub _fewer_rows
{
	my ($setup, $fails) = @_;
	for my $i (0 .. $#$setup)
	{
		my ($low) = $setup->[$i] =~ /^INSERT .* generate_series\((\d+), \d+\) zz_g$/s or next;
		for my $n (1, 3, 10, 30, 100, 300, 1000)
		{
			my @less = @$setup;
			$less[$i] =~ s/generate_series\(\d+, \d+\) zz_g$/"generate_series($low, " . ($low + $n) . ') zz_g'/e;
			next unless $fails->(\@less);
			$setup = \@less;
			last;
		}
	}
	return $setup;
}

# The script, as small as the budget allows, for psql in any database.
sub script
{
	my ($self) = @_;
	my ($setup, $call) = @$self{qw(setup call)};
	if (!$self->_still_fails($setup, $call))
	{
		return "-- a new session does not show it: the whole history of this relation\n" . _text($self->_preamble(@{ $self->{log} }), @{ $self->{log} });
	}
	for my $less ($call->reductions)
	{
		my $try = $call->with(%$less);
		$call = $try if $self->_still_fails($setup, $try);
	}
	my $keys = _fewer($call->{keys}, sub { $self->_still_fails($setup, $call->with(keys => $_[0])) });
	$call = $call->with(keys => $keys);

	my $is_head = qr/^(?:CREATE SCHEMA|SET search_path|BEGIN)/;
	my @head  = grep { $_ =~ $is_head } @$setup;
	my $fails = sub { $self->_still_fails([ @head, @{ $_[0] } ], $call) };
	my $rest  = _fewer_rows([ grep { $_ !~ $is_head } @$setup ], $fails);
	my @whole = (@head, @{ _fewer($rest, $fails) });
	$self->{left} = 1;
	my $found = $self->_check(\@whole, $call);
	my @script = (@whole, @{ $found->{script} });
	return '-- ' . ($found->{complaint} =~ s/\n/\n-- /gr) . "\n" . _text($self->_preamble(@script), @script);
}

# what the script needs and a new database lacks
sub _preamble
{
	my ($self, @script) = @_;
	my $text = join "\n", @script;
	my @preamble = extension_setup('dataloader');
	push @preamble, extension_setup('citext') if $text =~ /citext/;
	push @preamble, extension_setup('postgres_fdw'), foreign_setup() if $text =~ /SERVER loopback/;
	push @preamble, role_setup() if $text =~ /regress_dataloader_property/;
	push @preamble, '\\set ON_ERROR_ROLLBACK on' if $text =~ /^BEGIN$/m;
	return (@preamble, 'DROP SCHEMA IF EXISTS ' . SCHEMA . ' CASCADE');
}

# comments and commands of psql end by themselves
sub _text { return join '', map { /^(?:--|\\)/ ? "$_\n" : "$_;\n" } @_; }

1;
