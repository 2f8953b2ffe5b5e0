package DlProp::Change;

# What happens to a random relation between calls: to its rows, indexes,
# columns, partitions and rights.  Methods of DlProp::Relation.

use strict;
use warnings;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;

sub mutate
{
	my ($self) = @_;
	my $what = pick_weighted(update => 30, delete => 12, insert => 20, index => 10, vacuum => 10, analyze => 4, rename => 4,
		reindex => 2, drop_index => 3, add => 3, refresh => 3, truncate => 1, retype => 2, replace => 3, rewrite => 2,
		rights => 3, store => 2, detach => 2, savepoint => 5);
	my $method = "_mutate_$what";
	$self->$method;
	return;
}

# --- rows

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
	my @columns = grep { $_->{role} =~ /key|payload/ } @{ $self->{present} };

	# a foreign partition would let rows in that are not its own
	@columns = grep { $_ != $self->{partition_key} } @columns if $self->{foreign_leaf} && $self->{partition_key};
	return unless @columns;
	my $column = pick(@columns);
	$self->apply("UPDATE $self->{table} SET $column->{name} = " . literal($column, $self->_random_value($column)) . ' WHERE '
		  . $self->_id_range)
	  for 1 .. between(1, 4);
	return;
}

sub _mutate_delete { my ($self) = @_; $self->apply("DELETE FROM $self->{table} WHERE " . $self->_id_range); return; }

# A unique constraint that is deferred lets rows in that are alike.
sub _mutate_insert { my ($self) = @_; $self->_insert_row for 1 .. between(1, 5); return; }

sub _mutate_truncate { my ($self) = @_; $self->apply("TRUNCATE $self->{table}") if chance(0.3); return; }

# Changes that the next calls see, and that are undone after them.
sub _mutate_savepoint
{
	my ($self) = @_;
	return if !$self->{in_transaction} || $self->{undo_after};
	$self->apply('SAVEPOINT zz_s') or return;
	pick(sub { $self->_mutate_update }, sub { $self->_mutate_delete }, sub { $self->_mutate_insert })->() for 1 .. between(1, 3);
	$self->{undo_after} = between(1, 4);
	return;
}

# once between any two calls
sub pass_time
{
	my ($self) = @_;
	return unless $self->{undo_after};
	$self->apply('ROLLBACK TO zz_s') unless --$self->{undo_after};
	return;
}

# --- storage and indexes

sub _mutate_index   { my ($self) = @_; $self->_add_index if $self->{kind} ne 'view'; return; }
sub _mutate_vacuum  { my ($self) = @_; $self->apply("VACUUM $self->{table}") unless $self->{in_transaction}; return; }
sub _mutate_analyze { my ($self) = @_; $self->apply("ANALYZE $self->{table}"); return; }
sub _mutate_reindex { my ($self) = @_; $self->apply("REINDEX TABLE $self->{table}"); return; }
sub _mutate_refresh { my ($self) = @_; $self->apply("REFRESH MATERIALIZED VIEW $self->{name}") if $self->{kind} eq 'matview'; return; }

sub _mutate_rewrite
{
	my ($self) = @_;
	return if $self->{big};
	$self->apply(pick("VACUUM FULL $self->{table}", "REINDEX TABLE CONCURRENTLY $self->{table}")) unless $self->{in_transaction};
	return;
}

sub _mutate_store
{
	my ($self) = @_;
	$self->_store(pick(@{ $self->{present} }));
	return;
}

sub _mutate_drop_index
{
	my ($self) = @_;
	$self->apply(q{DO $$ DECLARE i regclass; BEGIN SELECT indexrelid::regclass INTO i FROM pg_index }
		  . "WHERE indrelid = " . quote($self->{table}) . q{::regclass AND NOT indisprimary ORDER BY indexrelid LIMIT 1; }
		  . q{IF i IS NOT NULL THEN EXECUTE 'DROP INDEX ' || i; END IF; END $$});
	return;
}

# --- columns (a foreign partition's table would have to follow)

sub _columns_may_change { my ($self) = @_; return !$self->{undo_after} && !$self->{foreign_leaf}; }

# Requests of before may not be meant any more.
sub _forget_calls
{
	my ($self) = @_;
	$self->{indexes} = [];
	$self->{calls}   = [];
	return;
}

# swaps the names of two columns under the feet of kept plans
sub _mutate_rename
{
	my ($self) = @_;
	return unless $self->{kind} =~ /^(plain|temp|partitioned)$/ && $self->_columns_may_change;
	my @pair = some(2, grep { $_->{role} =~ /key|payload/ } @{ $self->{columns} });
	return if @pair < 2;
	my ($a, $b) = @pair;
	$self->apply("ALTER TABLE $self->{table} RENAME $a->{name} TO zz_swap") or return;
	$self->apply("ALTER TABLE $self->{table} RENAME $b->{name} TO $a->{name}");
	$self->apply("ALTER TABLE $self->{table} RENAME zz_swap TO $b->{name}");
	($a->{$_}, $b->{$_}) = ($b->{$_}, $a->{$_}) for qw(raw name);
	return $self->_forget_calls;
}

sub _mutate_add
{
	my ($self) = @_;
	return if $self->{kind} =~ /view|leaf|child|foreign/ || !$self->_columns_may_change;
	my $raw = shift @{ $self->{spare_names} } or return;
	return $self->_append_column({ %{ $self->_plain_payload }, raw => $raw, name => quote_name($raw) });
}

# a payload column whose type is there already
sub _plain_payload
{
	my ($self) = @_;
	my $type = pick(payload_types());
	return { role => 'payload', type => $type, pool => [ @{ $type->{values} } ], nulls => 0.1 };
}

sub _append_column
{
	my ($self, $column) = @_;
	$self->apply("ALTER TABLE $self->{table} ADD COLUMN $column->{name} $column->{type}{decl} DEFAULT "
		  . literal($column, pick(@{ $column->{pool} }))) or return;
	push @{ $self->{columns} }, $column;
	$self->{present} = $self->{columns};
	return;
}

# drops a column, and perhaps adds another one of its name
sub _mutate_replace
{
	my ($self) = @_;
	return unless $self->{kind} =~ /^(plain|unlogged|temp|partitioned|inherited)$/ && $self->_columns_may_change;
	my ($column) = some(1, grep { $_->{role} eq 'payload' } @{ $self->{columns} }) or return;
	$self->apply("ALTER TABLE $self->{table} DROP COLUMN $column->{name}") or return;
	$self->{columns} = $self->{present} = [ grep { $_ != $column } @{ $self->{columns} } ];
	$self->_append_column({ %{ $self->_plain_payload }, raw => $column->{raw}, name => $column->{name} }) if chance(0.7);
	return $self->_forget_calls;
}

# another type for a column; a wider one for a key
sub _mutate_retype
{
	my ($self) = @_;
	return unless $self->{kind} =~ /^(plain|unlogged|temp)$/ && $self->_columns_may_change;
	my %wider = (int2 => 'int4', int4 => 'int8', float4 => 'float8', varchar => 'text', date => 'timestamp');
	my ($column) = some(1, grep { !$_->{type}{domain} && !$_->{type}{collate} && $_->{role} =~ /key|payload/ && $wider{ $_->{type}{base} } }
		  @{ $self->{columns} }) or return;
	my $base = $wider{ $column->{type}{base} };
	my ($type) = grep { $_->{decl} eq $base } key_types();
	$self->apply("ALTER TABLE $self->{table} ALTER COLUMN $column->{name} TYPE $base") or return;
	$column->{type} = $type;
	delete $column->{spread};
	return $self->_forget_calls;
}

# --- partitions and rights

sub _mutate_detach
{
	my ($self) = @_;
	return if $self->{kind} !~ /partitioned|leaf/ || $self->{undo_after};
	my $partition = pick(@{ $self->{partitions} });
	my ($parent, $leaf, $bound) = ($self->{table}, @$partition);
	if ($self->{detached} && $self->{detached} == $partition)
	{
		$self->apply("ALTER TABLE $parent ATTACH PARTITION $leaf $bound") and delete $self->{detached};
	}
	elsif (!$self->{detached})
	{
		$self->apply("ALTER TABLE $parent DETACH PARTITION $leaf") and $self->{detached} = $partition;
	}
	return;
}

sub _mutate_rights
{
	my ($self) = @_;
	return if $self->{undo_after};
	return if $self->{oracle};    # whose rights are those of its table, too
	my $name = $self->{name};
	$self->apply(pick("REVOKE SELECT ON $name FROM " . ROLE, ("GRANT SELECT ON $name TO " . join(', ', ROLE, BYPASS)) x 2,
		$self->{rls} ? map { "ALTER TABLE $name $_ ROW LEVEL SECURITY" } qw(DISABLE ENABLE FORCE) : ()));
	return;
}

1;
