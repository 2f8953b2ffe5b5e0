# Long loads that are interrupted by a timeout, a cancel, a termination, a
# closed cursor or an error: they end soon, the session goes on, and the
# server log has no word of anything leaked.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = PostgreSQL::Test::Cluster->new('interrupt');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off\nlog_min_messages = warning\n");
if ($ENV{DL_DESTDIR})
{
	my $libdir = `$ENV{PG_CONFIG} --pkglibdir`;
	chomp $libdir;
	$node->append_conf('postgresql.conf',
		"extension_destdir = '$ENV{DL_DESTDIR}'\ndynamic_library_path = '\$libdir:$ENV{DL_DESTDIR}$libdir'\n");
}
$node->start;

$node->safe_psql('postgres', q{
	CREATE EXTENSION dataloader;
	ALTER SYSTEM SET dataloader.max_keys = 10000000;
	CREATE TABLE item (id int PRIMARY KEY, grp int, v text);
	INSERT INTO item SELECT g, g % 100000, md5(g::text) FROM generate_series(1, 1000000) g;
	CREATE INDEX ON item (grp);
	CREATE TABLE junction (item_id int REFERENCES item, tag int);
	INSERT INTO junction SELECT g, g % 1000 FROM generate_series(1, 300000) g;
	CREATE INDEX ON junction (tag, item_id);
	-- three million keys in no order, as an array and as text
	CREATE TABLE batch AS
	SELECT array_agg(id) AS keys, array_agg(id)::text AS literal, json_agg(id)::text AS json
	FROM (SELECT (random() * 1200000)::int AS id FROM generate_series(1, 3000000)) r;
	VACUUM ANALYZE;
});
$node->reload;

my %load = (
	'load_rows'          => 'SELECT count(*) FROM batch, dataloader.load_rows(NULL::item, keys)',
	'load_one'           => 'SELECT count(*) FROM batch, dataloader.load_one(NULL::item, keys)',
	'load_rows, sorted'  => q{SELECT count(*) FROM batch, dataloader.load_rows(NULL::item, keys, by => 'grp', order_by => 'v', first => 3)},
	'load_many'          => q{SELECT count(*) FROM batch, dataloader.load_many(NULL::item, keys, by => 'grp')},
	'load_many_json'     => q{SELECT length(dataloader.load_many_json('item', keys, by => 'grp', first => 1, columns => '{id}')::text) FROM batch},
	'load_one_json of a literal' => q{SELECT length(dataloader.load_one_json('item', literal, columns => '{id}')::text) FROM batch},
	'load_one_json of JSON'      => q{SELECT length(dataloader.load_one_json('item', json, columns => '{id}')::text) FROM batch},
	'load_count'         => q{SELECT cardinality(dataloader.load_count('item', keys, by => 'grp')) FROM batch},
	'load_many through'  => q{SELECT count(*) FROM batch, dataloader.load_many(NULL::item, keys, by => 'tag', through => 'junction')},
	'rejected by filter' => q{SELECT count(*) FROM batch, dataloader.load_rows(NULL::item, keys, filter => 'v IS NULL')},
);
my $check = q{SELECT dataloader.load_one_json('item', '{7,0}', columns => '{id}')::text};
my $wanted = '[{"id":7},null]';

# --- statement_timeout, early and late in the call; the same session goes on
for my $path (qw(on off))
{
	for my $name (sort keys %load)
	{
		for my $ms (20, 120, 500)
		{
			my $started = time;
			my ($status, $out, $err) = $node->psql('postgres',
				"SET dataloader.direct_scan = $path; SET statement_timeout = '${ms}ms';\n$load{$name};\nRESET statement_timeout; $check;",
				on_error_stop => 0);
			my $took = time - $started;
			my $ended = $err =~ /canceling statement due to statement timeout/ || ($out =~ /^\d+\n/ && $err eq '');
			ok($ended && $took < $ms / 1000 + 2.5 && $out =~ /\Q$wanted\E$/,
				sprintf('%s, direct_scan %s: timeout of %d ms', $name, $path, $ms))
			  or diag(sprintf "took %.2f s; out: %s; err: %s", $took, $out, $err);
		}
	}
}

# --- pg_cancel_backend and pg_terminate_backend
sub in_background
{
	my ($application, $sql) = @_;
	my ($out, $err) = ('', '');
	my $script = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
	append_to_file($script, $sql);
	my $handle = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . " application_name=$application", '-f', $script ],
		'>', \$out, '2>', \$err);
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '$application' AND state = 'active' AND query ~ '^DO'");
	usleep(100_000);
	return { handle => $handle, out => \$out, err => \$err };
}

for my $path (qw(on off))
{
	for my $name ('load_rows', 'load_many', 'load_one_json of JSON')
	{
		# repeated, so that it is still running when it is cancelled
		my $sql = "SET dataloader.direct_scan = $path;\nDO \$\$ BEGIN FOR i IN 1 .. 1000 LOOP PERFORM * FROM ($load{$name}) x; END LOOP; END \$\$;\n$check;\n";
		my $session = in_background('cancelled', $sql);
		my $started = time;
		is($node->safe_psql('postgres', "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE application_name = 'cancelled'"),
			'1', "$name, direct_scan $path: cancel sent");
		$session->{handle}->finish;
		cmp_ok(time - $started, '<', 3, 'ended soon');
		like(${ $session->{err} }, qr/canceling statement due to user request/, 'cancelled');
		like(${ $session->{out} }, qr/\Q$wanted\E/, 'the session goes on');

		$session = in_background('terminated', $sql);
		$started = time;
		$node->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'terminated'");
		$session->{handle}->finish;
		cmp_ok(time - $started, '<', 3, 'terminated soon');
		like(${ $session->{err} }, qr/terminating connection due to administrator command/, 'terminated');
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
my $log = slurp_file($node->logfile);
unlike($log, qr/leak/i, 'nothing leaked');
unlike($log, qr/WARNING|PANIC|TRAP|signal 11/, 'no warnings, no crash');

done_testing();
