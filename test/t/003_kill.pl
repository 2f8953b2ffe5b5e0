# A server that is killed while it loads and writes: a backend by SIGKILL, upon
# which the server restarts itself, and the postmaster.  Loads beside writes
# agree with plain SQL of the same snapshot, and so do those after recovery.

use strict;
use warnings;
use DlTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'usleep';

my $node = start_node('killed', "restart_after_crash = on\nautovacuum_naptime = 1s\ncheckpoint_timeout = 30s\n");
my $scripts = PostgreSQL::Test::Utils::tempdir();

append_to_file("$scripts/write", q{
\set id random(1, 12000)
\set owner random(0, 520)
\set tag random(1, 50)
BEGIN;
INSERT INTO account VALUES (:id, :owner, :owner, 'new') ON CONFLICT (id) DO UPDATE SET balance = account.balance + 1, owner = :owner;
DELETE FROM account_tag WHERE account_id = :id AND tag_id < :tag;
INSERT INTO account_tag VALUES (:id, :tag) ON CONFLICT DO NOTHING;
DELETE FROM account WHERE id = :id + 1 AND :tag = 1;
COMMIT;
});
append_to_file("$scripts/vacuum", "VACUUM account;\nVACUUM account_tag;\n");
# One statement, so one snapshot, for the load and for plain SQL.
my $keys = '(SELECT array_agg(g) FROM generate_series(:key::int, :key::int + 40, 4) g)';
append_to_file("$scripts/load", "\\set key random(0, 520)\n"
	  . join('', map { "SELECT 1 / (md5($_->[1]) IS NOT DISTINCT FROM md5($_->[2]))::int;\n" } questions($keys)) =~ s/\n(?!SELECT)\s*/ /gr . "\n");

sub start_load
{
	my ($path) = @_;
	my %run = (err => '', out => '');
	local $ENV{PGOPTIONS} = "-c dataloader.direct_scan=$path";
	$run{handle} = IPC::Run::start([ 'pgbench', '-n', '-c', 6, '-j', 2, '-T', 60, '-M', 'prepared',
			'-f', "$scripts/load\@10", '-f', "$scripts/write\@20", '-f', "$scripts/vacuum\@1", $node->connstr('postgres') ],
		'>', \$run{out}, '2>', \$run{err});
	$node->poll_query_until('postgres', q{SELECT sum(n_tup_upd) > 300 FROM pg_stat_user_tables}) or die 'nothing is written';
	return \%run;
}

# All that a client may complain of is that the server went away.
sub end_load
{
	my ($run, $when) = @_;
	$run->{handle}->finish;
	my @complaints = grep { /ERROR|division/ } split /\n/, $run->{err};
	is("@complaints", '', "$when: every load beside writes agreed with plain SQL");
	like($run->{err}, qr/server closed the connection|terminating connection|Connection to database failed|aborted/, "$when: the server went away");
	return;
}

sub reset_statistics { $node->safe_psql('postgres', 'SELECT pg_stat_reset()') }

my $busy = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active' AND query ~ '%s' AND pid <> pg_backend_pid() LIMIT 1};

same_answers($node, 'before');
for my $path (qw(on off))
{
	for my $victim ('dataloader[.]load', $path eq 'on' ? 'COMMIT|INSERT' : ())
	{
		my $when = "direct_scan $path, a backend was killed in $victim";
		my $run  = start_load($path);
		my $pid;
		for (1 .. 200)
		{
			last if $pid = $node->safe_psql('postgres', sprintf $busy, $victim);
		}
		ok($pid && kill('KILL', $pid), "$when: killed");
		end_load($run, $when);
		$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
		same_answers($node, $when);
		reset_statistics();
	}

	my $when = "direct_scan $path, the postmaster was killed";
	my $run  = start_load($path);
	usleep(300_000);
	$node->kill9;
	end_load($run, $when);
	# its children notice within a while, and hold the shared memory until then
	my $started = 0;
	for (1 .. 100)
	{
		last if $started = $node->start(fail_ok => 1);
		$node->stop('immediate', fail_ok => 1); # forgets the attempt
		usleep(200_000);
	}
	ok($started, "$when: it starts again");
	same_answers($node, $when);
	reset_statistics();
}

$node->stop;
clean_log($node);
like(slurp_file($node->logfile), qr/was terminated by signal 9: Killed/, 'the log tells of the kills');
done_testing();
