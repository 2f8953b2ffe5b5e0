# ALTER EXTENSION UPDATE makes what CREATE EXTENSION of the new version makes:
# the same objects, with the same properties, comments and privileges.
#
# Every dataloader--A--B.sql of the tree is tested, and every path of them to
# the current version.  Whether this test can tell a difference is tested with
# a made-up version, in a copy of the extension's directory.

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();

# --- a server that finds the extension in a copy of where it is staged
my $staged = "$ENV{TESTDIR}/tmp_install";
my $conf = slurp_file($ENV{TEMP_CONFIG}) =~ s/\Q$staged\E/$dir\/copy/gr;
PostgreSQL::Test::RecursiveCopy::copypath($staged, "$dir/copy");
my $node = PostgreSQL::Test::Cluster->new('updated');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\n$conf");
$node->start;
my $sharedir = $node->config_data('--sharedir');
my $scripts = "$dir/copy$sharedir/extension";

# What the extension is, as text.  pg_dump writes its members as if they were
# not of an extension; pg_proc has what pg_dump may leave out.
sub inventory
{
	my $dump = "$dir/dump";
	system_or_bail('pg_dump', '--binary-upgrade', '--schema-only', '--file', $dump, $node->connstr('postgres'));
	my $text = slurp_file($dump);
	# numbers of the day, and what is for pg_upgrade only
	$text =~ s/^(\\(un)?restrict |SET relfrozenxid |WHERE oid = |SELECT pg_catalog\.binary_upgrade_set_next_).*\n//mg;
	$text =~ s/binary_upgrade_create_empty_extension.*\K'\{[\d,]+\}'/OIDS/;
	return $text . $node->safe_psql('postgres', q{
		SELECT p.oid::regprocedure, proowner::regrole, prolang, prosupport, provariadic, prorettype::regtype, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), acl,
			to_jsonb(p) - '{oid,proname,pronamespace,proowner,prolang,prosupport,provariadic,prorettype,proargtypes,proallargtypes,proargdefaults,prosqlbody,proacl}'::text[],
			obj_description(p.oid, 'pg_proc'), i.privtype, i.initprivs
		FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
			LEFT JOIN pg_init_privs i ON i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid,
			LATERAL (SELECT array_agg(a::text ORDER BY a::text) AS acl FROM unnest(proacl) a) a
		ORDER BY p.oid::regprocedure::text COLLATE "C";
		SELECT i.type, i.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, d.objsubid) i
		WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dataloader')
		ORDER BY i.type, i.identity COLLATE "C";
		SELECT extversion, extrelocatable, extnamespace::regnamespace, c.relation::regclass, c.condition
		FROM pg_extension LEFT JOIN LATERAL unnest(extconfig, extcondition) c(relation, condition) ON true WHERE extname = 'dataloader'
		ORDER BY c.relation::regclass::text COLLATE "C";
	});
}

sub fresh
{
	my ($version) = @_;
	$node->safe_psql('postgres', "DROP EXTENSION IF EXISTS dataloader CASCADE; CREATE EXTENSION dataloader VERSION '$version'");
	return inventory();
}

# Also in a session that has used the old version, which must go on.
sub updated
{
	my ($from, $to) = @_;
	my $call = q{SELECT dataloader.load_one_json('known', '[1,2]')};
	my $said = $node->safe_psql('postgres', qq{
		DROP EXTENSION IF EXISTS dataloader CASCADE;
		CREATE EXTENSION dataloader VERSION '$from';
		$call;
		ALTER EXTENSION dataloader UPDATE TO '$to';
		$call;
	});
	is($said, qq{[{"id":1},null]\n[{"id":1},null]}, "$from to $to: a session goes on");
	return inventory();
}
$node->safe_psql('postgres', 'CREATE TABLE known (id int PRIMARY KEY); INSERT INTO known VALUES (1)');

# '' if the two are the same
sub difference
{
	my ($updated, $fresh) = @_;
	my %file = (updated => $updated, fresh => $fresh);
	for my $name (keys %file)
	{
		open my $handle, '>', "$dir/$name" or die;
		print $handle $file{$name};
		close $handle or die;
	}
	return (run_command([ 'diff', '-U0', "$dir/fresh", "$dir/updated" ]))[0];
}

# --- the scripts of the tree
my @files = glob 'dataloader--*.sql';
my ($current) = slurp_file('dataloader.control') =~ /^default_version\s*=\s*'([^']+)'/m;
ok(-f "dataloader--$current.sql", "there is a script that creates version $current");
for my $file (@files)
{
	ok(-f "$staged$sharedir/extension/$file", "make install installs $file");
}
my %created = map { /^dataloader--((?:(?!--).)+)\.sql$/ ? ($1 => 1) : () } @files;
my @updates = map { /^dataloader--((?:(?!--).)+)--((?:(?!--).)+)\.sql$/ ? [ $1, $2 ] : () } @files;
for my $update (@updates)
{
	my ($from, $to) = @$update;
	ok($created{$_}, "dataloader--$from--$to.sql: there is a script that creates $_") for $from, $to;
}
my @paths = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres',
	"SELECT source, target, path FROM pg_extension_update_paths('dataloader') WHERE path IS NOT NULL ORDER BY 1, 2");
is(scalar(grep { $_->[2] eq "$_->[0]--$_->[1]" } @paths), scalar(@updates), 'the server finds every script');
for my $version (sort keys %created)
{
	like(fresh($version), qr/^CREATE FUNCTION dataloader\.load_many_json\(/m, "version $version can be created, and has functions");
}
for my $path (@paths)
{
	my ($from, $to, $way) = @$path;
	is(difference(updated($from, $to), fresh($to)), '', "updated by $way: as freshly created");
}

# --- a version that does not exist: what it adds ...
my $next = 'made-up';
my $additions = q{
CREATE FUNCTION dataloader.made_up(relation pg_catalog.regclass, keys pg_catalog.text, by pg_catalog.text DEFAULT NULL)
RETURNS SETOF pg_catalog.text AS 'MODULE_PATHNAME', 'dataloader_explain' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10;
COMMENT ON FUNCTION dataloader.made_up(pg_catalog.regclass, pg_catalog.text, pg_catalog.text) IS 'made up';
REVOKE EXECUTE ON FUNCTION dataloader.made_up(pg_catalog.regclass, pg_catalog.text, pg_catalog.text) FROM PUBLIC;
CREATE TABLE dataloader.made_up_setting (name pg_catalog.text PRIMARY KEY, value pg_catalog.int4 NOT NULL DEFAULT 1);
GRANT SELECT ON dataloader.made_up_setting TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dataloader.made_up_setting', 'WHERE value > 0');
CREATE TYPE dataloader.made_up_direction AS ENUM ('up', 'down');
};
append_to_file("$scripts/dataloader--$next.sql", slurp_file("dataloader--$current.sql") . $additions);
append_to_file("$scripts/dataloader--$current--$next.sql", $additions);
my $wanted = fresh($next);
is(difference(updated($current, $next), $wanted), '', 'a right update is like the fresh version');
like($wanted, qr/$_/, "the inventory has $_") for
  'COMMENT ON FUNCTION dataloader\.load_one', 'REVOKE ALL ON FUNCTION dataloader\.made_up', 'made_up_setting.*WHERE value > 0', 'type.dataloader\.made_up_direction';

# ... and updates that are wrong in one thing each
my $one = 'dataloader.made_up(pg_catalog.regclass, pg_catalog.text, pg_catalog.text)';
my $another = 'dataloader.load_one_json(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.text[])';
my %wrong = (
	volatility    => "ALTER FUNCTION $one VOLATILE",
	strictness    => "ALTER FUNCTION $one STRICT",
	leakproof     => "ALTER FUNCTION $another LEAKPROOF",
	parallel      => "ALTER FUNCTION $another PARALLEL SAFE",
	definer       => "ALTER FUNCTION $another SECURITY DEFINER",
	cost          => "ALTER FUNCTION $another COST 1",
	rows          => "ALTER FUNCTION $one ROWS 1000",
	setting       => "ALTER FUNCTION $one SET search_path = pg_catalog",
	comment       => "COMMENT ON FUNCTION $one IS 'made  up'",
	'no comment'  => "COMMENT ON FUNCTION $another IS NULL",
	privileges    => "GRANT EXECUTE ON FUNCTION $one TO PUBLIC",
	'same rights' => "GRANT EXECUTE ON FUNCTION $another TO PUBLIC",
	schema        => 'REVOKE USAGE ON SCHEMA dataloader FROM PUBLIC',
	'C function'  => q{CREATE OR REPLACE FUNCTION dataloader.made_up(relation regclass, keys text, by text DEFAULT NULL) RETURNS SETOF text AS 'MODULE_PATHNAME', 'dataloader_load_rows' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10},
	default       => q{CREATE OR REPLACE FUNCTION dataloader.made_up(relation regclass, keys text, by text DEFAULT 'id') RETURNS SETOF text AS 'MODULE_PATHNAME', 'dataloader_explain' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10},
	missing       => "DROP FUNCTION $one",
	surplus       => q{CREATE FUNCTION dataloader.surplus() RETURNS int LANGUAGE internal AS 'pg_backend_pid'},
	'no member'   => "ALTER EXTENSION dataloader DROP FUNCTION $one",
	column        => 'ALTER TABLE dataloader.made_up_setting ALTER value DROP NOT NULL',
	'config dump' => q{SELECT pg_extension_config_dump('dataloader.made_up_setting', '')},
	label         => q{ALTER TYPE dataloader.made_up_direction RENAME VALUE 'up' TO 'Up'});
for my $what (sort keys %wrong)
{
	my $from = "wrong-$what" =~ tr/ /_/r;
	append_to_file("$scripts/dataloader--$from.sql", slurp_file("dataloader--$current.sql"));
	append_to_file("$scripts/dataloader--$from--$next.sql", "$additions$wrong{$what};\n");
	isnt(difference(updated($from, $next), $wanted), '', "a wrong update is found out: $what");
}

$node->stop;
clean_log($node);
done_testing();
