# The scripts that CREATE EXTENSION and ALTER EXTENSION UPDATE run as a superuser keep to
# rules by which nobody can plant an object that they would pick up (CVE-2018-1058,
# CVE-2020-14350, CVE-2022-2625): everything is created anew and by its full name, and
# nothing is looked up.  The rules themselves are tested with what breaks them.

use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

# The statements of a script: without comments, strings replaced by '', white space by one blank.
sub statements
{
	my ($text) = @_;
	$text =~ s{('(?:[^']|'')*')|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/}{defined $1 ? "''" : substr($&, 0, 1) eq '"' ? $& : ' '}gse;
	$text =~ s/^\\echo .*\n//mg; # psql's, not a statement
	$text =~ s/\s+/ /g;
	return grep { length } map { s/^ | $//gr } split /;/, $text;
}

my $name = qr/(?:[a-z_][a-z0-9_]*|"[^"]+")/;
my $ours = qr/dataloader\.$name/;
# (found in pg_catalog, which CREATE EXTENSION puts first, since the control file says schema = pg_catalog)
my $pseudo = qr/any(?:element|array|nonarray|enum|range|compatible(?:array|nonarray|range)?)?|void|trigger|event_trigger/;
my $type = qr/(?:pg_catalog\.$name|$ours|$pseudo|SETOF pg_catalog\.$name)(?:\[\])?/;

# What each kind of statement may be.
my @allowed = (
	qr/^CREATE SCHEMA dataloader$/,
	qr/^(?:GRANT|REVOKE) [A-Z, ]+ ON (?:SCHEMA dataloader|(?:FUNCTION|TABLE)? ?$ours(?: ?\([^()]*\))?) (?:TO|FROM) PUBLIC$/,
	qr/^COMMENT ON (?:SCHEMA dataloader|(?:FUNCTION|TABLE|TYPE|COLUMN|EXTENSION|CAST|OPERATOR) .*) IS ''$/,
	qr/^CREATE FUNCTION $ours ?\(.*\) RETURNS .* AS ''(?:, '')? LANGUAGE C\b[A-Z0-9 ]*(?: SUPPORT $ours)?$/,
	qr/^(?:CREATE (?:TYPE|TABLE|DOMAIN|CAST|OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|INDEX)|ALTER (?:FUNCTION|TABLE|TYPE|DOMAIN)|DROP FUNCTION) (?:$ours|\($ours)\b.*$/,
	qr/^SELECT pg_catalog\.pg_extension_config_dump\(''(?:pg_catalog\.regclass)?, ''\)$/);

# What is wrong with a script; nothing if it keeps to the rules.
sub violations
{
	my ($text) = @_;
	my @violations;
	push @violations, 'it can be run by psql' if $text !~ /^\\echo Use "(?:CREATE|ALTER) EXTENSION dataloader/m;
	for my $statement (statements($text))
	{
		my $start = substr($statement, 0, 80);
		push @violations, "no kind of statement that is allowed: $start" unless grep { $statement =~ $_ } @allowed;
		push @violations, "may take over what exists: $start" if $statement =~ /\bOR REPLACE\b|\bIF NOT EXISTS\b|\bIF EXISTS\b/i;
		push @violations, "gives somebody else's rights: $start" if $statement =~ /\bSECURITY DEFINER\b|\bLEAKPROOF\b/i;
		push @violations, "runs code: $start" if $statement =~ /^DO\b|\bLANGUAGE (?!C\b)|\bBEGIN ATOMIC\b/i;
		push @violations, "moves with the user's choice: $start" if $statement =~ /\@ext(?:schema|owner)/i;
		next unless $statement =~ /^CREATE FUNCTION $ours ?\( ?(.*)\) RETURNS (.*?) AS ''/;
		my ($arguments, $result) = ($1, $2);
		my @columns = $result =~ /^TABLE ?\((.*)\)$/ ? split(/, ?/, $1) : ("result $result");
		for my $argument (split(/, ?/, $arguments), @columns)
		{
			push @violations, "the type has no schema: $argument" unless $argument =~ /^(?:VARIADIC |OUT |INOUT )?$name $type(?: DEFAULT (?:NULL|true|false|-?\d+|''))?$/;
		}
	}
	return @violations;
}

my @scripts = glob 'dataloader--*.sql';
ok(@scripts > 0, 'there are scripts');
for my $script (@scripts)
{
	my $text = slurp_file($script);
	is(join("\n", violations($text)), '', "$script keeps to the rules");
	cmp_ok(scalar(statements($text)), '>', 0, "$script has statements");
	unlike(slurp_file('dataloader.control'), qr/^\s*trusted\s*=\s*(?:true|on|yes|1)/mi, 'only a superuser runs it');
}
like(slurp_file('dataloader.control'), qr/^$_$/m, "the control file has $_") for qr/relocatable = false/, qr/schema = pg_catalog/, qr/superuser = true/;

# --- what must not pass
my $header = qq{\\echo Use "CREATE EXTENSION dataloader" to load this file. \\quit\n};
my $good = q{CREATE FUNCTION dataloader.f(a pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.json AS 'MODULE_PATHNAME', 'f' LANGUAGE C STABLE;};
is(join("\n", violations("$header$good ${\($good =~ s/STABLE/STABLE SUPPORT dataloader.f_support/r)} /* a ; */ -- b ;\nCOMMENT ON FUNCTION dataloader.f(pg_catalog.text) IS 'a; b''s';")), '', 'a good script passes');
my %bad = (
	'no guard'            => $good,
	'or replace'          => $header . $good =~ s/CREATE/CREATE OR REPLACE/r,
	'if not exists'       => $header . 'CREATE SCHEMA IF NOT EXISTS dataloader;',
	'another schema'      => $header . 'CREATE SCHEMA helpers;',
	'unqualified name'    => $header . $good =~ s/dataloader\.f/f/r,
	'unqualified type'    => $header . $good =~ s/pg_catalog\.text/text/r,
	'unqualified result'  => $header . $good =~ s/pg_catalog\.json/json/r,
	'unqualified column'  => $header . $good =~ s/RETURNS pg_catalog\.json/RETURNS TABLE (a int)/r,
	'default that runs'   => $header . $good =~ s/NULL/now()/r,
	'definer'             => $header . $good =~ s/STABLE/STABLE SECURITY DEFINER/r,
	'unqualified support' => $header . $good =~ s/STABLE/STABLE SUPPORT f_support/r,
	'leakproof'           => $header . $good =~ s/STABLE/STABLE LEAKPROOF/r,
	'language sql'        => $header . $good =~ s/LANGUAGE C/LANGUAGE sql/r,
	'do block'            => $header . q{DO $$ BEGIN END $$;},
	'query'               => $header . q{SELECT count(*) FROM pg_class;},
	'insert'              => $header . q{INSERT INTO dataloader.t VALUES (1);},
	'update of a catalog' => $header . q{UPDATE pg_catalog.pg_proc SET proleakproof = true;},
	'path'                => $header . q{SET search_path = public;},
	'user name'           => $header . q{GRANT USAGE ON SCHEMA dataloader TO @extowner@;},
	'grant to a role'     => $header . q{GRANT USAGE ON SCHEMA dataloader TO somebody;},
	'chosen schema'       => $header . $good =~ s/dataloader\.f/\@extschema\@.f/r);
for my $what (sort keys %bad)
{
	isnt(join("\n", violations($bad{$what})), '', "a bad script does not pass: $what");
}
done_testing();
