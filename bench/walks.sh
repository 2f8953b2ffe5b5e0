#!/usr/bin/env bash
# Ways to find many keys in an index, by how far they lie apart: a descent for each, one
# walk over their range, one scan for all of them as an array, a hint to each row. By this
# RANGE_ENTRIES, ARRAY_ENTRIES and HINT_ENTRIES of src/fetch_dense.c were chosen, for
# PostgreSQL before 17 and since.
#
#   bench/walks.sh [ROUNDS [SECONDS]]
#
# Not as root. Builds the extension four times, each with one of the ways for all batches,
# and starts a throw-away cluster with two tables: one of 100,000 rows (its index has two
# levels), one of 2,000,000 (three). Prints the best milliseconds of interleaved rounds; of
# five rounds it takes seven minutes.
# Environment: PG_CONFIG or PG_MAJOR for another PostgreSQL.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=script/lib/common.sh
. "$root/script/lib/common.sh"
# shellcheck source=script/lib/cluster.sh
. "$root/script/lib/cluster.sh"
rounds=${1:-5}
seconds=${2:-1}
clean_environment
PG_CONFIG=$(find_pg_config) || die 'no pg_config was found; set PG_CONFIG'
cluster_bindir=$("$PG_CONFIG" --bindir)
work=$(mktemp -d)
trap '"$cluster_bindir/pg_ctl" -D "$work/cluster/data" -m immediate -s stop 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# build WAY RANGE_ENTRIES ARRAY_ENTRIES HINTS
build() {
    mkdir "$work/$1"
    cp -r "$root"/{Makefile,src,dataloader.control,*.sql} "$work/$1"
    sed -i "s/^\(#define RANGE_ENTRIES\).*/\1 $2/; s/^\(#define ARRAY_ENTRIES\).*/\1 $3/; s/^\(#define HINT_ENTRIES\).*/\1 0/" "$work/$1/src/fetch_dense.c"
    sed -i "/^dl_may_hint/,/^}/ s/return /&$4 \&\& /" "$work/$1/src/fetch_hint.c"
    grep -q "return $4 && " "$work/$1/src/fetch_hint.c" || die 'dl_may_hint() is not what this script expects'
    make -s -C "$work/$1" PG_CONFIG="$PG_CONFIG" with_llvm=no install DESTDIR="$work/install" >"$work/log" 2>&1 || die "$(tail "$work/log")"
}
ways=(descents range array hints)
build descents 0 0 false
build range 1e9 0 false
build array 0 1e9 false
build hints 0 0 true
cluster_start "$work/cluster" "$work/install"

"$cluster_bindir/psql" -XqAt -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
CREATE EXTENSION dataloader;
ALTER SYSTEM SET jit = off;
SELECT pg_reload_conf(), setseed(0.17);
CREATE TABLE small AS SELECT g AS id, 'row ' || g AS label FROM generate_series(1, 100000) g;
CREATE TABLE large AS SELECT g AS id, 'row ' || g AS label FROM generate_series(1, 2000000) g;
ALTER TABLE small ADD PRIMARY KEY (id);
ALTER TABLE large ADD PRIMARY KEY (id);
VACUUM ANALYZE small, large;
-- 1000 keys, one in so many; 20 batches each
CREATE TABLE batch AS
SELECT distance, batch, array_agg(id ORDER BY random())::text AS keys
FROM unnest('{2,4,8,12,16,25,50,100,200}'::int[]) distance, generate_series(1, 20) batch,
     LATERAL (SELECT 1 + (i - 1) * distance + (random() * (distance - 1))::int AS id FROM generate_series(1, 1000) i WHERE batch > 0) k
GROUP BY 1, 2;
ALTER TABLE batch ADD PRIMARY KEY (distance, batch);
SQL

library=$work/install$("$PG_CONFIG" --pkglibdir)/dataloader.so
printf 'PostgreSQL %s, ms for 1000 keys\n%-8s %8s %s\n' "$("$PG_CONFIG" --version | cut -d' ' -f2)" table distance "$(printf '%10s' "${ways[@]}")"
for table in small large; do
    for distance in 2 4 8 12 16 25 50 100 200; do
        cat >"$work/batch.sql" <<SQL
\set r random(1, 20)
SELECT keys FROM batch WHERE distance = $distance AND batch = :r \gset
SELECT dataloader.load_one_json('$table', :keys::int[]);
SQL
        for ((round = 1; round <= rounds; round++)); do
            for way in "${ways[@]}"; do
                cp "$work/$way/dataloader.so" "$library.new"
                mv "$library.new" "$library"
                "$cluster_bindir/pgbench" -n -r -M prepared -T "$seconds" -f "$work/batch.sql" 2>"$work/log" |
                    awk '/latencies/ { found = 1 } found && /^ +[0-9]/ { last = $1 } END { print last }' >>"$work/$table-$distance-$way"
            done
        done
        printf '%-8s %8d ' "$table" "$distance"
        for way in "${ways[@]}"; do
            printf '%10.3f' "$(sort -n "$work/$table-$distance-$way" | head -n 1)"
        done
        printf '\n'
    done
done
