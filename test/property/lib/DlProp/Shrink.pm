package DlProp::Shrink;

# Makes the script of a failure small: fewer keys, options and statements, as
# long as a new session still complains.

use strict;
use warnings;
use DlProp::Session;
use DlProp::Judge;
use DlProp::Sql;

use constant BUDGET => 250;

sub new
{
	my ($class, %field) = @_;    # dbname, setup, call, complaint, direct_scan, direct, log
	return bless { left => BUDGET, %field }, $class;
}

# The statements of the failing call, in its settings.
sub call_statements
{
	my ($call, $direct_scan) = @_;
	return ("SET dataloader.direct_scan = $direct_scan", $call->before, $call->call_sql, $call->after);
}

sub oracle_statements
{
	my ($call) = @_;
	my @role = grep { /ROLE/ } $call->before;
	return (@role, $call->oracle_sql, @role ? 'RESET ROLE' : ());
}

# the complaint of a new session about this setup and call
sub _complaint
{
	my ($self, $setup, $call) = @_;
	return undef if $self->{left}-- <= 0;
	my $complaint;
	eval {
		my $session = DlProp::Session->new(dbname => $self->{dbname});
		$session->run('DROP SCHEMA IF EXISTS ' . SCHEMA . ' CASCADE', @$setup);
		my @oracle = $session->run(oracle_statements($call));
		my @result = $session->run(call_statements($call, $self->{direct_scan}));
		my ($oracle) = grep { @{ $_->{rows} } || $_->{error} } @oracle;
		my ($result) = grep { @{ $_->{rows} } || $_->{error} || @{ $_->{warnings} } } @result;
		my $empty = { rows => [], warnings => [] };
		$complaint = judge($call, $oracle || $empty, $result || $empty, $self->{direct},
			sub { ($session->run($call->filter_everywhere_sql))[0]{error} });
		$session->close;
		1;
	} or $complaint = "crash: $@";
	if ($complaint && $complaint =~ /^crash/) { sleep 2; }
	return $complaint;
}

# the complaint without its particulars: a smaller script must fail alike
sub _kind
{
	my ($complaint) = @_;
	return "$1 $2" if $complaint =~ /^(.*?fails) with (\w{5})/;
	$complaint =~ s/^key \d+ \(.*?\): //s;
	my ($words) = $complaint =~ /^((?:[a-z]+ ?){1,2})/i;
	return $words // $complaint;
}

sub _still_fails
{
	my ($self, $setup, $call) = @_;
	my $complaint = $self->_complaint($setup, $call) // return 0;
	return _kind($complaint) eq _kind($self->{complaint});
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

sub _with { my ($call, %change) = @_; return bless({ %$call, %change }, ref $call)->settle; }

# The script, as small as the budget allows.
sub script
{
	my ($self) = @_;
	my ($setup, $call) = @$self{qw(setup call)};
	if (!$self->_still_fails($setup, $call))
	{
		return "-- a new session does not show it: the whole history of this relation\n" . _text(@{ $self->{log} });
	}
	for my $drop ([ 'filter', 'args' ], ['first'], ['skip'], ['at_most'], ['columns'], ['bigints'], ['as_role'], ['order'], ['wrap'])
	{
		my $less = _with($call, map { $_ => $_ eq 'wrap' ? '' : undef } @$drop);
		$call = $less if $self->_still_fails($setup, $less);
	}
	my $keys = _fewer($call->{keys}, sub { $self->_still_fails($setup, _with($call, keys => $_[0])) });
	$call = _with($call, keys => $keys);
	my @head = grep { /^(?:CREATE SCHEMA|SET search_path|BEGIN)/ } @$setup;
	my @rest = grep { !/^(?:CREATE SCHEMA|SET search_path|BEGIN)/ } @$setup;
	my $less = _fewer(\@rest, sub { $self->_still_fails([ @head, @{ $_[0] } ], $call) });
	my $complaint = $self->{left} > 0 ? $self->_complaint([ @head, @$less ], $call) : undef;
	return "-- complaint: " . ($complaint // '(as above)') . "\n" . _text(@head, @$less)
	  . "\n-- actual\n" . _text(call_statements($call, $self->{direct_scan}))
	  . "-- expected (position of the key, rank in the order, row)\n" . _text(oracle_statements($call));
}

sub _text { return join '', map { "$_;\n" } @_; }

1;
