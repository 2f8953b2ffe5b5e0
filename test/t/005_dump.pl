# A database with the extension, and with objects that call it, survives
# pg_dump and pg_restore in every format, and pg_upgrade.

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = start_node('old');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $database = 'Shop "one"';
$old->safe_psql('postgres', 'CREATE DATABASE "Shop ""one""" TEMPLATE template0');
make_tables($old, $database);
# Objects of every kind that may call a function, and settings.
$old->safe_psql($database, q{
	CREATE SCHEMA app;
	CREATE TABLE app."Order" (id int PRIMARY KEY, "accountId" int NOT NULL, placed date NOT NULL);
	CREATE INDEX ON app."Order" ("accountId", placed);
	INSERT INTO app."Order" SELECT g, g % 1000, date '2024-01-01' + g % 300 FROM generate_series(1, 3000) g;

	CREATE VIEW app.newest AS
	SELECT id, dataloader.load_many_json('app."Order"', ARRAY[id], by => '"accountId"', order_by => 'placed DESC, id', first => 2) AS orders FROM account;
	CREATE VIEW app.rows AS SELECT ord, item FROM dataloader.load_rows(NULL::app."Order", ARRAY[1, 2, 3], by => '"accountId"');
	CREATE MATERIALIZED VIEW app.counts AS
	SELECT k, n FROM unnest(ARRAY[1, 2, 3], dataloader.load_count('app."Order"', ARRAY[1, 2, 3], by => '"accountId"')) x(k, n);
	CREATE FUNCTION app.by_text(ids int[]) RETURNS json LANGUAGE sql STABLE AS
		$$ SELECT dataloader.load_one_json('app."Order"', ids, columns => '{placed}') $$;
	CREATE FUNCTION app.by_body(ids int[]) RETURNS TABLE (ord bigint, item app."Order") LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT * FROM dataloader.load_one(NULL::app."Order", ids);
	END;
	CREATE FUNCTION app.checked() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF dataloader.load_one_json('public.account', ARRAY[NEW."accountId"])::text = '[null]' THEN RAISE 'no such account'; END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER checked BEFORE INSERT ON app."Order" FOR EACH ROW EXECUTE FUNCTION app.checked();
	CREATE TABLE app.note (id int PRIMARY KEY, account_id int, text text,
		newest text DEFAULT dataloader.load_one_json('app."Order"', '[1]', columns => '{placed}')::text);
	INSERT INTO app.note VALUES (1, 1, 'one'), (2, 20000, 'two');
	ALTER TABLE app.note ENABLE ROW LEVEL SECURITY;
	CREATE POLICY known ON app.note USING (dataloader.load_count('public.account', ARRAY[account_id], by => 'id') = ARRAY[1::bigint]);
	CREATE ROLE regress_clerk;
	GRANT USAGE ON SCHEMA app TO regress_clerk;
	GRANT SELECT ON app.note, account TO regress_clerk;
	REVOKE USAGE ON SCHEMA dataloader FROM PUBLIC;
	GRANT USAGE ON SCHEMA dataloader TO regress_clerk;
	REVOKE EXECUTE ON FUNCTION dataloader.explain(regclass, text, text, regclass, text, text, jsonb, text, int, int, text[]) FROM PUBLIC;
	ALTER DATABASE "Shop ""one""" SET dataloader.json_bigints = 'string';
	ALTER ROLE regress_clerk SET dataloader.direct_scan = off;
});

# What the objects say, in a new session each time.
sub uses
{
	my ($node) = @_;
	return $node->safe_psql($database, q{
		SELECT md5(string_agg(n::text, ' ' ORDER BY id)), sum(json_array_length(orders->0)) FROM app.newest n;
		SELECT * FROM app.rows ORDER BY 1, 2;
		SELECT * FROM app.counts ORDER BY 1;
		SELECT app.by_text(ARRAY[3, 1]), app.by_body(ARRAY[3, 9999]);
		SHOW dataloader.json_bigints;
		SET ROLE regress_clerk;
		SELECT * FROM app.note;
		RESET ROLE;
		BEGIN;
		INSERT INTO app.note VALUES (3) RETURNING newest;
		SELECT has_function_privilege('regress_clerk', p.oid, 'EXECUTE'), p.oid::regprocedure FROM pg_proc p WHERE proname = 'explain' ORDER BY 2;
		SELECT nspacl FROM pg_namespace WHERE nspname = 'dataloader';
		ROLLBACK;
	});
}

sub schema_of
{
	my ($node) = @_;
	my $file = "$dir/schema";
	$node->command_ok([ 'pg_dump', '--schema-only', '--create', '--file', $file, '-d', $node->connstr . ' dbname=' . quoted($database) ], 'pg_dump of ' . $node->name);
	# a key of the day that newer releases write into each dump
	return join '', grep { !/^\\(un)?restrict / } split /(?<=\n)/, slurp_file($file);
}
sub quoted { return "'" . ($_[0] =~ s/(['\\])/\\$1/gr) . "'" }

sub is_the_same
{
	my ($node, $how, $wanted) = @_;
	is($node->safe_psql($database, q{SELECT extversion FROM pg_extension WHERE extname = 'dataloader'}), $wanted->{version}, "$how: the extension is there");
	is(uses($node), $wanted->{uses}, "$how: objects that use it answer as before");
	is(same_answers($node, $how, $database), $wanted->{answers}, "$how: the same answers as before");
	is(schema_of($node), $wanted->{schema}, "$how: dumped again, the schema is the same");
	my $trigger = ($node->psql($database, q{INSERT INTO app."Order" VALUES (-1, 20000, '2024-01-01')}))[2];
	like($trigger, qr/no such account/, "$how: the trigger works");
	return;
}

my %wanted = (
	version => $old->safe_psql($database, q{SELECT extversion FROM pg_extension WHERE extname = 'dataloader'}),
	uses    => uses($old),
	answers => same_answers($old, 'before', $database),
	schema  => schema_of($old));
like($wanted{uses}, qr/^1\|1\|one\|/m, 'the policy lets one row through');
like($wanted{schema}, qr/^CREATE EXTENSION IF NOT EXISTS dataloader /m, 'the dump creates the extension');
unlike($wanted{schema}, qr/^CREATE FUNCTION dataloader\./m, '... and none of its functions');

# --- pg_dump, into a database of the same name on another server
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->append_conf('postgresql.conf', "jit = off\n");
$new->start;
$new->safe_psql('postgres', 'CREATE ROLE regress_clerk; ALTER ROLE regress_clerk SET dataloader.direct_scan = off');
for my $format ([ 'plain' ], [ 'directory', '-j2' ])
{
	my ($name, @jobs) = @$format;
	my $file = "$dir/dump-$name";
	$old->command_ok([ 'pg_dump', "--format=$name", @jobs, '--create', '--file', $file, '-d', $old->connstr . ' dbname=' . quoted($database) ], "pg_dump, $name");
	$new->safe_psql('postgres', 'DROP DATABASE IF EXISTS "Shop ""one"""');
	$new->command_ok(
		$name eq 'plain'
		? [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $new->connstr('postgres'), '-f', $file ]
		: [ 'pg_restore', '--exit-on-error', '--create', @jobs, '-d', $new->connstr('postgres'), $file ],
		"restore, $name");
	is_the_same($new, $name, \%wanted);
}
$new->stop;
clean_log($new);

# --- pg_upgrade: it takes no types of columns that it cannot carry over, and
# makes each function of the extension anew
my $upgraded = PostgreSQL::Test::Cluster->new('upgraded');
$upgraded->init;
$upgraded->append_conf('postgresql.conf', "jit = off\n");
$old->stop;
clean_log($old);
chdir $dir or die; # pg_upgrade writes there
my $bindir = $old->config_data('--bindir');
my @upgrade = ('pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $upgraded->data_dir, '-b', $bindir, '-B', $bindir,
	'-s', $old->host, '-p', $old->port, '-P', $upgraded->port);
$upgraded->command_ok([ @upgrade, '--check' ], 'pg_upgrade --check');
$upgraded->command_ok([@upgrade], 'pg_upgrade');
$upgraded->start;
is_the_same($upgraded, 'pg_upgrade', \%wanted);
is($upgraded->safe_psql($database, q{
	SELECT count(*) > 0 AND count(*) = count(p.oid) FROM pg_depend d LEFT JOIN pg_proc p ON p.oid = d.objid
	WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dataloader') AND d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass}),
	't', 'its functions still belong to the extension');
$upgraded->safe_psql($database, 'DROP EXTENSION dataloader CASCADE; CREATE EXTENSION dataloader');
same_answers($upgraded, 'created again after pg_upgrade', $database);
$upgraded->stop;
clean_log($upgraded);
done_testing();
