package DlProp::Sql;

# How names and values are written in SQL.

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(quote quote_name literal SCHEMA ROLE);

use constant SCHEMA => 'dlp';
use constant ROLE   => 'regress_dataloader_property';

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

1;
