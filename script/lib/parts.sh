# shellcheck shell=bash disable=SC2154
# Scripts that are tests of their own, run one after the other beside the suites: each
# prints "N passed, N failed" last, or ends with 77 and a reason, which is skipped.
#
# parts_start COMMAND-LINE... ; then, at the end, parts_finish adds to passed and failed,
# and to skipped[].  parts_stop may be called at any time.
parts=()
parts_pid=
skipped=()

parts_start() {
    parts=("$@")
    set -m
    parts_run </dev/null &
    parts_pid=$!
    set +m
}

parts_run() {
    local i status command
    trap - EXIT
    cd "$root" || exit
    for i in "${!parts[@]}"; do
        read -ra command <<<"${parts[i]}"
        status=0
        "${command[@]}" >"$work/part$i.log" 2>&1 || status=$?
        say "$status" >"$work/part$i.status"
    done
}

parts_stop() {
    [[ -n $parts_pid ]] || return 0
    kill -TERM -- "-$parts_pid" 2>/dev/null || true
    wait "$parts_pid" 2>/dev/null || true
    parts_pid=
}

parts_finish() {
    local i
    wait "$parts_pid" || true
    parts_pid=
    for i in "${!parts[@]}"; do
        say "${parts[i]}"
        part_count "$work/part$i"
    done
}

part_count() {
    local line status=1
    [[ ! -s $1.status ]] || read -r status <"$1.status"
    line=$(tail -n 1 "$1.log")
    if ((status == 77)); then
        skipped+=("$line")
        say "  $line"
    elif [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        sed '$d' "$1.log"
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        ((status == 0 || BASH_REMATCH[2] > 0)) || failed=$((failed + 1))
    else
        cat "$1.log"
        failed=$((failed + 1))
    fi
}
