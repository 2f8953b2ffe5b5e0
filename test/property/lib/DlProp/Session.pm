package DlProp::Session;

# One psql at the other end of two pipes.  run() sends statements and returns,
# for each, its rows or its error.  Errors come on the same pipe as the rows:
# psql flushes its output before it reports one, so the order holds.

use strict;
use warnings;
use IPC::Open3;

my $MARK = '@@end-of-statement@@';

sub new
{
	my ($class, %opt) = @_;
	my $self = bless { opt => \%opt, sent => 0 }, $class;
	$self->_start;
	return $self;
}

sub _start
{
	my ($self) = @_;
	local $ENV{PGOPTIONS}       = '-c client_min_messages=warning -c jit=off -c statement_timeout=120s';
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	my @command = ('psql', '-X', '-q', '-A', '-t', '-d', $self->{opt}{dbname});
	$self->{pid} = open3(my $in, my $out, undef, @command);
	binmode($_, ':utf8') for $in, $out;
	$self->{in}  = $in;
	$self->{out} = $out;
	$in->autoflush(1);
	print $in "\\set VERBOSITY verbose\n\\set ON_ERROR_ROLLBACK on\n"
	  . "\\pset fieldsep '\\t'\n\\pset null '\\\\N'\nSET synchronous_commit = off;\n";
}

# Returns one hash for each statement: { rows => [[..], ..] } or
# { error => sqlstate, message => text }, with { warnings => [..] }.
# dies when the server or psql is gone.
sub run
{
	my ($self, @statements) = @_;
	my @texts = map { "$_;\n\\echo $MARK\n" } @statements;

	# a small batch goes at once; a big one could block both ends of the pipes
	my $size = 0;
	$size += length for @texts;
	@texts = (join '', @texts) if $size < 16_000;

	my @results;
	for my $text (@texts)
	{
		print { $self->{in} } $text;
		push @results, $self->_read_result for 1 .. (@texts == 1 ? @statements : 1);
	}
	return @results;
}

sub _read_result
{
	my ($self) = @_;
	my $out = $self->{out};
	my %result = (rows => [], warnings => []);
	my $in_message = 0;
	while (defined(my $line = <$out>))
	{
		chomp $line;
		return \%result if $line eq $MARK;
		if ($line =~ /^(?:psql:\S+ )?(ERROR|FATAL|PANIC|WARNING):  (\w{5}): (.*)/)
		{
			if   ($1 eq 'WARNING') { push @{ $result{warnings} }, $3; }
			elsif (!$result{error}) { @result{qw(error message)} = ($2, $3); }
			$in_message = 1;
		}
		elsif ($line =~ /^(server closed|connection to server was lost|The connection to the server|psql: error)/)
		{
			die "server connection lost: $line\n";
		}
		elsif ($in_message)     { $result{message} .= "\n$line" if $result{error}; }
		else                { push @{ $result{rows} }, [ split /\t/, $line, -1 ]; }
	}
	die "server connection lost\n";
}

# run statements that must not fail
sub must
{
	my ($self, @statements) = @_;
	my @results = $self->run(@statements);
	for my $i (0 .. $#results)
	{
		die "$results[$i]{error}: $results[$i]{message}\nin: $statements[$i]\n" if $results[$i]{error};
	}
	return @results;
}

sub close
{
	my ($self) = @_;
	local $SIG{__WARN__} = sub { };    # psql may be gone
	kill TERM => $self->{pid};
	CORE::close $self->{in};
	CORE::close $self->{out};
	waitpid $self->{pid}, 0;
	return;
}

1;
