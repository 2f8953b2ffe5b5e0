# DROP EXTENSION and CREATE EXTENSION in sessions whose caches are warm, while
# others use it, and in one of two databases that have relations of the same OIDs.

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('recreated');
$node->safe_psql('postgres', 'CREATE DATABASE other TEMPLATE postgres');
$node->safe_psql('other', 'UPDATE account SET balance = -balance; ALTER TABLE tag RENAME name TO title');

my $batch = q{SELECT dataloader.load_many_json('account', ARRAY[1, 2], by => 'owner', order_by => 'id', first => 1, columns => '{id,balance}')::text};
my $typed = q{SELECT count(*) || ' ' || sum((item).balance) FROM dataloader.load_rows(NULL::account, ARRAY[3, 4])};
my $through = q{SELECT md5(dataloader.load_many_json('tag', '[1,2]', by => 'account_id', through => 'account_tag', order_by => 'id')::text) <> ''};
my $here  = qq{[[{"id":1,"balance":7}],[{"id":2,"balance":14}]]\n2 49\nt};
my $there = qq{[[{"id":1,"balance":-7}],[{"id":2,"balance":-14}]]\n2 -49\nt};

sub session
{
	my ($database, $path) = @_;
	my $session = $node->background_psql($database, on_error_stop => 0);
	$session->query("SET dataloader.direct_scan = $path; SET plan_cache_mode = force_generic_plan");
	# a plan that is kept, and functions that keep theirs
	$session->query("PREPARE kept AS $batch");
	$session->query("CREATE OR REPLACE FUNCTION pg_temp.typed() RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN RETURN ($typed); END \$\$");
	return $session;
}

sub calls { return $_[0]->query("EXECUTE kept; SELECT pg_temp.typed(); $through") }

# The complaint about a statement that fails.
sub fails
{
	my ($session, $sql) = @_;
	$session->{stderr} = '';
	$session->query($sql);
	my $error = $session->{stderr};
	$session->{stderr} = '';
	return $error;
}

for my $path (qw(on off))
{
	my ($user, $admin, $stranger) = (session('postgres', $path), session('postgres', $path), session('other', $path));
	my $all_right = sub {
		my ($when) = @_;
		is(calls($user), $here, "direct_scan $path, $when: a session that uses it");
		is(calls($admin), $here, "direct_scan $path, $when: the session that did it");
		is(calls($stranger), $there, "direct_scan $path, $when: another database");
	};
	$all_right->('at first');

	$admin->query('BEGIN; DROP EXTENSION dataloader');
	is(calls($user), $here, "direct_scan $path, dropped, not committed: others still use it");
	like(fails($admin, $batch), qr/schema "dataloader" does not exist/, "direct_scan $path, ... but not who drops it");
	$admin->query('ROLLBACK');
	$all_right->('rolled back');

	$admin->query('DROP EXTENSION dataloader; CREATE EXTENSION dataloader');
	$all_right->('dropped and created');
	$admin->query('BEGIN; DROP EXTENSION dataloader; CREATE EXTENSION dataloader');
	is(calls($admin), $here, "direct_scan $path, dropped and created in a transaction: within it");
	$admin->query('ROLLBACK');
	$all_right->('that was rolled back');

	$admin->query('DROP EXTENSION dataloader');
	like(fails($user, 'EXECUTE kept'), qr/schema "dataloader" does not exist/, "direct_scan $path, dropped: a prepared statement");
	like(fails($user, 'SELECT pg_temp.typed()'), qr/schema "dataloader" does not exist/, "direct_scan $path, dropped: a function");
	is(calls($stranger), $there, "direct_scan $path, dropped: not in another database");
	# what was remembered of the table is out of date when the extension is back
	$admin->query('ALTER TABLE account ALTER balance TYPE numeric(12,1); DROP INDEX account_owner_id_idx; CREATE EXTENSION dataloader');
	is(calls($user), $here =~ s/(\d)(?=\}|\nt)/$1.0/gr, "direct_scan $path, created again: the table as it is now");
	$admin->query('ALTER TABLE account ALTER balance TYPE int; CREATE INDEX ON account (owner, id)');
	$user->query('DISCARD PLANS'); # PostgreSQL keeps the plan of (item).balance, whose type has changed
	$all_right->('the table as it was');
	for my $what (qw(PLANS ALL))
	{
		$user->query("DISCARD $what");
		$user->query("PREPARE kept AS $batch") if $what eq 'ALL';
		is($user->query("EXECUTE kept; $typed; $through"), $here, "direct_scan $path, after DISCARD $what");
	}
	$_->quit for $user, $admin, $stranger;
}

# --- a load that is under way while the extension goes
my $busy = in_background($node, q{SELECT count(*) FROM dataloader.load_rows(NULL::account, (SELECT array_agg(g) FROM generate_series(1, 40) g), filter => 'pg_sleep(0.02) IS NOT NULL')}, name => 'busy');
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'busy' AND wait_event = 'PgSleep'}) or die 'no load';
$node->safe_psql('postgres', 'DROP EXTENSION dataloader');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'busy' AND state = 'active'}), '1', 'dropped during a load');
$busy->{handle}->finish;
is($busy->{out} . $busy->{err}, "40\n", 'which ends as if nothing had happened');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'dataloader'}), '0', 'nothing is left of it');
$node->safe_psql('postgres', 'CREATE EXTENSION dataloader');
same_answers($node, 'at the end');

# --- over and over, in one session: what it remembers does not pile up
is($node->safe_psql('postgres', q{
	CREATE TABLE used (bytes bigint);
	DO $$
	BEGIN
		FOR i IN 1 .. 120 LOOP
			DROP EXTENSION dataloader;
			CREATE EXTENSION dataloader;
			PERFORM dataloader.load_one_json('account', ARRAY[i]), dataloader.load_count('account', ARRAY[i], by => 'owner');
			COMMIT;
			IF i IN (60, 120) THEN
				INSERT INTO used SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name ~ 'dataloader';
			END IF;
		END LOOP;
	END $$;
	SELECT count(*), min(bytes) = max(bytes) FROM used;
}), '2|t', 'created 120 times, and no more remembered than after 60');
$node->stop;
clean_log($node);
done_testing();
