package DlProp::Sql;

# How names and values are written in SQL, and what is there before any
# relation: extensions, roles, and a server that is this database.

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(quote quote_name literal SCHEMA ROLE BYPASS OWNER all_roles role_setup extension_setup foreign_setup);

use constant SCHEMA => 'dlp';
use constant ROLE   => 'regress_dataloader_property';
use constant BYPASS => 'regress_dataloader_property_bypass';
use constant OWNER  => 'regress_dataloader_property_owner';

sub all_roles { return (ROLE, BYPASS, OWNER); }

sub quote_name
{
	my ($raw) = @_;
	return $raw if $raw =~ m{^(?:id|[a-z]\d?)$};
	$raw =~ s/"/""/g;
	return qq("$raw");
}

sub quote
{
	my ($text) = @_;
	return 'NULL' unless defined $text;
	$text =~ s/'/''/g;
	return "'$text'";
}

# value of a column as an SQL literal of the column's type
sub literal
{
	my ($column, $value) = @_;
	return defined $value ? quote($value) . '::' . $column->{type}{base} : 'NULL';
}

# Statements that may be run twice, so that a failure's script can begin with them.

sub role_setup
{
	my $bypass = BYPASS;
	return (
		(map { "DO \$\$ BEGIN CREATE ROLE $_; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$" } all_roles()),
		"ALTER ROLE $bypass BYPASSRLS");
}

sub extension_setup { my ($name) = @_; return "CREATE EXTENSION IF NOT EXISTS $name"; }

# a server "loopback" that leads back to the same database
sub foreign_setup
{
	return (
		q{CREATE SERVER IF NOT EXISTS loopback FOREIGN DATA WRAPPER postgres_fdw},
		q{DO $$ BEGIN EXECUTE format('ALTER SERVER loopback OPTIONS (dbname %L, port %L, host %L)', current_database(),
	current_setting('port'), trim(split_part(current_setting('unix_socket_directories'), ',', 1)));
EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER loopback OPTIONS (user %L, password_required ''false'')', session_user);
EXCEPTION WHEN duplicate_object THEN NULL; END $$});
}

1;
