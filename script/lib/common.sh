# shellcheck shell=bash disable=SC2154
# Shared by the scripts of this folder: messages, which PostgreSQL, and work in
# a temporary directory as a user that a server may run as.
#
# Whoever reads this file sets root, the clone's directory, before.
#
# The way every script goes: the outer half (root or not) makes a temporary
# directory, copies the tree into it and gives it to the server user; the inner
# half runs there as that user.  Nothing is written into the clone, and nothing
# outside the temporary directory is left behind.

PG_NEWEST=18
PG_OLDEST=14
PG_PREFERRED=15

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# The PostgreSQL to use: PG_CONFIG or PG_MAJOR from the environment, else the
# preferred version of the distribution's packages, else the newest one installed.
find_pg_config() {
    local major
    if [[ -n ${PG_CONFIG:-} ]]; then
        command -v "$PG_CONFIG" || die "PG_CONFIG=$PG_CONFIG cannot be run"
        return
    fi
    for major in ${PG_MAJOR:-$PG_PREFERRED $(seq $PG_NEWEST -1 $PG_OLDEST)}; do
        if [[ -x /usr/lib/postgresql/$major/bin/pg_config ]]; then
            say "/usr/lib/postgresql/$major/bin/pg_config"
            return
        fi
    done
    return 1
}

# Nobody's settings: no PGHOST, PGOPTIONS or PGSERVICE of the caller leads away
# from the throw-away cluster, and no locale changes what tools print.
clean_environment() {
    local name
    for name in ${!PG@}; do
        [[ $name == PG_* ]] || unset "$name"
    done
    unset CDPATH
    export LC_ALL=C
}

# A server refuses to run as root: root works as the packages' own user.
server_user() {
    local name
    if ((EUID != 0)); then
        id -un
        return
    fi
    for name in postgres nobody; do
        if id "$name" >/dev/null 2>&1; then
            say "$name"
            return
        fi
    done
    die 'no user to run a server as: create a user postgres'
}

# make_work NAME: $work becomes a new directory that the server user owns.  A
# socket's path has at most 107 bytes, so a long TMPDIR is not used.
make_work() {
    local tmp=${TMPDIR:-/tmp}
    ((${#tmp} <= 60)) && [[ $tmp != *[[:space:]]* ]] || tmp=/tmp
    umask 022
    work=$(mktemp -d "$tmp/$1.XXXXXX")
    mkdir "$work/src"
    tar -C "$root" -cf - --exclude=./.git --exclude=./.demo --exclude=./tmp_* --exclude=node_modules \
        --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude='*.d' \
        --exclude='*.gcno' --exclude='*.gcda' --exclude=./results --exclude=./output_iso . |
        tar -C "$work/src" -xf - --no-same-owner
    if ((EUID == 0)); then
        chown -R "$(server_user):" "$work"
    fi
    cd "$work" || exit # the server user may not read the caller's directory
}

# install_libraries [EXAMPLE...]: what an example's program "install" gets from where
# packages of its language are.  As the caller, in whose settings a proxy may be named.
skipped=() # for the caller to say
install_libraries() {
    local name names=("$@")
    ((${#names[@]})) || names=("$root"/examples/*/)
    for name in "${names[@]}"; do
        name=$(basename "$name")
        [[ -x $work/src/examples/$name/install ]] || continue
        say "installing the libraries of examples/$name"
        if ! (cd "$work/src/examples/$name" && ./install --cache "$work/packages") >"$work/install.log" 2>&1; then
            tail -n 20 "$work/install.log"
            rm -rf "$work/src/examples/$name/node_modules"
            skipped+=("examples/$name: skipped: its libraries could not be installed")
        fi
        if ((EUID == 0)); then
            chown -R "$(server_user):" "$work/src/examples/$name"
        fi
    done
    rm -rf "$work/packages"
}

# run_inner COMMAND...: the inner half, as a process group of its own, so that
# one signal ends it with all its children, whatever it is waiting for.
inner_pid=
run_inner() {
    local status=0 user as_user=()
    if ((EUID == 0)); then
        user=$(server_user)
        as_user=(setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups --)
    fi
    set -m
    HOME=$work "${as_user[@]}" "$@" </dev/null &
    inner_pid=$!
    set +m
    wait "$inner_pid" || status=$?
    inner_pid=
    return "$status"
}

# End what still runs below $work and remove it; safe to call at any time.
remove_work() {
    local pidfile pid
    if [[ -n $inner_pid ]]; then
        kill -TERM -- "-$inner_pid" 2>/dev/null || true
        wait "$inner_pid" 2>/dev/null || true
        inner_pid=
    fi
    [[ -n ${work:-} && -d $work ]] || return 0
    while IFS= read -r pidfile; do
        pid=$(head -n 1 "$pidfile" 2>/dev/null) || continue
        if [[ $pid =~ ^[0-9]+$ && /proc/$pid/cwd -ef ${pidfile%/*} ]]; then
            kill -QUIT "$pid" 2>/dev/null || true
            for _ in {1..50}; do
                kill -0 "$pid" 2>/dev/null || break
                sleep 0.1
            done
        fi
    done < <(find "$work" -name postmaster.pid 2>/dev/null)
    cd / || exit
    rm -rf -- "$work"
}

# A signal ends the script through its EXIT trap, once.
exit_on_signals() {
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
