# After a crash, and on a standby, loads give what plain SQL gives; unlogged
# tables cannot be read on a standby.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'usleep';

sub configure
{
	my ($node) = @_;
	$node->append_conf('postgresql.conf', "jit = off\nmax_standby_streaming_delay = 200ms\nlog_min_messages = warning\n");
	return unless $ENV{DL_DESTDIR};
	my $libdir = `$ENV{PG_CONFIG} --pkglibdir`;
	chomp $libdir;
	$node->append_conf('postgresql.conf',
		"extension_destdir = '$ENV{DL_DESTDIR}'\ndynamic_library_path = '\$libdir:$ENV{DL_DESTDIR}$libdir'\n");
}

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
configure($primary);
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION dataloader;
	CREATE TABLE account (id int PRIMARY KEY, owner int, balance int, note text);
	INSERT INTO account SELECT g, g % 500, g, repeat('n', g % 40) FROM generate_series(1, 20000) g;
	CREATE INDEX ON account (owner, id);
	CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY, v text);
	INSERT INTO scratch SELECT g, 'v' || g FROM generate_series(1, 100) g;
	VACUUM ANALYZE;
});

my @questions = (
	[ 'load_many_json', q{SELECT md5(dataloader.load_many_json('account', (SELECT array_agg(g) FROM generate_series(0, 600) g), by => 'owner', order_by => 'id')::text)},
		q{SELECT md5('[' || string_agg('[' || coalesce(l, '') || ']', ',' ORDER BY g) || ']') FROM generate_series(0, 600) g
		  LEFT JOIN (SELECT owner, string_agg(row_to_json(a)::text, ',' ORDER BY id) AS l FROM account a GROUP BY owner) x ON owner = g} ],
	[ 'load_rows', q{SELECT count(*), sum(hashtext(item::text)) FROM dataloader.load_rows(NULL::account, (SELECT array_agg(g) FROM generate_series(1, 30000, 3) g))},
		q{SELECT count(*), sum(hashtext(a::text)) FROM account a WHERE id % 3 = 1} ],
	[ 'load_count', q{SELECT md5(dataloader.load_count('account', (SELECT array_agg(g) FROM generate_series(0, 600) g), by => 'owner')::text)},
		q{SELECT md5(array_agg(n ORDER BY g)::text) FROM (SELECT g, count(id) AS n FROM generate_series(0, 600) g LEFT JOIN account ON owner = g GROUP BY g) x} ],
);

# psql runs the statements while the test goes on
sub in_background
{
	my ($node, $sql, $out, $err) = @_;
	my $script = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
	append_to_file($script, $sql);
	my ($no_out, $no_err) = ('', '');
	return IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $script ],
		'>', $out // \$no_out, '2>', $err // \$no_err);
}

sub agree
{
	my ($node, $when) = @_;
	for my $question (@questions)
	{
		my ($name, $load, $plain) = @$question;
		my $wanted = $node->safe_psql('postgres', $plain);
		is($node->safe_psql('postgres', "SET dataloader.direct_scan = $_; $load"), $wanted, "$when: $name, direct_scan $_") for qw(on off);
	}
	is($node->safe_psql('postgres', q{SELECT e FROM dataloader.explain('account', NULL::int[], by => 'owner') e WHERE e ~ '^path'}),
		'path: direct', "$when: direct path");
}

agree($primary, 'before');

my $backup = 'backup';
$primary->backup($backup);
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, $backup, has_streaming => 1);
$standby->start;

# --- writes, and loads beside them, until the server is killed
my @handles;
for my $sql (
	q{UPDATE account SET balance = balance + 1, owner = (owner + 1) % 500 WHERE id = 1 + (random() * 19999)::int;},
	q{SELECT length(dataloader.load_many_json('account', (SELECT array_agg((random() * 500)::int) FROM generate_series(1, 50)), by => 'owner')::text);})
{
	push @handles, in_background($primary, "\\o /dev/null\n" . "$sql\n" x 100_000);
}
usleep(1_500_000);
agree_on_standby_while_it_replays();
$primary->stop('immediate');
$_->finish for @handles;
$primary->start;
agree($primary, 'after a crash');
is($primary->safe_psql('postgres', q{SELECT dataloader.load_one_json('scratch', '{1}')::text}), '[null]', 'an unlogged table is empty after a crash');

# --- the standby
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
agree($standby, 'on the standby');
is($standby->safe_psql('postgres', $questions[0][1]), $primary->safe_psql('postgres', $questions[0][1]), 'primary and standby agree');
for my $path (qw(on off))
{
	my ($status, $out, $err) = $standby->psql('postgres', "SET dataloader.direct_scan = $path; SELECT dataloader.load_one_json('scratch', '{1}')");
	like($err, qr/cannot access temporary or unlogged relations during recovery/, "unlogged table on a standby, direct_scan $path");
}

like($standby->safe_psql('postgres', q{SELECT * FROM dataloader.explain('scratch', NULL)}),
	qr/^reason: the relation is not readable during recovery$/m, 'explain says why');

# --- rows that VACUUM removes while the standby reads: cancelled, or right
my $reader = "\\set ON_ERROR_STOP 0\n" . q{BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM account;
SELECT pg_sleep(1.5);
SELECT 'rows ' || count(*) FROM dataloader.load_rows(NULL::account, (SELECT array_agg(g) FROM generate_series(1, 20000) g));
ROLLBACK;
SELECT 'next ' || dataloader.load_count('account', '{-1}', by => 'owner')::text;
};
my ($out, $err) = ('', '');
my $handle = in_background($standby, $reader, \$out, \$err);
usleep(500_000);
$primary->safe_psql('postgres', 'DELETE FROM account WHERE id % 2 = 0');
$primary->safe_psql('postgres', 'VACUUM account');
$handle->finish;
ok($out =~ /^rows 20000$/m || $err =~ /conflict with recovery/, 'a load beside the removal of its rows is right or cancelled') or diag("$out\n$err");
like($out . $err, qr/next \{0\}|terminating connection/, 'and the session goes on');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
agree($standby, 'on the standby, after VACUUM');

# --- promoted: what was prepared in recovery still holds
$standby->promote;
$standby->safe_psql('postgres', 'INSERT INTO account VALUES (0, 0, 0, NULL)');
agree($standby, 'after promotion');

for my $node ($primary, $standby)
{
	$node->stop;
	unlike(slurp_file($node->logfile), qr/leak|PANIC|TRAP|signal 11/, 'nothing leaked on the ' . $node->name);
}
done_testing();

# one statement takes one snapshot for both answers
sub agree_on_standby_while_it_replays
{
	for my $path (qw(on off))
	{
		my $wrong = 0;
		for (1 .. 5)
		{
			my ($status, $out) = $standby->psql('postgres', "SET dataloader.direct_scan = $path;
				SELECT ($questions[0][1]) = ($questions[0][2]) FROM generate_series(1, 3)");
			$wrong++ if $status == 0 && $out =~ /f/;
		}
		is($wrong, 0, "the standby is right while it replays, direct_scan $path");
	}
}
