# A load on a hot standby that is in the way of recovery is cancelled, in the
# middle of its work; its session goes on, and the standby catches up.

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = start_node('primary', "max_standby_streaming_delay = 100ms\nhot_standby_feedback = off\nautovacuum = off\n");
$primary->safe_psql('postgres', q{
	-- as a filter, it keeps a load busy until somebody ends it
	CREATE FUNCTION busy(int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
	BEGIN
		IF $1 > 50 THEN PERFORM pg_sleep(0.02); END IF;
		RETURN true;
	END $$;
});
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
same_answers($standby, 'standby');

# What the primary does, and the kind of conflict that it is.
my @conflicts = (
	[ 'rows removed by VACUUM', 'confl_snapshot',
		q{UPDATE account SET balance = balance + 1; VACUUM account;} ],
	[ 'a table locked and changed', 'confl_lock',
		q{BEGIN; ALTER TABLE account ADD COLUMN extra int; COMMIT; ALTER TABLE account DROP COLUMN extra;} ]);
my %load = (
	load_rows       => q{SELECT count(*) FROM dataloader.load_rows(NULL::account, (SELECT array_agg(g) FROM generate_series(1, 5000) g), filter => 'busy(id)')},
	load_many_json  => q{SELECT length(dataloader.load_many_json('account', (SELECT array_agg(g) FROM generate_series(0, 499) g), by => 'owner', order_by => 'busy(id), id')::text)},
	load_count      => q{SELECT dataloader.load_count('account', (SELECT array_agg(g) FROM generate_series(0, 499) g), by => 'owner', filter => 'busy(id)')},
);

for my $path (qw(on off))
{
	for my $conflict (@conflicts)
	{
		my ($what, $counter, $sql) = @$conflict;
		for my $name (sort keys %load)
		{
			my $when = "$what during $name, direct_scan $path";
			my $before = $standby->safe_psql('postgres', "SELECT $counter FROM pg_stat_database_conflicts WHERE datname = 'postgres'");
			my $reader = in_background($standby, qq{
				SET dataloader.direct_scan = $path;
				BEGIN ISOLATION LEVEL REPEATABLE READ;
				$load{$name};
				\\echo :LAST_ERROR_SQLSTATE
				ROLLBACK;
				SELECT 'next ' || dataloader.load_one_json('tag', '[7,99]', columns => '{id}');
			}, name => 'reader');
			$standby->poll_query_until('postgres',
				q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'reader' AND query ~ 'dataloader' AND wait_event = 'PgSleep'})
			  or die 'no load to disturb';
			$primary->safe_psql('postgres', $sql);
			$reader->{handle}->finish;
			like($reader->{err}, qr/^.*ERROR:  canceling statement due to conflict with recovery$/m, "$when: cancelled");
			like($reader->{out}, qr/^40001$/m, "$when: SQLSTATE");
			like($reader->{out}, qr/^next \[\{"id":7\},null\]$/m, "$when: the session goes on");
			$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
			ok($standby->poll_query_until('postgres', "SELECT $counter > $before FROM pg_stat_database_conflicts WHERE datname = 'postgres'"), "$when: counted as that conflict");
		}
	}
	is(same_answers($standby, "standby, after conflicts with direct_scan $path"), same_answers($primary, 'primary'), 'primary and standby agree');
}

for my $node ($standby, $primary)
{
	$node->stop;
	clean_log($node);
}
done_testing();
