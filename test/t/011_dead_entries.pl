# Loads mark index entries of rows that are dead to everybody, as a plan's index
# scan does, so that the next call passes over them: however the index is walked.
# A standby marks nothing.

use strict;
use warnings;
use DlTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('primary', "autovacuum = off\n");

# Each walk has a key of its own: 3,000 dead rows, and live ones before or behind.
$node->safe_psql('postgres', q{
	CREATE EXTENSION pageinspect;
	CREATE TABLE job (state int NOT NULL, id int NOT NULL, body text);
	-- one entry for each row: an entry of many is marked when all are dead
	CREATE UNIQUE INDEX job_state ON job (state, id) WITH (deduplicate_items = off);
	INSERT INTO job SELECT 100 + g % 20000, g, 'all visible' FROM generate_series(1, 40000) g;
	VACUUM ANALYZE job;
	INSERT INTO job SELECT s, g, 'dead' FROM generate_series(1, 9) s, generate_series(1, 3000) g;
	INSERT INTO job SELECT s, 0, 'live' FROM generate_series(1, 9) s;
	INSERT INTO job SELECT s, 4000 + g, 'live' FROM generate_series(3, 9) s, generate_series(1, 2) g;
	CREATE TABLE part (job_id int, n int);
	CREATE INDEX part_job ON part (job_id) WITH (deduplicate_items = off);
	INSERT INTO part SELECT g % 40, g FROM generate_series(1, 400) g;
	ANALYZE part;
});
my $cursor = $node->safe_psql('postgres', q{SELECT dataloader.load_connection('job', '[5]', by => 'state', order_by => 'id', first => 1) #>> '{0,edges,0,cursor}'});
$node->safe_psql('postgres', q{
	DELETE FROM job WHERE body = 'dead' OR state = 1;
	DELETE FROM part WHERE n % 40 > 0;
});

# What it is, its index, entries of dead rows, and what it answers
my @walks = (
	[ 'no live row', 'job_state', 3001,
		q{dataloader.load_many_json('job', '[1]', by => 'state')}, '[[]]' ],
	[ 'a live row in front', 'job_state', 3000,
		q{dataloader.load_many_json('job', '[2]', by => 'state', columns => '{id,body}')}, '[[{"id":0,"body":"live"}]]' ],
	[ 'live rows on both sides, sorted', 'job_state', 3000,
		q{dataloader.load_many_json('job', '[3]', by => 'state', columns => '{id}', filter => 'body <> $$$$', order_by => 'body, id DESC')}, '[[{"id":4002},{"id":4001},{"id":0}]]' ],
	[ 'filter and first', 'job_state', 3000,
		q{dataloader.load_many_json('job', '[4]', by => 'state', columns => '{id}', filter => 'body = $1 AND id > 0', args => '["live"]', order_by => 'id', first => 1)}, '[[{"id":4001}]]' ],
	[ 'first', 'job_state', 3000,
		q{dataloader.load_many_json('job', '[6]', by => 'state', columns => '{id,body}', order_by => 'id', first => 2)}, '[[{"id":0,"body":"live"},{"id":4001,"body":"live"}]]' ],
	[ 'backward', 'job_state', 3000,
		q{dataloader.load_many_json('job', '[7]', by => 'state', columns => '{id,body}', order_by => 'id DESC', first => 3)}, '[[{"id":4002,"body":"live"},{"id":4001,"body":"live"},{"id":0,"body":"live"}]]' ],
	[ 'a page behind a cursor', 'job_state', 3000,
		qq{dataloader.load_connection('job', '[5]', by => 'state', columns => '{id,body}', order_by => 'id', first => 1, after => '{$cursor}') #> '{0,edges,0,node}'}, '{"id":4001,"body":"live"}' ],
	[ 'the index only', 'job_state', 3000,
		q{dataloader.load_count('job', '[8]', by => 'state')}, '{3}' ],
	[ 'the index only, with first', 'job_state', 3000,
		q{dataloader.load_many_json('job', '[9]', by => 'state', columns => '{id}', order_by => 'id', first => 2)}, '[[{"id":0},{"id":4001}]]' ],
	[ 'forty keys in one walk', 'part_job', 390,
		q{dataloader.load_count('part', (SELECT array_agg(k) FROM generate_series(0, 39) k), by => 'job_id', filter => 'n > 0')}, '{10' . ',0' x 39 . '}' ],
);

# The answer, and how many entries of the index it took
sub ask
{
	my ($index, $load) = @_;
	return split /\n/, $node->safe_psql('postgres', "BEGIN; SELECT $load; SELECT pg_stat_get_xact_tuples_returned('$index'::regclass); COMMIT");
}

sub marked
{
	my ($on) = @_;
	return $on->safe_psql('postgres', q{SELECT count(*) FROM generate_series(1, pg_relation_size('job_state') / current_setting('block_size')::int - 1) page,
		bt_page_items('job_state', page::int) WHERE dead});
}

$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));
for my $walk (@walks)
{
	my ($name, $index, $dead, $load, $answer) = @$walk;
	is($standby->safe_psql('postgres', "SELECT $load"), $answer, "standby: $name") for 1 .. 2;
}
is(marked($standby), 0, 'the standby marks nothing');

for my $walk (@walks)
{
	my ($name, $index, $dead, $load, $answer) = @$walk;
	my ($first_answer, $first) = ask($index, $load);
	my ($second_answer, $second) = ask($index, $load);
	is($first_answer, $answer, "$name: what it finds");
	cmp_ok($first, '>=', $dead, "$name: the dead entries are met");
	is($second_answer, $answer, "$name: what it finds then");
	# it takes some of them for a walk to begin with it
	cmp_ok($second, '<=', 120, "$name: $first entries, then $second");
}
cmp_ok(marked($node), '>', 20000, 'entries are marked');
clean_log($_) for $node, $standby;
done_testing();
