# shellcheck shell=bash disable=SC2154
# A throw-away cluster: unix socket only, in a directory of its own, with the
# extension loaded from a staging directory (nothing is installed in the system).
#
# cluster_start DIR [DESTDIR] sets PGHOST, PGPORT and PGUSER for what follows.
# From the environment: CLUSTER_SETTINGS, more lines of postgresql.conf;
# CLUSTER_POSTGRES, a program to run instead of postgres.

# Not 5432: a client that lost its PGHOST must not find somebody's server.
CLUSTER_PORT=28815

cluster_start() {
    local dir=$1 destdir=${2:-}
    cluster_bindir=$("$PG_CONFIG" --bindir)
    cluster_dir=$dir
    mkdir -p "$dir"
    "$cluster_bindir/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
        --no-sync >"$dir/initdb.log" 2>&1 || {
        cat "$dir/initdb.log" >&2
        return 1
    }
    {
        cluster_extension_settings "$destdir"
        cat <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
port = $CLUSTER_PORT
fsync = off
synchronous_commit = off
full_page_writes = off
max_prepared_transactions = 10
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%a '
CONF
        say "${CLUSTER_SETTINGS:-}"
    } >>"$dir/data/postgresql.conf"
    "$cluster_bindir/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 -s ${CLUSTER_POSTGRES:+-p "$CLUSTER_POSTGRES"} start || {
        cat "$dir/server.log" >&2
        return 1
    }
    export PGHOST=$dir PGPORT=$CLUSTER_PORT PGUSER=postgres PGDATABASE=postgres
}

# How a server finds an extension that is not installed: a setting of Debian's
# packages, or since PostgreSQL 18 everybody's.
cluster_extension_settings() {
    local destdir=$1 settings
    [[ -n $destdir ]] || return 0
    settings=$("$cluster_bindir/postgres" --describe-config)
    if grep -q '^extension_destdir' <<<"$settings"; then
        say "extension_destdir = '$destdir'"
    elif grep -q '^extension_control_path' <<<"$settings"; then
        say "extension_control_path = '$destdir$("$PG_CONFIG" --sharedir):\$system'"
        say "dynamic_library_path = '$destdir$("$PG_CONFIG" --pkglibdir):\$libdir'"
    else
        say "this server cannot load an extension that is not installed; use 'make install' and 'make installcheck'" >&2
        return 1
    fi
}

cluster_stop() {
    [[ -n ${cluster_dir:-} && -f $cluster_dir/data/postmaster.pid ]] || return 0
    "$cluster_bindir/pg_ctl" -D "$cluster_dir/data" -s -w -t 60 -m "${1:-fast}" stop
}
