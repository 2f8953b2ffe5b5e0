# A session that calls the functions over and over needs no more memory at the
# end than soon after its beginning: not in statements of their own, not in one
# transaction, not where calls fail or are left in the middle.
#
# CALLS=1000000 makes that many calls (default 30000).

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $calls = $ENV{CALLS} // 30_000;
my $node = start_node('memory', "fsync = off\nautovacuum = off\n");

# Anonymous memory of the backend, in kB, and what its memory contexts have: in all,
# and those of the extension that last.
$node->safe_psql('postgres', q{
	CREATE TABLE memory (way text, step int, rss bigint, contexts bigint, kept bigint);
	CREATE FUNCTION note_memory(way text, step int) RETURNS void LANGUAGE sql AS $$
		INSERT INTO memory SELECT way, step, substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+) kB')::bigint, sum(total_bytes) / 1024,
			sum(total_bytes) FILTER (WHERE name ~ 'dataloader') / 1024
		FROM pg_backend_memory_contexts $$;
	CREATE FUNCTION keys(n int) RETURNS int[] LANGUAGE sql AS 'SELECT array_agg((n * 31 + g * 7) % 600) FROM generate_series(0, n % 20) g';
	-- each call is another in verb, keys, options, path and end
	CREATE FUNCTION call(n int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM set_config('dataloader.direct_scan', (n / 13 % 2)::text, true);
		CASE n % 13
			WHEN 0 THEN PERFORM dataloader.load_one_json('account', keys(n));
			WHEN 1 THEN PERFORM dataloader.load_many_json('account', keys(n), by => 'owner', order_by => 'balance', first => 3);
			WHEN 2 THEN PERFORM * FROM dataloader.load_one(NULL::account, keys(n)::text);
			WHEN 3 THEN PERFORM * FROM dataloader.load_many(NULL::account, keys(n), by => 'owner');
			WHEN 4 THEN PERFORM * FROM dataloader.load_rows(NULL::account, keys(n), filter => 'note <> $1', args => '["nn"]');
			WHEN 5 THEN PERFORM dataloader.load_count('account', keys(n), by => 'owner', at_most => 5);
			WHEN 6 THEN PERFORM dataloader.load_connection('account', keys(n), by => 'owner', order_by => 'note', first => 2);
			WHEN 7 THEN PERFORM * FROM dataloader.load_many(NULL::tag, keys(n), by => 'account_id', through => 'account_tag', order_by => 'through.tag_id');
			WHEN 8 THEN PERFORM * FROM dataloader.explain('account', keys(n), by => 'owner');
			WHEN 9 THEN PERFORM dataloader.load_many_json('account', array_to_json(keys(n))::text, by => 'owner', columns => '{id}');
			WHEN 10 THEN PERFORM dataloader.load_one_json('account', keys(n), filter => 'id <> ' || n % 50);
			WHEN 11 THEN
				BEGIN
					PERFORM dataloader.load_one_json('account', keys(n), filter => '1 / (id - id) > 0');
				EXCEPTION WHEN division_by_zero THEN NULL;
				END;
			WHEN 12 THEN
				PERFORM FROM dataloader.load_rows(NULL::account, keys(n), by => 'owner') LIMIT 1;
		END CASE;
	END $$;
	CREATE PROCEDURE calls(way text, first int, last int, ends bool) LANGUAGE plpgsql AS $$
	BEGIN
		FOR n IN first .. last LOOP
			PERFORM call(n);
			IF ends THEN COMMIT; END IF;
		END LOOP;
	END $$;
});

# After half of the calls everything is as warm as it gets.
sub memory_is_flat
{
	my ($way, $script) = @_;
	$node->safe_psql('postgres', $script);
	my ($first, $last) = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', "SELECT step, rss, contexts, kept FROM memory WHERE way = '$way' ORDER BY step");
	ok($first->[1] > 1000 && $first->[2] > 500, "$way: measured") or diag("@$first");
	my $growth = "after $first->[0] calls: $first->[1] kB, contexts $first->[2] kB (kept $first->[3]); after $last->[0]: $last->[1] kB, contexts $last->[2] kB (kept $last->[3])";
	note("$way, $growth");
	cmp_ok($last->[1], '<=', $first->[1] + 1024, "$way: resident memory is flat") or diag($growth);
	cmp_ok($last->[2], '<=', $first->[2] + 128, "$way: memory contexts are flat") or diag($growth);
	return;
}

my $part = int($calls / 3);
my $warm = int($part / 2);

# prepared statements, each in a transaction of its own
my @statements = ("PREPARE mixed AS SELECT call(\$1);\n");
push @statements, map { ("EXECUTE mixed($_);\n", $_ == $warm || $_ == $part ? "SELECT note_memory('statements', $_);\n" : ()) } 1 .. $part;
append_to_file($node->basedir . '/statements.sql', join '', '\o /dev/null', "\n", @statements);
memory_is_flat('statements', "\\i '" . $node->basedir . "/statements.sql'");

# all in one statement, in a transaction of its own each
memory_is_flat('transactions', qq{
	CALL calls('transactions', 1, $warm, true); SELECT note_memory('transactions', $warm);
	CALL calls('transactions', $warm + 1, $part, true); SELECT note_memory('transactions', $part);
});

# all in one transaction: what is only given back at its end would pile up
memory_is_flat('one transaction', qq{
	DO \$\$
	BEGIN
		FOR n IN 1 .. $part LOOP
			PERFORM call(n);
			IF n IN ($warm, $part) THEN PERFORM note_memory('one transaction', n); END IF;
		END LOOP;
	END \$\$;
});

# requests that are all different: what is remembered of them has a bound, and is used again
$node->safe_psql('postgres', q{
	DO $$
	BEGIN
		FOR n IN 1 .. 12000 LOOP
			PERFORM dataloader.load_one_json('account', ARRAY[n], filter => 'id <> ' || n);
			IF n % 500 = 0 THEN PERFORM note_memory('different', n); END IF;
		END LOOP;
	END $$;
});
is($node->safe_psql('postgres', q{SELECT count(*), max(kept) < 17 * 1024, max(step) FILTER (WHERE kept < before) > 6000
		FROM (SELECT *, lag(kept) OVER (ORDER BY step) AS before FROM memory WHERE way = 'different') m}),
	'24|t|t', 'requests that are all different take a bounded part of it')
  or diag($node->safe_psql('postgres', q{SELECT * FROM memory WHERE way = 'different' ORDER BY step}));

$node->stop;
clean_log($node);
done_testing();
