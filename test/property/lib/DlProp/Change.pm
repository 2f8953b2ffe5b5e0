package DlProp::Change;

# What happens to a random relation: indexes, and the changes between calls.
# Methods of DlProp::Relation.

use strict;
use warnings;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;

# --- indexes

sub _add_indexes
{
	my ($self) = @_;
	$self->_add_index for 1 .. pick(0, 1, 1, 1, 2, 2, 2, 3);
}

sub _add_index
{
	my ($self) = @_;
	my @columns = @{ $self->{columns} };
	my @keys    = grep { $_->{role} eq 'key' } @columns;
	my @others  = grep { $_->{role} ne 'key' && ($_->{type}{order} // 1) } @columns;
	my $first   = pick(@keys);
	my $form    = pick_weighted(keys => 45, order => 25, later => 5, hash => 3, brin => 2, expression => 4, pattern => 3,
		collation => 4, partial => 9);
	my $unique = chance(0.12) ? 'UNIQUE ' : '';
	my @parts;
	my $tail = '';
	if    ($form eq 'hash') { return $self->apply("CREATE INDEX ON $self->{table} USING hash ($first->{name})"); }
	elsif ($form eq 'brin') { return $self->apply("CREATE INDEX ON $self->{table} USING brin ($first->{name})"); }
	elsif ($form eq 'expression')
	{
		@parts = (pick("lower($first->{name}::text)", "($first->{name})", "(coalesce($first->{name}, $first->{name}))"));
		$unique = '';
	}
	elsif ($form eq 'pattern')   { @parts = ("$first->{name} text_pattern_ops"); }
	elsif ($form eq 'collation') { @parts = ("$first->{name} COLLATE " . pick('"C"', '"en-x-icu"', 'nd')); }
	else
	{
		@parts = map { [ $_->{name}, $self->_direction ] } $first, some(pick(0, 0, 1, 1, 2), grep { $_ != $first } @keys);
		push @parts, map { [ $_->{name}, $self->_direction ] } some(between(1, 2), @others) if $form eq 'order';
		unshift @parts, [ pick(@others)->{name}, '' ] if $form eq 'later' && @others;
		$unique = '' if $form eq 'later';
		$tail .= ' INCLUDE (' . join(', ', map { $_->{name} } some(between(1, 2), @columns)) . ')' if chance(0.12);
		$tail .= ' NULLS NOT DISTINCT' if $unique && chance(0.2);
		if ($form eq 'partial')
		{
			$tail .= ' WHERE ' . pick("$first->{name} IS NOT NULL", "$self->{id}{name} > 10", "$self->{id}{name} > 0");
		}
	}
	my $sql = join ', ', map { ref $_ ? "$_->[0]$_->[1]" : $_ } @parts;
	if ($unique && !$tail && $form eq 'keys' && chance(0.5))
	{
		my $names = join ', ', map { $_->[0] } @parts;
		return $self->apply("ALTER TABLE $self->{table} ADD UNIQUE ($names) DEFERRABLE" . pick('', ' INITIALLY DEFERRED'));
	}
	$self->apply("CREATE ${unique}INDEX ON $self->{table} ($sql)$tail") or return 0;
	push @{ $self->{indexes} }, [ grep { ref $_ } @parts ];
	return 1;
}

sub _direction { return pick('', '', '', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST'); }

# --- changes between calls: rows, indexes, columns

sub mutate
{
	my ($self) = @_;
	my $what = pick_weighted(update => 30, delete => 12, insert => 20, index => 10, vacuum => 10, analyze => 4, rename => 4,
		reindex => 2, drop_index => 3, add => 3, refresh => 3, truncate => 1);
	my $method = "_mutate_$what";
	return $self->$method;
}

sub _id_range
{
	my ($self) = @_;
	my $last = $self->{last_id} || 1;
	my $low  = between(1, $last);
	return "$self->{id}{name} BETWEEN $low AND " . ($low + between(0, $last > 1000 ? 200 : 6));
}

sub _mutate_update
{
	my ($self) = @_;
	my @columns = grep { $_->{role} =~ /key|payload/ && !$_->{unique} } @{ $self->{present} };
	return unless @columns;
	my $column = pick(@columns);
	$self->apply("UPDATE $self->{table} SET $column->{name} = " . literal($column, $self->_random_value($column)) . ' WHERE '
		  . $self->_id_range)
	  for 1 .. between(1, 4);
}

sub _mutate_delete { my ($self) = @_; $self->apply("DELETE FROM $self->{table} WHERE " . $self->_id_range); }

sub _mutate_insert
{
	my ($self) = @_;
	return if grep { $_->{unique} } @{ $self->{columns} };
	$self->_insert_row for 1 .. between(1, 5);
}

sub _mutate_index   { my ($self) = @_; $self->_add_index if $self->{kind} ne 'view'; }
sub _mutate_vacuum  { my ($self) = @_; $self->apply("VACUUM $self->{table}") unless $self->{in_transaction}; }
sub _mutate_analyze { my ($self) = @_; $self->apply("ANALYZE $self->{table}"); }
sub _mutate_reindex { my ($self) = @_; $self->apply("REINDEX TABLE $self->{table}"); }
sub _mutate_refresh { my ($self) = @_; $self->apply("REFRESH MATERIALIZED VIEW $self->{name}") if $self->{kind} eq 'matview'; }
sub _mutate_truncate { my ($self) = @_; $self->apply("TRUNCATE $self->{table}") if chance(0.3); }

sub _mutate_drop_index
{
	my ($self) = @_;
	$self->apply(q{DO $$ DECLARE i regclass; BEGIN SELECT indexrelid::regclass INTO i FROM pg_index }
		  . "WHERE indrelid = " . quote($self->{table}) . q{::regclass AND NOT indisprimary ORDER BY indexrelid LIMIT 1; }
		  . q{IF i IS NOT NULL THEN EXECUTE 'DROP INDEX ' || i; END IF; END $$});
}

# swaps the names of two columns of one type under the feet of kept plans
sub _mutate_rename
{
	my ($self) = @_;
	return unless $self->{kind} =~ /^(plain|temp|partitioned)$/;
	my @pair = some(2, grep { $_->{role} =~ /key|payload/ } @{ $self->{columns} });
	return if @pair < 2;
	my ($a, $b) = @pair;
	$self->apply("ALTER TABLE $self->{table} RENAME $a->{name} TO zz_swap") or return;
	$self->apply("ALTER TABLE $self->{table} RENAME $b->{name} TO $a->{name}");
	$self->apply("ALTER TABLE $self->{table} RENAME zz_swap TO $b->{name}");
	($a->{$_}, $b->{$_}) = ($b->{$_}, $a->{$_}) for qw(raw name);
	$self->{indexes} = [];
	$self->{calls}   = [];
}

sub _mutate_add
{
	my ($self) = @_;
	return if $self->{kind} =~ /view/ || $self->{kind} =~ /leaf|child/;
	my $type = pick(payload_types());
	my $raw  = shift @{ $self->{spare_names} } or return;
	my $column = { role => 'payload', type => $type, pool => [ @{ $type->{values} } ], nulls => 0.1, raw => $raw,
		name => quote_name($raw) };
	$self->apply("ALTER TABLE $self->{table} ADD COLUMN $column->{name} $type->{decl} DEFAULT "
		  . literal($column, pick(@{ $column->{pool} }))) or return;
	push @{ $self->{columns} }, $column;
	$self->{present} = $self->{columns};
}

1;
