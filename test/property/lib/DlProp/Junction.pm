package DlProp::Junction;

# A junction of a random relation: pairs of an owner's key and the id of a
# row, some of them dangling, repeated or NULL.

use strict;
use warnings;
use DlProp::Random;
use DlProp::Types;
use DlProp::Sql;

# Makes the junction; undef when the server refused.
sub new
{
	my ($class, $relation) = @_;
	my $self = bless { relation => $relation, name => '"junction j"' }, $class;
	my @scalar = grep { !$_->{row_only} } key_types();
	my $owner = pick(@scalar);
	$owner = integer_range($owner, 1, between(3, 20), 1) if $owner->{integer};
	my ($integer) = grep { $_->{integer} && $_->{base} eq 'int4' } key_types();

	# names that the relation may have too: through.x is the junction's
	my @names = shuffle('pos', (map { $_->{raw} } some(2, grep { $_->{raw} ne 'id' } @{ $relation->{columns} })),
		@{ $relation->{spare_names} }[ 0, 1, 2 ]);
	my $column = sub {
		my ($role, $type, $pool) = @_;
		my $raw = shift @names;
		return { role => $role, type => $type, pool => $pool, raw => $raw, name => quote_name($raw), nulls => 0.1 };
	};
	$self->{key}  = $column->('id', integer_range($integer, 1, 80, 1), [ 1 .. 90 ]);
	$self->{owner} = $column->('key', $owner, [ some(between(2, 6), @{ $owner->{values} }) ]);
	$self->{link} = $column->('link', $relation->{id}{type}, [ 1 .. 45 ]);
	$self->{pos}  = $column->('payload', $integer, [ 0 .. 5 ]);
	$self->{columns} = [ @$self{qw(key owner link pos)} ];
	return $self->_create ? $self : undef;
}

sub _create
{
	my ($self) = @_;
	my $relation = $self->{relation};
	my $partitioned = chance(0.1);
	my ($key, $owner, $link, $pos) = map { $_->{name} } @{ $self->{columns} };
	my @list = shuffle("$key int4", "$owner $self->{owner}{type}{decl}", "$link $self->{link}{type}{decl}", "$pos int4");
	$relation->apply(($relation->{kind} eq 'temp' ? 'CREATE TEMP' : 'CREATE') . " TABLE $self->{name} (" . join(', ', @list) . ')'
		  . ($partitioned ? " PARTITION BY hash ($key)" : '')) or return 0;
	$relation->apply("CREATE TABLE jp$_ PARTITION OF $self->{name} FOR VALUES WITH (MODULUS 2, REMAINDER $_)") for $partitioned ? (0, 1) : ();
	if (chance(0.6))
	{
		# without dangling pairs
		$self->{foreign} = $relation->apply("ALTER TABLE $self->{name} ADD FOREIGN KEY ($link) REFERENCES $relation->{name}");
	}
	return 0 unless $self->{foreign} || $relation->{primary};
	$self->{primary} = $relation->apply("ALTER TABLE $self->{name} ADD PRIMARY KEY ($key)") if chance(0.6);
	$self->_add_index for 1 .. pick(0, 1, 1, 2);
	my $n = between(0, 80);
	for my $id (1 .. $n)
	{
		my @values = ($id, literal($self->{owner}, chance(0.1) ? undef : pick(@{ $self->{owner}{pool} })),
			chance(0.08) ? 'NULL' : pick(@{ $self->{link}{pool} }), chance(0.1) ? 'NULL' : pick(0 .. 5));
		$relation->apply("INSERT INTO $self->{name} ($key, $owner, $link, $pos) VALUES (" . join(', ', @values) . ')');
	}
	$self->_add_index if chance(0.3);
	$relation->apply("GRANT SELECT ON $self->{name} TO " . ROLE) if chance(0.9);
	return 1;
}

sub _add_index
{
	my ($self) = @_;
	my ($key, $owner, $link, $pos) = map { $_->{name} } @{ $self->{columns} };
	my $direction = pick('', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST');
	$self->{relation}->apply("CREATE INDEX ON $self->{name} ("
		  . pick($owner, "$owner, $link", "$owner, $pos$direction", "$owner, $pos$direction, $link", "$link", "$owner) INCLUDE ($link") . ')');
	return;
}

sub key_sets
{
	my ($self) = @_;
	return ([ $self->{owner} ], [ $self->{owner} ], [ $self->{owner} ], [ $self->{key} ], [ @$self{qw(owner pos)} ]);
}

1;
