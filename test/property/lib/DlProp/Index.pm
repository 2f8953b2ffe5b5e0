package DlProp::Index;

# The indexes of random relations, most of them such that the direct path can
# use them.  Methods of DlProp::Relation; the server refuses what is senseless.

use strict;
use warnings;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;

# operator classes that are not the default of the type
my @OPCLASSES = qw(text_pattern_ops varchar_pattern_ops bpchar_pattern_ops text_ops record_image_ops varchar_ops inet_ops cidr_ops array_ops);

sub _add_indexes
{
	my ($self) = @_;
	$self->_add_index for 1 .. pick(0, 1, 1, 1, 2, 2, 2, 3);
	return;
}

sub _add_index
{
	my ($self) = @_;
	my @columns = @{ $self->{columns} };
	my $first = pick(grep { $_->{role} eq 'key' } @columns);
	my $form  = pick_weighted(keys => 45, order => 25, later => 5, method => 5, expression => 4, opclass => 4, collation => 4,
		partial => 9, invalid => 2, exclusion => 1, only => 1, twice => 1);
	my $method = "_index_$form";
	return $self->$method($first) if $self->can($method);
	return $self->_btree($first, $form);
}

# Columns of the relation, each with a direction.
sub _btree
{
	my ($self, $first, $form) = @_;
	my @columns = @{ $self->{columns} };
	my @keys    = grep { $_->{role} eq 'key' && $_ != $first } @columns;
	my @others  = grep { $_->{role} ne 'key' && ($_->{type}{order} // 1) } @columns;
	my $unique  = $form ne 'later' && chance(0.12) ? 'UNIQUE ' : '';
	my @parts   = map { [ $_->{name}, _direction() ] } $first, some(pick(0, 0, 1, 1, 2), @keys);
	push @parts, map { [ $_->{name}, _direction() ] } some(between(1, 2), @others) if $form eq 'order';
	unshift @parts, [ pick(@others)->{name}, '' ] if $form eq 'later' && @others;
	my $tail = '';
	$tail .= ' INCLUDE (' . join(', ', map { $_->{name} } some(between(1, 2), @columns)) . ')' if chance(0.12);
	$tail .= ' NULLS NOT DISTINCT' if $unique && chance(0.2);
	$tail .= ' WITH (fillfactor = 10' . pick('', ', deduplicate_items = off') . ')' if chance(0.1);

	if ($unique && !$tail && $form eq 'keys' && chance(0.5))
	{
		my $names = join ', ', map { $_->[0] } @parts;
		return $self->apply("ALTER TABLE $self->{table} ADD UNIQUE ($names) DEFERRABLE" . pick('', ' INITIALLY DEFERRED'));
	}
	if ($form eq 'partial')
	{
		$tail .= ' WHERE ' . pick("$first->{name} IS NOT NULL", "$self->{id}{name} > 10", "$self->{id}{name} > 0");
	}
	$self->apply("CREATE ${unique}INDEX ON $self->{table} (" . join(', ', map { "$_->[0]$_->[1]" } @parts) . ")$tail") or return 0;
	push @{ $self->{indexes} }, \@parts;
	return 1;
}

sub _direction { return pick('', '', '', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST'); }

sub _index_method
{
	my ($self, $first) = @_;
	my $method = pick('hash', 'hash', 'brin', 'gin', 'gist', 'spgist');

	# the server's spgist compares bytes, so that plain SQL does not find 'a' by 'A'
	$method = 'hash' if $method eq 'spgist' && $first->{type}{nondeterministic};
	return $self->apply("CREATE INDEX ON $self->{table} USING $method ($first->{name})");
}

sub _index_expression
{
	my ($self, $first) = @_;
	my $name = $first->{name};
	return $self->apply("CREATE INDEX ON $self->{table} ("
		  . pick("lower($name\::text)", "($name)", "(coalesce($name, $name))", "$name, (coalesce($name, $name))") . ')');
}

sub _index_opclass
{
	my ($self, $first) = @_;
	for my $opclass (shuffle(@OPCLASSES))
	{
		return 1 if $self->apply("CREATE INDEX ON $self->{table} ($first->{name} $opclass)");
	}
	return 0;
}

sub _index_collation
{
	my ($self, $first) = @_;
	return $self->apply("CREATE " . pick('', 'UNIQUE ') . "INDEX ON $self->{table} ($first->{name} COLLATE " . pick('"C"', '"en-x-icu"', 'nd') . ')');
}

# What fails halfway stays, not valid.
sub _index_invalid
{
	my ($self, $first) = @_;
	return 0 if $self->{in_transaction};
	my $statement = "CREATE UNIQUE INDEX CONCURRENTLY ON $self->{table} ($first->{name})";
	my ($result) = $self->{session}->run($statement);
	$self->accept($statement) if !$result->{error} || $result->{error} eq '23505';
	return 1;
}

sub _index_exclusion
{
	my ($self, $first) = @_;
	return $self->apply("ALTER TABLE $self->{table} ADD EXCLUDE USING " . pick('btree', 'hash') . " ($first->{name} WITH =)"
		  . pick('', ' DEFERRABLE'));
}

# of a partitioned table, without its partitions: not valid
sub _index_only
{
	my ($self, $first) = @_;
	return $self->apply("CREATE INDEX ON ONLY $self->{table} ($first->{name})");
}

sub _index_twice
{
	my ($self, $first) = @_;
	$self->apply("CREATE INDEX ON $self->{table} ($first->{name})") for 1, 2;
	push @{ $self->{indexes} }, [ [ $first->{name}, '' ] ];
	return 1;
}

1;
