# Long loads of ten million keys that are interrupted by a timeout, a cancel or a
# termination: each ends within a second, wherever it was.  And closed cursors and
# errors.  The session goes on, and the server log has no word of anything leaked.

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = start_node('interrupt', "fsync = off\nautovacuum = off\ndataloader.max_keys = 10000000\n");
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, grp int, v text);
	INSERT INTO item SELECT g, g % 100000, md5(g::text) FROM generate_series(1, 500000) g;
	CREATE INDEX ON item (grp);
	CREATE TABLE junction (item_id int REFERENCES item, tag int);
	INSERT INTO junction SELECT g, g % 1000 FROM generate_series(1, 300000) g;
	CREATE INDEX ON junction (tag, item_id);
	CREATE TABLE named (name text PRIMARY KEY);
	INSERT INTO named SELECT g::text FROM generate_series(1, 1000) g;
	-- keys in no order, as an array and as text
	CREATE UNLOGGED TABLE batch (keys int[], literal text, json text);
	ALTER TABLE batch ALTER keys SET STORAGE EXTERNAL, ALTER literal SET STORAGE EXTERNAL, ALTER json SET STORAGE EXTERNAL;
	INSERT INTO batch
	WITH random AS MATERIALIZED (SELECT array_agg((random() * 600000)::int) AS keys FROM generate_series(1, 10000000)),
		written AS MATERIALIZED (SELECT keys, keys::text AS literal FROM random)
	SELECT keys, literal, translate(literal, '{}', '[]') FROM written;
	VACUUM ANALYZE;
	-- this backend's processor time in seconds
	CREATE FUNCTION busy() RETURNS numeric LANGUAGE sql AS $$
		SELECT (split_part(stat, ' ', 12)::numeric + split_part(stat, ' ', 13)::numeric) / 100
		FROM substring(pg_read_file('/proc/self/stat') FROM '\) (.*)') stat $$;
	-- seconds from the timeout to its error, less the part that other processes had
	CREATE FUNCTION late(query text) RETURNS numeric LANGUAGE plpgsql AS $$
	DECLARE
		started numeric := busy();
		elapsed numeric;
	BEGIN
		EXECUTE query;
		RETURN NULL;
	EXCEPTION WHEN query_canceled THEN
		elapsed := extract(epoch FROM clock_timestamp() - statement_timestamp());
		RETURN (elapsed - extract(epoch FROM current_setting('statement_timeout')::interval)) * least(1, (busy() - started + 0.02) / elapsed);
	END $$;
});

# What each spends its time with, first to last: reading and sorting keys, the index or
# the plan, sorting rows, JSON or a tuplestore.
my %load = (
	'load_rows'          => 'SELECT count(*) FROM batch, dataloader.load_rows(NULL::item, keys)',
	'load_one'           => 'SELECT count(*) FROM batch, dataloader.load_one(NULL::item, keys)',
	'load_rows, sorted'  => q{SELECT count(*) FROM batch, dataloader.load_rows(NULL::item, keys, by => 'grp', order_by => 'v', first => 3)},
	'load_many'          => q{SELECT count(*) FROM batch, dataloader.load_many(NULL::item, keys, by => 'grp')},
	'load_many_json'     => q{SELECT length(dataloader.load_many_json('item', keys, by => 'grp', first => 1, columns => '{id}')::text) FROM batch},
	'load_connection'    => q{SELECT length(dataloader.load_connection('item', keys, by => 'grp', first => 1, columns => '{id}')::text) FROM batch},
	'load_one_json of a literal' => q{SELECT length(dataloader.load_one_json('item', literal, columns => '{id}')::text) FROM batch},
	'load_one_json of JSON'      => q{SELECT length(dataloader.load_one_json('item', json, columns => '{id}')::text) FROM batch},
	'texts of a literal' => 'SELECT count(*) FROM batch, dataloader.load_rows(NULL::named, literal)',
	'texts of JSON'      => 'SELECT count(*) FROM batch, dataloader.load_rows(NULL::named, json)',
	'load_count'         => q{SELECT cardinality(dataloader.load_count('item', keys, by => 'grp')) FROM batch},
	'load_many through'  => q{SELECT count(*) FROM batch, dataloader.load_many(NULL::item, keys, by => 'tag', through => 'junction')},
	'rejected by filter' => q{SELECT count(*) FROM batch, dataloader.load_rows(NULL::item, keys, filter => 'v IS NULL')},
);
my $check = q{SELECT dataloader.load_one_json('item', '{7,0}', columns => '{id}')::text};
my $wanted = '[{"id":7},null]';

# A busy machine may delay what ends in time, but not three times: what cannot be
# interrupted is late each time.
sub in_time
{
	my ($try) = @_;
	my $late;
	for (1 .. 3)
	{
		$late = $try->();
		last if $late < 1;
	}
	return $late;
}

# --- statement_timeout at several moments of the call; the same session goes on
my $latest = 0;
for my $path (qw(on off))
{
	for my $name (sort keys %load)
	{
		for my $ms ($path eq 'on' ? (60, 800) : 400, $name eq 'load_rows' ? 2500 : ())
		{
			my ($out, $err);
			my $late = in_time(sub {
				(undef, $out, $err) = $node->psql('postgres', "SET dataloader.direct_scan = $path; SET statement_timeout = '${ms}ms';\n"
					  . "SELECT late(\$\$$load{$name}\$\$);\nRESET statement_timeout; $check;");
				return $out =~ /^([\d.]+)$/m ? $1 : 0;
			});
			cmp_ok($late, '<', 1, sprintf('%s, direct_scan %s, timeout of %d ms: ended in time', $name, $path, $ms));
			like($out, qr/^[\d.]*\n\Q$wanted\E$/, 'and the session goes on') or diag($err);
			$latest = $late if $late > $latest;
		}
	}
}
note("the latest end: $latest s after the timeout");

# --- pg_cancel_backend and pg_terminate_backend
sub long_call
{
	my ($name, $sql) = @_;
	my $session = in_background($node, $sql, name => $name);
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '$name' AND state = 'active' AND query ~ '^DO'");
	usleep(100_000);
	return $session;
}

for my $path (qw(on off))
{
	for my $name ('load_rows', 'load_many', 'load_one_json of JSON')
	{
		# repeated, so that it is still running when it is cancelled
		my $sql = "SET dataloader.direct_scan = $path;\nDO \$\$ BEGIN FOR i IN 1 .. 1000 LOOP PERFORM * FROM ($load{$name}) x; END LOOP; END \$\$;\n$check;\n";
		for my $end ([ cancel => qr/canceling statement due to user request/ ], [ terminate => qr/terminating connection due to administrator command/ ])
		{
			my ($how, $message) = @$end;
			my $session;
			my $late = in_time(sub {
				$session = long_call($how, $sql);
				my $started = time;
				$node->safe_psql('postgres', "SELECT pg_${how}_backend(pid) FROM pg_stat_activity WHERE application_name = '$how'");
				$session->{handle}->finish;
				return time - $started;
			});
			cmp_ok($late, '<', 1, "$name, direct_scan $path, pg_${how}_backend: ended in time");
			like($session->{err}, $message, 'and by that');
			is($session->{out}, $how eq 'cancel' ? "$wanted\n" : '', $how eq 'cancel' ? 'and the session goes on' : 'and the session is over');
		}
	}
}

# --- sets that are not read to their end, errors that are caught
is( $node->safe_psql('postgres', q{
	SET statement_timeout = 0;
	BEGIN;
	DECLARE c CURSOR FOR SELECT ord FROM dataloader.load_rows(NULL::item, ARRAY[1, 2, 3]);
	FETCH 1 FROM c;
	CLOSE c;
	SELECT ord FROM dataloader.load_many(NULL::item, ARRAY[1, 2, 3], by => 'grp') LIMIT 1;
	SAVEPOINT s;
	DECLARE d CURSOR FOR SELECT ord FROM dataloader.load_one(NULL::item, ARRAY[1, 2, 3]);
	FETCH 2 FROM d;
	ROLLBACK TO s;
	COMMIT;
	DO $$
	BEGIN
		FOR i IN 1 .. 100 LOOP
			BEGIN
				PERFORM dataloader.load_one_json('item', ARRAY[i, i + 1], by => 'grp');
				RAISE 'no error';
			EXCEPTION WHEN cardinality_violation THEN NULL;
			END;
			BEGIN
				PERFORM * FROM dataloader.load_rows(NULL::item, ARRAY[i, i + 1], filter => '1 / (id - ' || i || ') = 0');
				RAISE 'no error';
			EXCEPTION WHEN division_by_zero THEN NULL;
			END;
		END LOOP;
	END $$;
	SELECT 'end';
}), "1\n1\n1\n2\nend", 'cursors, limits and caught errors');

$node->stop;
clean_log($node);

done_testing();
