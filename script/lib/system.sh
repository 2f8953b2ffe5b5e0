# shellcheck shell=bash disable=SC2154
# A small system of another release, in a temporary directory: with packages of its
# own, and processes, mounts and (where asked for) a network that end with it.
#
# What cannot be done here and now (not root, no mirror) ends the script with
# status 77 and the reason: skipped is neither passed nor failed.

skip() {
    printf '%s: skipped: %s\n' "${0##*/}" "$*" >&2
    exit 77
}

# system_make MAJOR DIR: the release whose PostgreSQL is of this major version.
system_make() {
    local major=$1 dir=$2 suite mirror=() components=main
    case $major in
        14) suite=jammy components=main,universe ;;
        15) suite=bookworm ;;
        16) suite=noble components=main,universe ;;
        17) suite=trixie ;;
        18) suite=forky ;;
        *) die "no release with PostgreSQL $major is known" ;;
    esac
    ((EUID == 0)) || skip 'needs root'
    command -v mmdebstrap >/dev/null || skip 'needs mmdebstrap'
    unshare --mount --pid --net --fork true 2>/dev/null || skip 'needs the right to make namespaces'
    if [[ $components == main ]]; then
        mirror=("$(debian_mirror)")
        [[ -n ${mirror[0]} ]] || skip 'the apt sources name no mirror of Debian (is apt-get update needed?)'
    elif [[ ! -e /usr/share/keyrings/ubuntu-archive-keyring.gpg ]]; then
        skip "needs the archive keys of Ubuntu for its release $suite"
    fi
    apt-config dump | grep -E '^Acquire::(https?|Check-[A-Za-z-]*)(::| )' >"$work/apt.conf" || true
    say "making a system of release $suite"
    mmdebstrap --quiet --variant=apt --keyring=/usr/share/keyrings --aptopt="$work/apt.conf" \
        --components="$components" --customize-hook='mkdir -p "$1/etc/postgresql-common/createcluster.d"' \
        --customize-hook='echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.d/none.conf"' \
        "$suite" "$dir" "${mirror[@]}" >"$work/system.log" 2>&1 || {
        tail -n 20 "$work/system.log" >&2
        skip "no system of release $suite could be made"
    }
    copy_npm_settings "$dir"
}

# Where this machine's npm gets packages from, and whom it trusts there.
copy_npm_settings() {
    local dir=$1 ca
    command -v npm >/dev/null || return 0
    printf 'registry=%s\n' "$(npm config get registry)" >"$dir/root/.npmrc"
    ca=$(npm config get cafile)
    [[ -f $ca ]] || return 0
    cp "$ca" "$dir/root/npm-ca.pem"
    say 'cafile=/root/npm-ca.pem' >>"$dir/root/.npmrc"
}

# The mirror of Debian that this machine's apt uses.
debian_mirror() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | head -n 1
}

# system_run [--net] DIR COMMAND...: with --net, a network of its own.
system_run() {
    local isolated=()
    if [[ $1 == --net ]]; then
        isolated=(--net)
        shift
    fi
    # shellcheck disable=SC2016 # the inner shell's own variables
    unshare --mount --propagation private --pid --fork --kill-child "${isolated[@]}" sh -ec '
        system=$1
        shift
        mount -t proc proc "$system/proc"
        mount --rbind /dev "$system/dev"
        mount -t tmpfs tmpfs "$system/dev/shm"
        exec chroot "$system" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive "$@"
    ' sh "$@"
}
