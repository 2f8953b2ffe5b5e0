# Keys and rows are looked up ahead of the scan in pages that are neither pinned nor
# locked, while others split, delete and rewrite these pages, and few of them stay in
# memory.

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{SECONDS} // 8;
my $node = start_node('look_ahead', "shared_buffers = 1MB\nfsync = off\nautovacuum = off\n");

# Nearly empty leaf pages make a tall tree of few rows.
$node->safe_psql('postgres', q{
	CREATE TABLE parcel (id int8 NOT NULL, owner int NOT NULL);
	INSERT INTO parcel SELECT g * 10, g % 9000 FROM generate_series(1, 30000) g;
	CREATE UNIQUE INDEX parcel_id ON parcel (id) WITH (fillfactor = 10);
	CREATE INDEX parcel_owner ON parcel (owner, id) WITH (fillfactor = 10);
	-- Its few pages stay in memory, as they are used so often, until it is written anew.
	CREATE TABLE depot (id int PRIMARY KEY, area int NOT NULL, version int NOT NULL) WITH (fillfactor = 50);
	INSERT INTO depot SELECT g, g % 100, 0 FROM generate_series(1, 2000) g;
	CREATE INDEX depot_area ON depot (area);
	CREATE TABLE wrong (way text);
	VACUUM ANALYZE parcel, depot;
	-- in one statement, so that all see the same rows
	CREATE FUNCTION compare(keys int8[]) RETURNS void LANGUAGE sql AS $$
		INSERT INTO wrong SELECT way FROM
			(SELECT 'to-one', dataloader.load_one_json('parcel', keys, by => 'id')::text,
				(SELECT json_agg(p ORDER BY ord)::text FROM unnest(keys) WITH ORDINALITY k(key, ord) LEFT JOIN parcel p ON id = key)
			UNION ALL SELECT 'newest', dataloader.load_many_json('parcel', keys, by => 'owner', order_by => 'id DESC', first => 2)::text,
				(SELECT json_agg(list ORDER BY ord)::text FROM unnest(keys) WITH ORDINALITY k(key, ord),
					LATERAL (SELECT coalesce(json_agg(p), '[]') AS list FROM (SELECT * FROM parcel WHERE owner = key ORDER BY id DESC LIMIT 2) p) l)
			UNION ALL SELECT 'count', dataloader.load_count('parcel', keys, by => 'owner')::text,
				(SELECT array_agg(n ORDER BY ord)::text FROM unnest(keys) WITH ORDINALITY k(key, ord),
					LATERAL (SELECT count(*) AS n FROM parcel WHERE owner = key) l)
			UNION ALL SELECT 'hot, to-one', dataloader.load_one_json('depot', ids)::text,
				(SELECT json_agg(d ORDER BY ord)::text FROM unnest(ids) WITH ORDINALITY k(key, ord) LEFT JOIN depot d ON id = key)
				FROM (SELECT array_agg(g) AS ids FROM generate_series(keys[1]::int % 9, 2100, 9) g) i
			UNION ALL SELECT 'hot', dataloader.load_many_json('depot', areas, by => 'area', order_by => 'id')::text,
				(SELECT json_agg(list ORDER BY ord)::text FROM unnest(areas) WITH ORDINALITY k(key, ord),
					LATERAL (SELECT json_agg(d ORDER BY id) AS list FROM depot d WHERE area = key) l)
			FROM (SELECT array_agg(g) AS areas FROM generate_series(0, 99) g) a) c(way, load, plain)
		WHERE regexp_replace(load, '\s', '', 'g') IS DISTINCT FROM regexp_replace(plain, '\s', '', 'g') $$;
});
is($node->safe_psql('postgres', q{SELECT e FROM dataloader.explain('parcel', NULL::int8[], by => 'id') e WHERE e ~ '^path'}), 'path: direct', 'the direct path is taken');

# What is read from disk is used once; the clock sweep has to know of each use after it.
$node->restart;
is($node->safe_psql('postgres', q{
	CREATE EXTENSION pg_buffercache;
	DO $$ BEGIN FOR i IN 1..20 LOOP PERFORM dataloader.load_many_json('depot', ARRAY(SELECT generate_series(0, 99)), by => 'area'); END LOOP; END $$;
	SELECT count(*) > 10, min(usagecount) >= 4 FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('depot') AND relforknumber = 0}),
	't|t', 'pages that loads use count as used');
is($node->safe_psql('postgres', q{
	DO $$ BEGIN FOR i IN 1..20 LOOP PERFORM dataloader.load_one_json('depot', ARRAY(SELECT generate_series(1, 2000, 5))); END LOOP; END $$;
	-- all but the first, of which a backend keeps a copy
	SELECT count(*) > 5, min(usagecount) >= 4 FROM pg_buffercache
		WHERE relfilenode = pg_relation_filenode('depot_pkey') AND relforknumber = 0 AND relblocknumber > 0}),
	't|t', 'and those of an index, though rows are found by hints there');

my $directory = PostgreSQL::Test::Utils::tempdir();
my %scripts = (
	read => q{SELECT compare((SELECT array_agg((random() * 30000)::int8 * 10 / (1 + g % 2 * 33)) FROM generate_series(1, 200) g))},
	# pages are split ...
	grow => q{INSERT INTO parcel SELECT (:x + g) * 10 + 1 + random() * 8, (:x + g) % 9000 FROM generate_series(1, 300) g ON CONFLICT DO NOTHING},
	# ... emptied ...
	shrink => q{DELETE FROM parcel WHERE id BETWEEN :x * 10 AND :x * 10 + 6000},
	# ... deleted, and used again
	vacuum => q{VACUUM (INDEX_CLEANUP ON) parcel, depot},
	# a row's older versions keep their entries in both indexes
	move => q{UPDATE parcel SET owner = (owner + 1) % 9000 WHERE id BETWEEN :x * 10 AND :x * 10 + 3000},
	change => q{UPDATE depot SET version = version + 1 WHERE id % 10 = :x % 10},
	# rows take the places of others
	swap => q{WITH gone AS (DELETE FROM depot WHERE id % 50 = :x % 50 RETURNING id, area) INSERT INTO depot SELECT id, area, 0 FROM gone},
	rewrite => q{VACUUM FULL depot});
my @files;
for my $name (sort keys %scripts)
{
	my $file = "$directory/$name.sql";
	append_to_file($file, "\\set x random(1, 29000)\n$scripts{$name};\n");
	my $weight = { read => 30, grow => 10, shrink => 10, vacuum => 1, move => 10, change => 5, swap => 5, rewrite => 1 }->{$name};
	push @files, '-f', "$file\@$weight";
}
$node->command_ok([ 'pgbench', '-n', '-c', 4, '-T', $seconds, @files, '-d', $node->connstr('postgres') ], 'loads, splits and deletions of pages side by side');
my $pages = $node->safe_psql('postgres', q{CREATE EXTENSION pageinspect; SELECT (bt_metap('parcel_id')).fastlevel > 1,
	(SELECT count(*) > 0 FROM generate_series(1, pg_relation_size('parcel_id') / current_setting('block_size')::int - 1) page, bt_page_stats('parcel_id', page::int) WHERE type = 'd')});
is($pages, 't|t', 'the tree stayed tall, and pages of it were deleted');
is($node->safe_psql('postgres', q{SELECT way, count(*) FROM wrong GROUP BY way}), '', 'each load said what plain SQL said');
$node->safe_psql('postgres', q{CREATE EXTENSION amcheck; SELECT bt_index_check('parcel_id', true), bt_index_check('parcel_owner', true)});
clean_log($node);
done_testing();
