package DlProp::Runner;

# Tests one relation after the other in a database of its own, until it has
# had enough cases; counts what it saw.

use strict;
use warnings;
use DlProp::Random;
use DlProp::Session;
use DlProp::Relation;
use DlProp::Call;
use DlProp::Connection;
use DlProp::Shrink;
use DlProp::Sql;

use constant CALLS_PER_RELATION => 20;
use constant MAX_SCRIPTS        => 3;
use constant PROGRESS           => 10_000;

# dbname, seed; number and step: of the relations; cases: how many, at least
# one relation; first_only
sub new
{
	my ($class, %field) = @_;
	my $self = bless { scripts => 0, %field }, $class;
	$self->{counts} = { passed => 0, failed => 0 };
	return $self;
}

sub cases { my ($self) = @_; return $self->{counts}{passed} + $self->{counts}{failed}; }

sub run
{
	my ($self) = @_;
	$self->_connect;
	for (my $number = $self->{number}; $self->cases < $self->{cases}; $number += $self->{step})
	{
		srand($self->{seed} * 1000 + $number);
		my $before = int($self->cases / PROGRESS);
		$self->_test_relation($number);
		print 'relation ', $number, ': ', $self->cases, " cases, $self->{counts}{failed} failed\n" if int($self->cases / PROGRESS) > $before;
		last if $self->{first_only};
	}
	$self->{session}->close;
	return $self->{counts};
}

sub _connect
{
	my ($self) = @_;
	$self->{session} = DlProp::Session->new(dbname => $self->{dbname});
	return;
}

sub _test_relation
{
	my ($self, $number) = @_;
	my $relation = DlProp::Relation->new($self->{session});
	return if eval { $self->_call_relation($number, $relation); $relation->drop; 1 };
	my $why = $@;
	die $why unless $why =~ /connection lost/;
	$self->{counts}{failed}++;
	$self->_reconnect;
	my $call = $relation->{call};
	$self->_report($number, $relation, $call, { complaint => "crash: $why", script => [ $call ? $call->crash_script : () ] });
	return;
}

sub _call_relation
{
	my ($self, $number, $relation) = @_;
	return unless $relation->build;
	for (1 .. CALLS_PER_RELATION)
	{
		return if $self->cases >= $self->{cases};
		$relation->mutate if chance(0.12);
		my $call = $relation->{call} = $self->_next_call($relation);
		my $found = $call->check($self->{session});
		$self->_count($relation, $call, $found);
		if ($found->{complaint})
		{
			# the rest of the relation would fail for the same reason
			$relation->remember(@{ $found->{log} });
			$self->_report($number, $relation, $call, $found);
			return;
		}
		$relation->{setup} = [ @{ $relation->{setup} }, @{ $found->{changes} || [] } ];
		$relation->remember(@{ $found->{log} });
		$relation->pass_time;
	}
	return;
}

sub _next_call
{
	my ($self, $relation) = @_;
	return DlProp::Connection->new($relation) if chance(0.1);
	return DlProp::Call->again($relation) if @{ $relation->{calls} } && chance(0.25);
	my $call = DlProp::Call->new($relation);
	push @{ $relation->{calls} }, $call;
	return $call;
}

sub _count
{
	my ($self, $relation, $call, $found) = @_;
	my $counts = $self->{counts};
	$counts->{ $found->{complaint} ? 'failed' : 'passed' }++;
	$counts->{raised}++ if $found->{raised};
	$counts->{rows} += $found->{rows} // 0;
	$counts->{path}{ $found->{path} }++;
	$counts->{verb}{ $call->{verb} }{ $found->{path} }++;
	$counts->{kind}{ $relation->{kind} }{ $found->{path} }++;
	$counts->{reason}{ $found->{reason} }++ if $found->{reason};
	return;
}

sub _reconnect
{
	my ($self) = @_;
	eval { $self->{session}->close };
	for (1 .. 30)
	{
		sleep 1;
		return if eval { $self->_connect; $self->{session}->must('DROP SCHEMA IF EXISTS ' . SCHEMA . ' CASCADE'); 1 };
	}
	die "the server did not come back\n";
}

sub _report
{
	my ($self, $number, $relation, $call, $found) = @_;
	my $line = '-' x 72;
	my $report = "$line\nFAILED: seed $self->{seed}/$number, $relation->{kind}: $found->{complaint}\n";
	if ($call && $self->{scripts}++ < MAX_SCRIPTS)
	{
		eval { $relation->drop };
		my $shrink = DlProp::Shrink->new(dbname => $self->{dbname}, setup => $relation->{setup}, call => $call, log => $relation->{log},
			found => $found);
		$report .= "\n" . $shrink->script . "$line\n";
	}
	print $report;
	return;
}

1;
