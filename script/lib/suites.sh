# shellcheck shell=bash disable=SC2154
# The test suites, one function each: run what is there (or what was selected),
# print one line, and what failed.  They need a running cluster (cluster.sh),
# tree, build and selected[].
#
# A suite without files is absent; a suite that could not run counts as failed.

total_passed=0
total_failed=0

# report NAME PASSED FAILED SECONDS
report() {
    printf '  %-34s %5d passed  %d failed  %4d s\n' "$1" "$2" "$3" "$4"
    total_passed=$((total_passed + $2))
    total_failed=$((total_failed + $3))
}

# Files of DIR ending with .EXT that are selected, without folder and ending.
# Everything is when nothing is named; a name is "sql", "sql/errors" or "sql/errors.sql".
select_tests() {
    local dir=$1 ext=$2 file name
    for file in "$tree/$dir"/*."$ext"; do
        [[ -f $file ]] || continue
        name=${file##*/}
        name=${name%."$ext"}
        is_selected "$dir" "$name" "$ext" && say "$name"
    done
    return 0
}

# is_selected DIR NAME [EXT]
is_selected() {
    local wanted
    ((${#selected[@]})) || return 0
    for wanted in "${selected[@]}"; do
        wanted=${wanted%/}
        [[ $wanted == "$1" || $1 == "$wanted"/* || $wanted == "$1/$2" || $wanted == "$1/$2.${3:-}" ]] && return 0
    done
    return 1
}

# VPATH is known without being said only where the server was not built in its source folder.
make_build() { make -C "$build" -f "$tree/Makefile" VPATH="$tree" PG_CONFIG="$PG_CONFIG" "$@"; }

# Count the tests in what pg_regress printed (its own format, and TAP since 16).
run_pg_regress() {
    local suite=$1 dir=$2 outdir=$3 log=$build/$1.log started=$SECONDS passed failed status=0
    shift 3
    make_build "$@" installcheck >"$log" 2>&1 || status=$?
    passed=$(grep -cE '^(test .* \.\.\. ok|ok [0-9]+)' "$log" || true)
    failed=$(grep -cE '^(test .* \.\.\. FAILED|not ok [0-9]+)' "$log" || true)
    ((status == 0 || failed > 0)) || failed=1
    report "$dir ($suite)" "$passed" "$failed" $((SECONDS - started))
    ((status == 0)) && return
    if [[ -s $build/$outdir/regression.diffs ]]; then
        head -n 300 "$build/$outdir/regression.diffs"
    else
        tail -n 40 "$log"
    fi
}

suite_regress() {
    local names name
    names=$(select_tests sql sql)
    [[ -n $names ]] || return 0
    # a new test has no expected output yet: then all of its output is the difference
    for name in $names; do
        [[ -e $tree/expected/$name.out ]] || : >"$tree/expected/$name.out"
    done
    run_pg_regress regress sql . ISOLATION= REGRESS="${names//$'\n'/ }"
}

suite_isolation() {
    local names name
    names=$(select_tests specs spec)
    [[ -n $names ]] || return 0
    for name in $names; do
        [[ -e $tree/expected/$name.out ]] || : >"$tree/expected/$name.out"
    done
    run_pg_regress isolation specs output_iso REGRESS= ISOLATION="${names//$'\n'/ }"
}

# run_tap NAME COMMAND...: count the assertions that a verbose prove printed.
run_tap() {
    local name=$1 log=$build/${1//[^a-z]/_}.log started=$SECONDS passed failed status=0
    shift
    "$@" >"$log" 2>&1 || status=$?
    passed=$(grep -cE '^(ok [0-9]+|not ok [0-9]+.*# TODO)' "$log" || true)
    failed=$(grep -E '^not ok [0-9]+' "$log" | grep -vcE '# TODO' || true)
    ((status == 0 || failed > 0)) || failed=1
    ((passed + failed > 0)) || failed=1
    report "$name" "$passed" "$failed" $((SECONDS - started))
    ((status == 0 && failed == 0)) || grep -vE '^ok [0-9]+' "$log" | tail -n 200
}

# A database of its own, with the extension (and pgTAP) in it.
fresh_database() {
    local database=$1 extension
    shift
    "$cluster_bindir/dropdb" --if-exists "$database" 2>/dev/null
    "$cluster_bindir/createdb" "$database" || return
    for extension in "$@"; do
        "$cluster_bindir/psql" -Xqd "$database" -c "CREATE EXTENSION $extension" || return
    done
}

suite_pgtap() {
    local names name files=()
    names=$(select_tests test/pgtap sql)
    [[ -n $names ]] || return 0
    for name in $names; do
        files+=("test/pgtap/$name.sql")
    done
    fresh_database dataloader_pgtap pgtap dataloader || {
        report 'test/pgtap' 0 1 0
        return
    }
    run_tap 'test/pgtap' in_tree pg_prove --psql-bin "$cluster_bindir/psql" --verbose -d dataloader_pgtap "${files[@]}"
}

# Clusters of their own: PostgreSQL::Test starts them, with the settings in
# TEMP_CONFIG, below tmp_check in the build directory.
suite_tap() {
    local names name files=()
    names=$(select_tests test/t pl)
    [[ -n $names ]] || return 0
    for name in $names; do
        files+=("test/t/$name.pl")
    done
    cluster_extension_settings "$destdir" >"$build/tap.conf"
    run_tap 'test/t' in_tree tap_environment prove --verbose -I "$(pgxs_dir)/src/test/perl" -I test/t "${files[@]}"
}

pgxs_dir() { (cd "$(dirname "$("$PG_CONFIG" --pgxs)")/../.." && pwd); }

tap_environment() {
    env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE \
        TESTDIR="$build" TESTDATADIR="$build/tmp_check" TESTLOGDIR="$build/tmp_check/log" \
        TEMP_CONFIG="$build/tap.conf" PGPORT="6$CLUSTER_PORT" \
        PG_REGRESS="$(pgxs_dir)/src/test/regress/pg_regress" PATH="$cluster_bindir:$PATH" "$@"
}

in_tree() { (cd "$tree" && "$@"); }

# A program that prints TAP, test/NAME/run, with a database that has the extension.
suite_program() {
    local name=$1
    [[ -x $tree/test/$name/run ]] && is_selected "test/$name" run || return 0
    fresh_database "dataloader_$name" dataloader
    run_tap "test/$name" in_tree env PGDATABASE="dataloader_$name" PATH="$cluster_bindir:$PATH" \
        prove --verbose --exec '' "test/$name/run"
}

# Random batches against plain SQL; and does that find what is wrong?
suite_property() {
    local log=$build/property.log started=$SECONDS line passed=0 failed=1 status=0
    [[ -x $tree/test/property/run ]] && is_selected test/property run || return 0
    fresh_database dataloader_property dataloader
    in_tree env PGDATABASE=dataloader_property PATH="$cluster_bindir:$PATH" \
        test/property/run "$CASES" "$SEED" >"$log" 2>&1 || status=$?
    line=$(tail -n 1 "$log")
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
        passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
    fi
    ((status == 0 || failed > 0)) || failed=1
    report "test/property, seed $SEED" "$passed" "$failed" $((SECONDS - started))
    ((failed == 0)) || grep -v '^relation ' "$log" | head -n 400
    run_tap 'test/property/selftest' in_tree env PATH="$cluster_bindir:$PATH" prove --verbose --exec '' test/property/selftest
}

# What no test may leave in a server log: crashes, failed assertions, undefined behaviour,
# and what the server says when something was not given back (buffers, relations, snapshots,
# files, locks, memory).  bad_lines LOG [SIGNALS]
bad_lines() {
    local held='leak|was not closed|still (active|referenced|pinned)|seem to remain|non-empty SPI stack|own a lock|write past chunk'
    grep -nE "WARNING:.*($held)|TRAP:|PANIC:|was terminated by signal ${2:-[0-9]}|runtime error:" "$1"
}

# Servers of test/t are killed on purpose: no signal there but those of a crash.
suite_server_log() {
    local bad=$build/server_log.bad log
    {
        bad_lines "$cluster_dir/server.log"
        while IFS= read -r log; do
            bad_lines "$log" '(4|6|7|8|11)\b' | sed "s|^|${log##*/}:|"
        done < <(find "$build/tmp_check" -name '*.log' 2>/dev/null)
    } >"$bad" || true
    if [[ -s $bad ]]; then
        report 'server log' 0 1 0
        head -n 50 "$bad"
    else
        report 'server log' 1 0 0
    fi
}
