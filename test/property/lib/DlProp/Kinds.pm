package DlProp::Kinds;

# The kinds of random relations: how each is made and filled.  Methods of
# DlProp::Relation.

use strict;
use warnings;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;

sub _column_list
{
	my ($self, @columns) = @_;
	my @list;
	for my $column (@columns)
	{
		my $sql = "$column->{name} $column->{type}{decl}";
		$sql .= ' NOT NULL' if !$column->{nulls} && chance(0.5);
		$sql .= ' GENERATED ALWAYS AS (' . sprintf($column->{expression}, $self->{id}{name}) . ') STORED' if $column->{expression};
		push @list, $sql;
		push @list, "junk" . scalar(@list) . " " . pick('int8', 'text', 'numeric') . ' DEFAULT 7' if chance(0.1);
	}
	return @list;
}

# false when a column stays, as in a transaction that has checks to do
sub _drop_columns
{
	my ($self, $table, @names) = @_;
	$self->apply("ALTER TABLE $table DROP COLUMN $_") or return 0 for @names;
	return 1;
}

sub _junk { my ($self, @list) = @_; return map { /^(junk\d+) / ? $1 : () } @list; }

# a plain table, and what other kinds stand on
sub _make_table
{
	my ($self) = @_;
	my $how = { unlogged => 'UNLOGGED ', temp => 'TEMP ' }->{ $self->{kind} } // '';
	my @columns = @{ $self->{columns} };

	# one column comes later, by ALTER TABLE, over existing rows
	my $late;
	if (chance(0.3))
	{
		my $keys = grep { $_->{role} eq 'key' } @columns;
		($late) = grep { ($_->{role} eq 'payload' || ($_->{role} eq 'key' && $keys > 1)) && !$_->{unique} && !$_->{spread} } reverse @columns;
		@columns = grep { !$late || $_ != $late } @columns;
		$self->{columns} = [@columns];
	}
	my @list = $self->_column_list(@columns);
	my $base = $self->{base} // $self->{name};
	my $with = chance(0.2) ? ' WITH (' . pick('toast_tuple_target = 128', 'fillfactor = 20') . ')' : '';
	$self->apply("CREATE ${how}TABLE $base (" . join(', ', @list) . ")$with") or return 0;
	$self->{table} = $base;
	$self->_store($_) for grep { chance(0.15) } @columns;
	my @junk = $self->_junk(@list);
	$self->_drop_columns($base, splice @junk) or return 0 if chance(0.5);

	$self->{present} = [@columns];
	my $primary = chance(0.7);
	$self->_add_primary if $primary && chance(0.5);
	my $early = chance(0.5);
	$self->_add_indexes if $early;
	$self->_insert_rows;
	if ($late)
	{
		my $default = chance(0.7) ? ' DEFAULT ' . literal($late, pick(@{ $late->{pool} })) : '';
		$self->apply("ALTER TABLE $base ADD COLUMN $late->{name} $late->{type}{decl}$default") or return 0;
		push @columns, $late;
		$self->{present} = [@columns];
		$self->_insert_row for 1 .. between(0, 10);
	}
	$self->{columns} = [@columns];
	$self->_drop_columns($base, @junk) or return 0;
	$self->_add_primary if $primary && !$self->{primary};
	$self->_add_indexes unless $early;
	return 1;
}

# where long values of a column go; the server refuses what its type has not
sub _store
{
	my ($self, $column) = @_;
	$self->apply("ALTER TABLE $self->{table} ALTER COLUMN $column->{name} SET "
		  . pick('STORAGE EXTERNAL', 'STORAGE MAIN', 'STORAGE PLAIN', 'COMPRESSION lz4'));
	return;
}

sub _add_primary
{
	my ($self) = @_;
	my $deferrable = chance(0.1) ? ' DEFERRABLE' . (chance(0.5) ? ' INITIALLY DEFERRED' : '') : '';
	$self->{primary} = $self->apply("ALTER TABLE $self->{table} ADD PRIMARY KEY ($self->{id}{name})$deferrable");
	return;
}

sub _make_view
{
	my ($self) = @_;
	$self->{base} = 'base_table';
	$self->_make_table or return 0;
	my $with = pick('', '', ' WITH (security_barrier)', ' WITH (security_invoker)');
	$self->{columns} = [ shuffle(@{ $self->{columns} }) ];
	my $list = join ', ', map { $_->{name} } @{ $self->{columns} };
	my ($id, $from) = ($self->{id}{name}, $self->{base});
	$self->{primary} = 0;
	my $select = pick_weighted(
		"SELECT $list FROM $from" => 4,
		"SELECT $list FROM $from WHERE $id % 3 <> 0" => 2,
		"SELECT $list FROM $from WHERE $id < 30" => 2,
		"SELECT $list FROM (SELECT * FROM $from OFFSET 0) zz_s" => 1,
		"SELECT $list FROM $from WHERE $id % 2 = 0 UNION ALL SELECT $list FROM $from WHERE $id % 2 <> 0" => 2,
		"WITH zz_w AS MATERIALIZED (SELECT * FROM $from) SELECT $list FROM zz_w" => 1,
		"SELECT $list FROM $from JOIN generate_series(1, 25) zz_g ON zz_g = $id" => 1,
		"SELECT DISTINCT ON ($id) $list FROM $from ORDER BY $id" => 1);
	return $self->apply("CREATE VIEW $self->{name}$with AS $select") unless chance(0.2);
	return $self->apply("CREATE VIEW inner_view AS $select") && $self->apply("CREATE VIEW $self->{name}$with AS SELECT $list FROM inner_view");
}

sub _make_matview
{
	my ($self) = @_;
	$self->{base} = 'base_table';
	$self->_make_table or return 0;
	my $list = join ', ', map { $_->{name} } @{ $self->{columns} };
	$self->apply("CREATE MATERIALIZED VIEW $self->{name} AS SELECT $list FROM $self->{base}") or return 0;
	$self->{table}   = $self->{name};
	$self->{primary} = 0;
	$self->{indexes} = [];
	$self->_add_indexes;
	$self->_add_indexes;
	return 1;
}

# A foreign table over a table of this database.  The oracle reads that table.
sub _make_foreign
{
	my ($self) = @_;
	$self->{base} = 'base_table';
	$self->_make_table or return 0;
	my $list = join ', ', map { "$_->{name} $_->{type}{decl}" } @{ $self->{columns} };
	my $options = join ', ', "schema_name '" . SCHEMA . "'", "table_name '$self->{base}'", chance(0.3) ? "fetch_size '2'" : (),
	  chance(0.2) ? "use_remote_estimate 'true'" : ();
	$self->{primary} = 0;
	$self->{oracle}  = $self->{base};
	return $self->apply("CREATE FOREIGN TABLE $self->{name} ($list) SERVER loopback OPTIONS ($options)");
}

sub _make_partitioned
{
	my ($self) = @_;
	my ($id, $key) = ($self->{id}, (grep { $_->{role} eq 'key' } @{ $self->{columns} })[0]);
	my $how = pick('hash id', 'range id', 'hash key', 'list key');
	my @list = $self->_column_list(@{ $self->{columns} });
	my $parent = $self->{kind} eq 'leaf' ? 'parent' : $self->{name};
	my $on = $how =~ /id/ ? $id->{name} : $key->{name};
	my ($method) = $how =~ /(\w+)/;
	$self->{partition_key} = $key if $how =~ /key/;
	$self->apply("CREATE TABLE $parent (" . join(', ', @list) . ") PARTITION BY $method ($on)") or return 0;
	my @bounds;
	if    ($method eq 'hash')  { @bounds = map { "WITH (MODULUS 2, REMAINDER $_)" } 0, 1; }
	elsif ($method eq 'range') { @bounds = ('FROM (MINVALUE) TO (20)', 'FROM (20) TO (35)', 'DEFAULT'); }
	else                       { @bounds = ('IN (' . quote($key->{pool}[0]) . ')', 'DEFAULT'); }
	for my $i (0 .. $#bounds)
	{
		my $leaf = $self->{kind} eq 'leaf' && $i == 0 ? $self->{name} : "leaf$i";
		my $bound = $bounds[$i] eq 'DEFAULT' ? 'DEFAULT' : "FOR VALUES $bounds[$i]";
		$self->_make_partition($parent, $leaf, $bound, $i, @list) or return 0;
	}
	$self->_drop_columns($parent, $self->_junk(@list)) or return 0;
	$self->{partitions} = [ map { [ "leaf$_", $bounds[$_] eq 'DEFAULT' ? 'DEFAULT' : "FOR VALUES $bounds[$_]" ] } 1 .. $#bounds ];
	$self->{table}   = $parent;
	$self->{present} = $self->{columns};
	$self->_insert_rows;
	$self->_add_primary if chance(0.7) && $how =~ /id/;
	$self->{table} = $self->{name} if $self->{kind} eq 'leaf' && chance(0.5);
	$self->_add_indexes;
	$self->{table} = $parent;
	return 1;
}

# a partition: alike, with columns in another order, partitioned itself, or foreign
sub _make_partition
{
	my ($self, $parent, $leaf, $bound, $i, @list) = @_;
	my $form = pick_weighted(plain => 55, other => 35, $leaf eq $self->{name} ? () : (sub => 6, foreign => 4));
	if ($form eq 'other')
	{
		return $self->apply("CREATE TABLE $leaf (gone int, " . join(', ', reverse @list) . ')')
		  && $self->apply("ALTER TABLE $leaf DROP COLUMN gone") && $self->apply("ALTER TABLE $parent ATTACH PARTITION $leaf $bound");
	}
	if ($form eq 'sub')
	{
		return $self->apply("CREATE TABLE $leaf PARTITION OF $parent $bound PARTITION BY LIST (($self->{id}{name} % 2))")
		  && $self->apply("CREATE TABLE ${leaf}_a PARTITION OF $leaf FOR VALUES IN (0)")
		  && $self->apply("CREATE TABLE ${leaf}_b PARTITION OF $leaf DEFAULT");
	}
	if ($form eq 'foreign' && !$self->{in_transaction} && !grep { /GENERATED/ } @list)
	{
		$self->{foreign_leaf} = 1;
		return 1 if $self->apply("CREATE TABLE remote$i (" . join(', ', @list) . ')')
		  && $self->apply("CREATE FOREIGN TABLE $leaf PARTITION OF $parent $bound SERVER loopback OPTIONS (schema_name '" . SCHEMA
			  . "', table_name 'remote$i')");
	}
	return $self->apply("CREATE TABLE $leaf PARTITION OF $parent $bound");
}

sub _make_leaf { my ($self) = @_; return $self->_make_partitioned; }

sub _make_inherited
{
	my ($self) = @_;
	my ($parent, $child) = $self->{kind} eq 'child' ? ('parent', $self->{name}) : ($self->{name}, 'child');
	my @list = $self->_column_list(@{ $self->{columns} });
	my @tables = ($parent, $child);
	$self->apply("CREATE TABLE $parent (" . join(', ', @list) . ')') or return 0;
	$self->apply("CREATE TABLE $child (extra int) INHERITS ($parent)") or return 0;
	$self->_drop_columns($parent, $self->_junk(@list)) or return 0;
	$self->apply("ALTER TABLE $child DROP COLUMN extra");
	push @tables, 'grandchild' if chance(0.3) && $self->apply("CREATE TABLE grandchild () INHERITS ($child)");
	$self->{present} = $self->{columns};
	for my $table (@tables)
	{
		$self->{table} = $table;
		$self->_insert_rows;
		$self->_add_indexes;
	}
	$self->{table} = $self->{name};
	$self->_add_primary if chance(0.5);
	return 1;
}

sub _make_child { my ($self) = @_; return $self->_make_inherited; }

1;
