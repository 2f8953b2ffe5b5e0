package DlProp::Types;

# The column types of the random tables.  A type is a hash:
#   decl      the column's type as declared (with COLLATE)
#   base      the type that key text is read as (domains stripped)
#   collate   the column's collation, where it is not the type's own
#   values    text of values that rows take
#   absent    text of values that only keys take
#   too_long  text of values that the column cannot have, but key text can
#   keys      the types that keys may have: [type, values of keys]; a pool of
#             undef means values and absent
#   domain    it is a domain
#   cast_key  the type that the contract casts every key to before comparing
#   reads_as  the type that "=" takes a literal for, where it is not the column's
#   row_only  a key must be wrapped in a row
#   number    how JSON keys write it: as a number where it looks like one
#   long      has values that are compressed or stored out of line
#   order     false: cannot be sorted or compared

use strict;
use warnings;
use utf8;
use Exporter 'import';
our @EXPORT = qw(key_types payload_types type_setup integer_range domain_over without_type);

my @INT_WIDE = qw(0 1 2 3 -1 100 5000000000 -5000000000);
my @INT_FRACTION = qw(1 1.0 1.5 2.00 3 -1 0);
my @WORDS = ('a', 'A', 'b', 'B', 'á', 'a ', ' ', '', 'ä', 'Z', 'z', 'abc', 'ABC', 'aB%c',
	q{x'y}, 'q"r', 'back\\slash', "new\nline", 'ß', 'ss', '{a,b}', '[1]', 'NULL', '日本', "\t", '$1', 'a,b');
my @NO_WORDS = ('nope', 'É', 'abcd', "a\n", '\\', '""');
my @TIMES = ('2020-01-01', '2020-01-02', '1999-12-31', '2024-02-29', 'infinity', '-infinity', '0044-03-15 BC');
my @STAMPS = (@TIMES, '2020-01-01 00:00:00.000001', '2020-01-01 12:00:00', '2020-06-01 23:30:00');

# text that does not compress, so that TOAST stores it out of line
sub noise
{
	my ($length, $seed) = @_;
	my $text = '';
	while (length $text < $length)
	{
		$seed = ($seed * 1103515245 + 12345) % 2147483648;
		$text .= chr(48 + ($seed >> 16) % 75) =~ tr/\\/-/r;
	}
	return $text;
}

# long values: compressed, stored out of line, and alike but for the end; the
# longest that an index takes is a third of a page
my @LONG = ('x' x 3000, 'x' x 3000 . 'y', noise(1200, 1), noise(1200, 1) . '!', noise(2000, 2));
my $DIGITS = '7' . '0123456789' x 150;

sub integer
{
	my ($name, @edges) = @_;
	my @pool = (qw(0 1 2 3 -1 7 100), @edges);
	return {
		decl => $name, base => $name, number => 1, values => \@pool, absent => [ 50, 51, -7 ],
		integer => 1,
		keys => [ [$name], [$name], [ 'int8', [@INT_WIDE] ], [ 'int4', [qw(0 1 2 3 -1 100 70000)] ],
			[ 'int2', [qw(0 1 2 3 -1 100 300)] ], [ 'numeric', [@INT_FRACTION] ], [ 'float8', [@INT_FRACTION] ] ],
	};
}

sub words
{
	my ($decl, $base, %more) = @_;
	return {
		decl => $decl, base => $base, values => [@WORDS], absent => [@NO_WORDS], text => 1,
		keys => [ ['text'], ['text'], ['varchar'], [ 'name', [ 'a', 'A', 'abc', 'nope', 'ß' ] ],
			[ 'bpchar', [ 'a', 'a  ', 'A', 'abc', 'nope' ] ] ],
		%more,
	};
}

sub simple
{
	my ($name, $values, $absent, %more) = @_;
	return { decl => $name, base => $name, values => $values, absent => $absent, keys => [ [$name] ], %more };
}

my @KEY_TYPES = (
	integer('int2', -32768, 32767), integer('int4', -2147483648, 2147483647),
	integer('int4', -2147483648, 2147483647), integer('int8', '-9223372036854775808', '9223372036854775807'),
	integer('int8', '9007199254740993'),
	simple('numeric', [qw(1.0 1.00 1 1.000 -1 0 0.00 NaN Infinity -Infinity 1e20 12345678901234567890.123)],
		[qw(2 3.5)], number => 1, keys => [ ['numeric'], ['numeric'], [ 'int4', [ 0, 1, -1, 5 ] ], [ 'int8', [ 0, 1, -1, 5 ] ],
			[ 'float8', [qw(1 0 -0 NaN 1e20 2)] ] ]),
	simple('numeric(6,2)', [qw(1.0 1.25 0 -0.5 NaN 9999.99)], [qw(1.251 1e10)], base => 'numeric', number => 1,
		keys => [ ['numeric'] ]),
	simple('float8', [qw(0 -0 1.5 NaN Infinity -Infinity 1e308 1e-300 0.1)], [qw(2 3.5)], number => 1,
		keys => [ ['float8'], ['float8'], [ 'float4', [qw(0 -0 1.5 NaN 0.1)] ], [ 'int4', [ 0, 1 ] ],
			[ 'numeric', [qw(0 1.50 NaN 0.1)] ] ]),
	simple('float4', [qw(0 -0 1.5 NaN Infinity 0.1)], [qw(2)], number => 1,
		keys => [ ['float4'], [ 'float8', [qw(0 -0 1.5 NaN 0.1)] ] ]),
	words('text', 'text'), words('text COLLATE "C"', 'text', collate => '"C"'),
	words('text COLLATE "en-x-icu"', 'text', collate => '"en-x-icu"'),
	words('text COLLATE nd', 'text', collate => 'nd', nondeterministic => 1),
	words('varchar(20)', 'varchar'), words('varchar COLLATE nd', 'varchar', collate => 'nd', nondeterministic => 1),
	words('bpchar(5)', 'bpchar', values => [ 'ab', 'ab   ', 'abc', 'A', 'a', '' ], absent => [ 'x', 'ab  d' ],
		too_long => ['abc  d'],
		keys => [ ['bpchar'], [ 'text', [ 'ab', 'ab   ', 'a', '' ] ], [ 'varchar', [ 'ab', 'ab ', 'A' ] ] ]),
	words('name', 'name', values => [ 'a', 'A', 'abc', '', 'ß', 'x' x 63 ], absent => ['nope'], collate => '"C"',
		keys => [ ['name'], ['text'], ['varchar'] ]),
	words('citext', 'citext', values => [ 'a', 'A', 'Ab', 'aB', 'b', 'ß', '' ], absent => [ 'AB', 'nope' ],
		cast_key => 'citext', keys => [ ['citext'], ['text'], ['varchar'] ]),
	words('text', 'text', values => [ @LONG, 'a', 'A' ], absent => [ noise(1200, 3), 'x' x 2999 ], keys => [ ['text'], ['varchar'] ],
		long => 1),
	words('text COLLATE nd', 'text', collate => 'nd', nondeterministic => 1, values => [ @LONG, 'X' x 3000, 'a', 'A' ],
		absent => [ noise(1200, 3) ], keys => [ ['text'], ['varchar'] ], long => 1),
	simple('bytea', [ map { '\\x' . unpack 'H*', $_ } @LONG, 'a' ], ['\\x02'], long => 1),
	simple('numeric', [ $DIGITS, "$DIGITS.0", "$DIGITS.5", "-$DIGITS", 1 ], ["${DIGITS}0"], long => 1),
	simple('uuid', [ map { "a0eebc99-9c0b-4ef8-bb6d-6bb9bd38000$_" } 0 .. 6 ], ['00000000-0000-0000-0000-000000000000']),
	simple('mood', [ 'sad', 'ok', 'happy', 'a b', 'so so' ], ['never'], enum => 1),
	simple('dint', [qw(0 1 2 -1 100)], [ 5, 6 ], base => 'int4', number => 1,
		keys => [ ['dint'], ['int4'], [ 'int8', [@INT_WIDE] ], ['int2'], [ 'ddint', [ 0, 1, 2, 5 ] ] ]),
	simple('ddint', [qw(0 1 2 100)], [ 5, 6 ], base => 'int4', number => 1, keys => [ ['ddint'], ['int4'], ['dint'] ]),
	words('dtext', 'text', collate => 'nd', nondeterministic => 1, values => [ 'a', 'A', 'b', 'abc' ],
		absent => ['nope'], keys => [ ['dtext'], ['text'] ]),
	simple('date', [@TIMES], ['2001-01-01'], keys => [ ['date'], [ 'timestamp', [@STAMPS] ], [ 'timestamptz', [@STAMPS] ] ]),
	simple('timestamp', [@STAMPS], ['2001-01-01'], keys => [ ['timestamp'], [ 'date', [@TIMES] ], [ 'timestamptz', [@STAMPS] ] ]),
	simple('timestamptz', [ @STAMPS, '2020-01-01 12:00:00+05:30' ], ['2001-01-01'],
		keys => [ ['timestamptz'], ['timestamptz'], [ 'date', [@TIMES] ], [ 'timestamp', [@STAMPS] ] ]),
	simple('time', [qw(00:00 24:00 12:34:56.789)], ['01:00']),
	simple('timetz', [qw(00:00+00 02:00+02 12:00-03)], ['01:00+00']),
	simple('interval', [ '24:00', '1 day', '1 mon', '30 days', '-1 day', '0', '1 year 2 mons' ], [ '12 mons', '720:00' ]),
	simple('bytea', [ '\\x', '\\x00', '\\x0001ff', '\\x616263' ], ['\\x02']),
	simple('bool', [qw(t f)], [], boolean => 1),
	simple('inet', [ '10.0.0.1', '10.0.0.0/8', '::1' ], ['10.0.0.2'], keys => [ ['inet'], [ 'cidr', [ '10.0.0.0/8', '10.1.0.0/16' ] ] ]),
	simple('bit(4)', [qw(0000 1010 1111)], ['0001'], base => 'bit', keys => [ ['varbit'], ['bit(4)'] ]),
	simple('varbit', [ '', 0, 1, '01', '1010101010' ], ['00']),
	simple('macaddr', [ '08:00:2b:01:02:03', '00:00:00:00:00:00' ], ['08:00:2b:01:02:04']),
	simple('xid8', [ 0, 7, '18446744073709551615' ], [8], number => 1),
	simple('tid', [ '(0,1)', '(7,3)', '(4294967295,65535)' ], ['(0,2)']),
	simple('regtype', [qw(integer text uuid)], ['boolean'], reads_as => 'oid'),
	simple('tsvector', [ "'a':1 'b':2", "'b'", '' ], ["'c'"]),
	simple('numrange', [ '[1.0,5)', '[1,5.0)', 'empty', '(,)' ], ['[7,8)']),
	simple('int4multirange', [ '{}', '{[1,3),[7,9)}', '{[1,2],[7,8]}' ], ['{[1,2)}']),
	simple('"char"', [ 'a', 'b', '' ], ['c']),
	simple('oid', [ 1, 2, 4294967295 ], [3], number => 1),
	simple('money', [ 1, '2.50', -3 ], [7]),
	simple('pg_lsn', [qw(0/0 1/AB 16/B374D848)], ['0/1']),
	simple('int4range', [ '[1,5)', 'empty', '(,)', '[1,4]' ], ['[7,8)']),
	simple('jsonb', [ '{"a": 1}', '[]', 'null', '"x"', '1.0', '1.00' ], ['2']),
	simple('int4[]', [ '{}', '{1,2}', '{1,NULL}', '{{1},{2}}' ], ['{9}'], row_only => 1),
	simple('text[]', [ '{}', '{a,"b c"}', '{NULL}' ], ['{z}'], row_only => 1),
	simple('float8[]', [ '{0}', '{-0}', '{NaN,NULL}', '{{1,2},{3,4}}' ], ['{0.1}'], row_only => 1),
);

# types that only payload columns have
my @PAYLOAD_TYPES = (
	simple('json', [ '{"a": 1}', " [1,\n 2] ", 'null', '"x\\u2028"' ], [], order => 0),
	simple('point', [ '(1,2)', '(-0,1e300)' ], [], order => 0),
	simple('pair', [ '(1,a)', '(,)', '(2,"x y")' ], [], row_only => 1),
	simple('pair[]', [ '{}', '{"(1,a)",NULL}' ], [], row_only => 1),
	simple('text', [ 'short', noise(900, 4), 'x' x 3000, noise(2600, 5), noise(9000, 6) ], [], text => 1, long => 1),
	simple('bytea', [ '\\x', '\\x' . unpack('H*', noise(3000, 7)) ], [], long => 1),
	simple('jsonb', [ '{"a": "' . noise(3000, 8) . '"}', '[' . join(', ', 1 .. 900) . ']' ], [], long => 1),
	simple('text[]', [ '{' . join(',', ('abcdefgh') x 400) . '}', '{"' . noise(2500, 9) . '"}' ], [], row_only => 1, long => 1),
);

# for a server that lacks a type
sub without_type { my ($name) = @_; @KEY_TYPES = grep { $_->{base} ne $name } @KEY_TYPES; return; }

sub key_types { return @KEY_TYPES; }

sub payload_types { return (@KEY_TYPES, @PAYLOAD_TYPES, @PAYLOAD_TYPES); }

# statements that make the types and functions; they go first in every schema
sub type_setup
{
	return (
		q{CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false)},
		q{CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'a b', 'never')},
		q{ALTER TYPE mood ADD VALUE 'so so' BEFORE 'ok'},
		q{CREATE DOMAIN dint AS int4 CHECK (VALUE > -1000)},
		q{CREATE DOMAIN ddint AS dint CHECK (VALUE >= 0)},
		q{CREATE DOMAIN dtext AS text COLLATE nd},
		q{CREATE TYPE pair AS (a int4, b text)},
		q{CREATE FUNCTION zz_odd(int8) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 1'},
		q{CREATE FUNCTION zz_seen(anyelement) RETURNS bool LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1 IS NOT NULL; END'},
		q{CREATE FUNCTION zz_found(rel regclass, id int8, id_name text) RETURNS bool LANGUAGE plpgsql STABLE AS
	'BEGIN RETURN (dataloader.load_count(rel, ARRAY[id, id + 1], by => id_name, at_most => 1))[1] > 0; END'},
	);
}

# a domain of this name over the type
sub domain_over
{
	my ($type, $name) = @_;
	return { %$type, decl => $name, domain => 1, keys => [ @{ $type->{keys} }, [$name], [$name] ] };
}

# the same integer type with a run of neighbouring values, so that the keys
# of a batch lie densely
sub integer_range
{
	my ($type, $low, $n, $step) = @_;
	my @run = map { $low + $_ * $step } 0 .. $n - 1;
	return { %$type, values => \@run, absent => [ $low - 1, $low + $n * $step, $low + $n * $step + 7, map { $_ + 1 } @run[ 0 .. 2 ] ],
		keys => [ [ $type->{base} ], [ $type->{base} ], [ 'int8', undef, 1 ], [ 'int4', undef, 1 ] ] };
}

1;
