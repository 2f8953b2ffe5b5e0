# What the tests of this folder share: a cluster, tables, and questions about
# them that the extension and plain SQL must answer alike.

package DlTest;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(start_node make_tables questions answers same_answers in_background clean_log);

# A running cluster with extension and tables in database postgres.
sub start_node
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', "jit = off\nlog_min_messages = warning\n" . ($conf // ''));
	$node->start;
	make_tables($node, 'postgres');
	return $node;
}

sub make_tables
{
	my ($node, $database) = @_;
	$node->safe_psql($database, q{
		CREATE EXTENSION IF NOT EXISTS dataloader;
		CREATE TABLE account (id int PRIMARY KEY, owner int NOT NULL, balance int NOT NULL, note text);
		INSERT INTO account SELECT g, g % 500, g * 7, repeat('n', g % 40) FROM generate_series(1, 10000) g;
		CREATE INDEX ON account (owner, id);
		CREATE TABLE tag (id int PRIMARY KEY, name text NOT NULL);
		INSERT INTO tag SELECT g, 'tag ' || g FROM generate_series(1, 50) g;
		CREATE TABLE account_tag (account_id int, tag_id int REFERENCES tag, PRIMARY KEY (account_id, tag_id));
		INSERT INTO account_tag SELECT a, 1 + (a * t) % 50 FROM generate_series(1, 5000) a, generate_series(1, 3) t ON CONFLICT DO NOTHING;
		VACUUM ANALYZE;
	});
	return;
}

# Pairs of expressions of type text that must be equal: a load, and plain SQL
# for the same.  KEYS stands for an array of integers.
my @questions = (
	[ 'load_many_json',
		q{dataloader.load_many_json('account', KEYS, by => 'owner', order_by => 'id DESC', first => 3, columns => '{id,balance}')::text},
		q{(SELECT '[' || string_agg('[' || coalesce(rows, '') || ']', ',' ORDER BY ord) || ']' FROM unnest(KEYS) WITH ORDINALITY k(key, ord),
			LATERAL (SELECT string_agg(format('{"id":%s,"balance":%s}', id, balance), ',' ORDER BY id DESC) AS rows
				FROM (SELECT * FROM account WHERE owner = key ORDER BY id DESC LIMIT 3) a) x)} ],
	[ 'load_rows',
		q{(SELECT string_agg(ord || ' ' || item::text, ', ' ORDER BY ord, item) FROM dataloader.load_rows(NULL::account, KEYS, by => 'owner', filter => 'id % 3 > 0'))},
		q{(SELECT string_agg(ord || ' ' || a::text, ', ' ORDER BY ord, a) FROM unnest(KEYS) WITH ORDINALITY k(key, ord) JOIN account a ON owner = key AND id % 3 > 0)} ],
	[ 'load_one',
		q{(SELECT string_agg(ord || ' ' || coalesce(item::text, 'none'), ', ' ORDER BY ord) FROM dataloader.load_one(NULL::account, KEYS))},
		q{(SELECT string_agg(ord || ' ' || coalesce(a::text, 'none'), ', ' ORDER BY ord) FROM unnest(KEYS) WITH ORDINALITY k(key, ord) LEFT JOIN account a ON id = key)} ],
	[ 'load_one_json of text',
		q{dataloader.load_one_json('account', KEYS::text, columns => '{note}')::text},
		q{(SELECT '[' || string_agg(coalesce(CASE WHEN id > 0 THEN format('{"note":%s}', to_json(note)) END, 'null'), ',' ORDER BY ord) || ']' FROM unnest(KEYS) WITH ORDINALITY k(key, ord) LEFT JOIN account ON id = key)} ],
	[ 'load_count',
		q{dataloader.load_count('account', KEYS, by => 'owner')::text},
		q{(SELECT array_agg(n ORDER BY ord)::text FROM (SELECT ord, count(id) AS n FROM unnest(KEYS) WITH ORDINALITY k(key, ord) LEFT JOIN account ON owner = key GROUP BY ord) x)} ],
	[ 'load_many through',
		q{(SELECT string_agg(ord || ' ' || items::text, ', ' ORDER BY ord) FROM dataloader.load_many(NULL::tag, KEYS, by => 'account_id', through => 'account_tag', order_by => 'through.tag_id DESC', first => 2))},
		q{(SELECT string_agg(ord || ' ' || items::text, ', ' ORDER BY ord) FROM unnest(KEYS) WITH ORDINALITY k(key, ord),
			LATERAL (SELECT ARRAY(SELECT t FROM account_tag JOIN tag t ON t.id = tag_id WHERE account_id = key ORDER BY tag_id DESC LIMIT 2) AS items) x)} ],
	[ 'load_connection',
		q{(SELECT string_agg((SELECT concat(c->'totalCount', c->'pageInfo'->'hasNextPage', string_agg(concat(' ', e->'node'->'id'), '')) FROM json_array_elements(c->'edges') e), ', ' ORDER BY ord)
			FROM json_array_elements(dataloader.load_connection('account', KEYS, by => 'owner', order_by => 'balance', first => 2, columns => '{id}', total_count => true)) WITH ORDINALITY x(c, ord))},
		q{(SELECT string_agg(concat(n, to_json(n > 2), (SELECT string_agg(concat(' ', id), '' ORDER BY balance, id) FROM (SELECT * FROM account WHERE owner = key ORDER BY balance, id LIMIT 2) a)), ', ' ORDER BY ord)
			FROM unnest(KEYS) WITH ORDINALITY k(key, ord), LATERAL (SELECT count(*) AS n FROM account WHERE owner = key) x)} ],);

# [name, load, plain SQL] for the keys, an SQL expression
sub questions
{
	my ($keys) = @_;
	return map {
		my ($name, @sql) = @$_;
		s/KEYS/$keys/g for @sql;
		[ $name, @sql ]
	} @questions;
}

my $some_keys = q{(SELECT array_agg(CASE WHEN g % 17 > 0 THEN g END) FROM generate_series(-3, 510, 9) g)};

# What both paths and plain SQL say; plain SQL without any index.
sub answers
{
	my ($node, $database) = @_;
	my (%script, %answers);
	for my $question (questions($some_keys))
	{
		my ($name, $load, $plain) = @$question;
		push @{ $script{$_} }, "SELECT md5($load);" for qw(direct plan);
		push @{ $script{plain} }, "SELECT md5($plain);";
	}
	my %settings = (
		direct => 'SET dataloader.direct_scan = on;',
		plan   => 'SET dataloader.direct_scan = off;',
		plain  => 'SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;');
	for my $way (keys %settings)
	{
		$answers{$way} = $node->safe_psql($database, join("\n", $settings{$way}, @{ $script{$way} }));
	}
	return \%answers;
}

sub same_answers
{
	my ($node, $when, $database) = @_;
	$database //= 'postgres';
	my $answers = answers($node, $database);
	is(scalar(split /\n/, $answers->{plain}), scalar(@questions), "$when: plain SQL answers");
	is($answers->{$_}, $answers->{plain}, "$when: $_ path and plain SQL agree") for qw(direct plan);
	is($node->safe_psql($database, q{SELECT e FROM dataloader.explain('account', NULL::int[], by => 'owner') e WHERE e ~ '^path'}),
		'path: direct', "$when: the direct path is taken");
	return $answers->{plain};
}

# psql runs the statements while the test goes on.
sub in_background
{
	my ($node, $sql, %options) = @_;
	my %session = (out => '', err => '');
	my $script = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
	append_to_file($script, $sql);
	my $connection = $node->connstr($options{database} // 'postgres');
	$connection .= " application_name=$options{name}" if $options{name};
	$session{handle} = IPC::Run::start([ 'psql', '-XAtq', '-d', $connection, '-f', $script ],
		'>', \$session{out}, '2>', \$session{err});
	return \%session;
}

# script/lib/suites.sh reads the logs of all servers, too, for what no test may leave there.
sub clean_log
{
	my ($node) = @_;
	unlike(slurp_file($node->logfile), qr/WARNING:  .*(leak|was not closed)|PANIC:|TRAP:|signal (4|6|7|8|11)\b/, 'nothing leaked or crashed on ' . $node->name);
	return;
}

1;
