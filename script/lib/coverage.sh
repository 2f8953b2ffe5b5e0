# shellcheck shell=bash disable=SC2154
# How many lines of src/ a gcov build ran: by file, and in all.

# suite_coverage MINIMUM: a total below this percentage is a failed test.
suite_coverage() {
    local minimum=$1 table=$build/coverage.txt total
    (cd "$build" && gcov --no-output --object-directory src "$tree"/src/*.c) 2>/dev/null |
        awk -v src="$tree/src/" '
            /^File / { file = $2; gsub(/\x27/, "", file) }
            /^Lines executed:/ && index(file, src) == 1 {
                split($0, part, /[:%]| of /)
                name = substr(file, length(src) + 1)
                if (name in seen) next
                seen[name] = 1
                lines = part[4]; ran = int(part[2] * lines / 100 + 0.5)
                printf "  %-34s %6.1f %% of %5d lines\n", "src/" name, part[2], lines
                all += lines; allran += ran
            }
            END { printf "total %.1f %d\n", all ? 100 * allran / all : 0, all }' >"$table"
    grep -v '^total' "$table" | sort
    total=$(sed -n 's/^total \([0-9.]*\) .*/\1/p' "$table")
    if awk -v t="$total" -v m="$minimum" 'BEGIN { exit !(t >= m) }'; then
        report "coverage: $total % of lines" 1 0 0
    else
        report "coverage: $total %, not $minimum %" 0 1 0
    fi
}
