# shellcheck shell=bash disable=SC2154
# The suites with every server process under valgrind's memcheck.
#
# The report of an error names files with their full path; an error whose stack comes
# through src/ of this tree is this code's.  Others are the server's own, and counted only:
# it hands padding to the kernel, and its packages are built without annotations.

# A program to start instead of postgres (cluster_start).
valgrind_server() {
    mkdir -p "$build/valgrind"
    cat >"$build/postgres" <<END
#!/bin/sh
exec valgrind --quiet --leak-check=no --num-callers=40 --fullpath-after= \\
    --read-inline-info=no --suppressions=$tree/test/valgrind.supp \\
    --log-file=$build/valgrind/%p.log $("$PG_CONFIG" --bindir)/postgres "\$@"
END
    chmod +x "$build/postgres"
    say "$build/postgres"
}

# Each error as one line; without what it is in the server alone.
suite_valgrind() {
    local started=$SECONDS ours=$build/valgrind/ours processes all
    processes=$(find "$build/valgrind" -name '*.log' | wc -l)
    cat "$build"/valgrind/*.log | awk -v src="$tree/src/" -v ours="$ours" '
        /^==[0-9]+== *$/ { flush_error(); next }
        /^==[0-9]+== / { line = $0; sub(/^==[0-9]+== /, "", line); error = error line "\n"; if (index(line, src)) here = 1 }
        END { flush_error(); printf "%d\n", all }
        function flush_error() {
            if (error ~ /(at|by) 0x/) { all++; if (here) print error >ours }
            error = ""; here = 0
        }' >"$build/valgrind/all"
    read -r all <"$build/valgrind/all"
    if ((processes > 1)) && [[ ! -s $ours ]]; then
        report "valgrind: $processes processes" 1 0 $((SECONDS - started))
    else
        report "valgrind: $processes processes" 0 1 $((SECONDS - started))
        [[ ! -s $ours ]] || head -n 200 "$ours"
    fi
    ((all == 0)) || say "  ($all reports that do not come through src/)"
}
