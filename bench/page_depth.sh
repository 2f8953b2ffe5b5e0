#!/usr/bin/env bash
# Page 1 against page 1000 of one parent with 1,000,000 children, interleaved.
#
#   bench/page_depth.sh [ROUNDS [SECONDS]]
#
# PGHOST, PGPORT, PGUSER and PGDATABASE: a database that has the extension. A schema
# bench_page_depth is made there, and dropped. Prints the median microseconds of each page
# by load_connection, by the best hand-written SQL (a row comparison per page), and by
# OFFSET; fails if page 1000 costs more than 20 % above page 1.
set -euo pipefail
rounds=${1:-9}
seconds=${2:-1}
work=$(mktemp -d)
trap 'psql -Xqc "DROP SCHEMA IF EXISTS bench_page_depth CASCADE" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

export PGOPTIONS='-c client_min_messages=warning -c jit=off -c search_path=bench_page_depth,public'
query() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

query <<'SQL'
DROP SCHEMA IF EXISTS bench_page_depth CASCADE;
CREATE SCHEMA bench_page_depth;
SET maintenance_work_mem = '512MB';
CREATE TABLE event (id int NOT NULL, parent_id int NOT NULL, at timestamptz NOT NULL, title text NOT NULL);
INSERT INTO event SELECT i, 1, '2020-01-01 UTC'::timestamptz + i / 3 * interval '1 second', 'event ' || i FROM generate_series(1, 1000000) i;
ALTER TABLE event ADD PRIMARY KEY (id);
CREATE INDEX ON event (parent_id, at DESC, id);
VACUUM ANALYZE event;
SQL

# The cursors behind pages 1 and 999: those of their last rows, asked for by id.
row_at() { query -c "SELECT id FROM event WHERE parent_id = 1 ORDER BY at DESC, id OFFSET $1 - 1 LIMIT 1"; }
cursor_of() { query -c "SELECT dataloader.load_connection('event', '{$1}', by => 'id', order_by => 'at DESC') #>> '{0,edges,0,cursor}'"; }
last=$(row_at 4995)
at=$(query -c "SELECT at FROM event WHERE id = $last")

connection() { printf "SELECT dataloader.load_connection('event', '{1}'::int[], by => 'parent_id', order_by => 'at DESC', first => 5%s);\n" "$1"; }
plain() {
    printf "SELECT json_agg(json_build_object('node', row_to_json(e))) FROM (SELECT * FROM event WHERE parent_id = 1 %s ORDER BY at DESC, id %s LIMIT 6) e;\n" "$1" "$2"
}
connection '' >"$work/connection-1.sql"
connection ", after => ARRAY['$(cursor_of "$(row_at 5)")']" >"$work/connection-2.sql"
connection ", after => ARRAY['$(cursor_of "$last")']" >"$work/connection-1000.sql"
plain '' '' >"$work/plain-1.sql"
plain "AND at <= '$at' AND (at < '$at' OR id > $last)" '' >"$work/plain-1000.sql"
plain '' 'OFFSET 4995' >"$work/offset-1000.sql"

cells=(connection-1 connection-2 connection-1000 plain-1 plain-1000 offset-1000)
for ((round = 0; round <= rounds; round++)); do # round 0 warms up
    for cell in "${cells[@]}"; do
        pgbench -n -M prepared -T "$seconds" -f "$work/$cell.sql" 2>"$work/errors" |
            awk '/latency average/ { printf "%.0f\n", $4 * 1000 }' >"$work/latency" || {
            cat "$work/errors" >&2
            exit 1
        }
        ((round == 0)) || cat "$work/latency" >>"$work/$cell.times"
    done
done

median() { sort -n "$work/$1.times" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for cell in "${cells[@]}"; do
    printf '%-16s %6d us\n' "$cell" "$(median "$cell")"
done
first=$(median connection-1)
deep=$(median connection-1000)
printf 'page 1000 costs %d %% of page 1\n' $((100 * deep / first))
((deep * 100 <= first * 120))
