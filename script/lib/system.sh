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
    local major=$1 dir=$2 mirror
    ((EUID == 0)) || skip 'needs root'
    command -v mmdebstrap >/dev/null || skip 'needs mmdebstrap'
    unshare --mount --pid --net --fork true 2>/dev/null || skip 'needs the right to make namespaces'
    mirror=$(debian_mirror)
    [[ -n $mirror ]] || skip 'the apt sources name no mirror of Debian (is apt-get update needed?)'
    apt-config dump | grep -E '^Acquire::(https?|Check-[A-Za-z-]*)(::| )' >"$work/apt.conf" || true

    say "making a small system with packages of PostgreSQL $major"
    case $major in
        14) bootstrap_ubuntu jammy ;;
        15) bootstrap /usr/share/keyrings --variant=apt bookworm "$dir" "$mirror" ;;
        16) bootstrap_ubuntu noble ;;
        17) bootstrap /usr/share/keyrings --variant=apt trixie "$dir" "$mirror" ;;
        18) bootstrap_ubuntu resolute ;;
        *) die "no release with PostgreSQL $major is known" ;;
    esac
    mkdir -p "$dir/etc/postgresql-common/createcluster.d"
    say 'create_main_cluster = false' >"$dir/etc/postgresql-common/createcluster.d/none.conf"
    copy_npm_settings "$dir"
}

# From mmdebstrap's own default mirror, by the keys that Debian has a package of.
bootstrap_ubuntu() {
    bootstrap /usr/share/keyrings --variant=extract --include=ubuntu-archive-keyring trixie "$work/keys" "$mirror"
    bootstrap "$work/keys/usr/share/keyrings" --variant=apt --components=main,universe "$1" "$dir"
}

# bootstrap KEYS MMDEBSTRAP-ARGUMENT...
bootstrap() {
    mmdebstrap --quiet --keyring="$1" --aptopt="$work/apt.conf" "${@:2}" >"$work/system.log" 2>&1 || {
        tail -n 20 "$work/system.log" >&2
        skip "the packages of PostgreSQL $major cannot be had"
    }
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
