#!/usr/bin/env bash
# Installs, starts, upgrades, removes and purges both packages in a scratch root.
#
# dpkg installs into the scratch root without entering it (--force-script-chrootless): the
# maintainer scripts run in this system with DPKG_ROOT set. The installed binaries are then
# started from there, outside systemd, and asked whether they are well.
#
#   HOLDFAST_PACKAGE_PROFILE  cargo profile of the binaries (default: dev, which the tests built)
#
# Prints `ok NAME`, `not ok NAME` or `skip NAME REASON` per check.
set -uo pipefail
cd "$(dirname "$0")/../.."

profile=${HOLDFAST_PACKAGE_PROFILE:-dev}
work=${CARGO_TARGET_DIR:-$PWD/target}/packaging-test
failed=0
started=

ok() { echo "ok packaging $1"; }
not_ok() {
    echo "not ok packaging $1"
    failed=1
}
# check NAME COMMAND...: the command decides.
check() {
    local name=$1
    shift
    if "$@"; then ok "$name"; else not_ok "$name"; fi
}
skip_all() {
    echo "skip packaging $1"
    exit 0
}
clean_up() {
    [ -z "$started" ] || kill -KILL "$started" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

missing=
for tool in dpkg dpkg-deb cargo-deb; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || skip_all "needs$missing"
# Packages hold files of root. Elsewhere, fakeroot plays it.
if [ "$(id -u)" != 0 ]; then
    command -v fakeroot >/dev/null || skip_all "needs root or fakeroot"
    in_root() { fakeroot -i "$work/fakeroot" -s "$work/fakeroot" -- "$@"; }
else
    in_root() { "$@"; }
fi

dpkg_in() {
    local root=$1
    shift
    # The scratch root has no libc package to satisfy dependencies with: the binaries run with
    # this system's. Unattended upgrades keep an edited file in the same way (confold).
    in_root dpkg --root="$root" --log="$work/dpkg.log" --force-script-chrootless --force-not-root \
        --force-depends --force-bad-path --force-confdef --force-confold "$@" </dev/null >>"$work/dpkg.out" 2>&1
}

make_root() {
    mkdir -p "$1"/var/lib/dpkg/{updates,info,triggers} "$1"/{etc,usr,var/log,tmp}
    : >"$1/var/lib/dpkg/status"
    : >"$1/etc/passwd"
    : >"$1/etc/group"
    [ -e "$work/fakeroot" ] || : >"$work/fakeroot"
}

# The same package one version later, with another default in its configuration file.
make_upgrade() {
    local package=$1 conffile=$2 tree=$work/upgrade-tree
    rm -rf "$tree"
    dpkg-deb -R "$package" "$tree" || return 1
    sed -i 's/^Version: .*/&+upgrade1/' "$tree/DEBIAN/control"
    echo "# A newer default." >>"$tree$conffile"
    if [ -e "$tree/DEBIAN/md5sums" ]; then
        (cd "$tree" && find . -type f -not -path './DEBIAN/*' -exec md5sum {} + | sed 's, \./, ,') >"$work/md5sums"
        cp "$work/md5sums" "$tree/DEBIAN/md5sums"
    fi
    in_root dpkg-deb --root-owner-group -b "$tree" "$work/upgrade.deb" >>"$work/dpkg.out" 2>&1
}

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local port
    for _ in $(seq 50); do
        port=$((20000 + RANDOM % 12000))
        is_open "$port" || break
    done
    echo "$port"
}

# The status code of GET /healthz, or nothing.
health_of() {
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
    read -r -t 5 _ code _ <&3
    exec 3<&-
    echo "$code"
} 2>/dev/null

# Asks until the process is well, has ended, or 20 s are over.
becomes_well() {
    local pid=$1 port=$2 deadline=$((SECONDS + 20))
    while [ "$SECONDS" -lt "$deadline" ] && kill -0 "$pid" 2>/dev/null; do
        [ "$(health_of "$port")" = 200 ] && return 0
        read -r -t 0.1 _ <>"$work/pause"
    done
    return 1
}

stops_cleanly() {
    local pid=$1 status
    kill -TERM "$pid"
    wait "$pid"
    status=$?
    started=
    [ "$status" = 0 ]
}

run_installed() {
    local name=$1 root=$2 config=$3 port=$4
    "$root/usr/bin/$name" run --config "$root$config" --data-dir "$root/var/lib/$name" \
        >"$work/$name.out" 2>&1 </dev/null &
    started=$!
    check "$name: the installed binary becomes well" becomes_well "$started" "$port"
    check "$name: it stops cleanly on SIGTERM" stops_cleanly "$started"
}

show_logs_of() {
    echo "--- dpkg" && tail -n 30 "$work/dpkg.out"
    echo "--- $1" && tail -n 30 "$work/$1.out"
} >&2 2>/dev/null

# test_package NAME PACKAGE CONFFILE PORT: lines of configuration come on standard input.
test_package() {
    local name=$1 package=$2 conffile=$3 port=$4 root=$work/root-$1 before=$failed
    failed=0
    make_root "$root"
    check "$name: installs" dpkg_in "$root" -i "$package"
    check "$name: the binary is there" test -x "$root/usr/bin/$name"
    check "$name: the unit is there" test -f "$root/usr/lib/systemd/system/$name.service"
    check "$name: the data folder is there" test -d "$root/var/lib/$name"
    if [ "$(id -u)" = 0 ] && command -v systemd-sysusers >/dev/null; then
        check "$name: the system user is there" grep -q "^$name:" "$root/etc/passwd"
    fi
    cat >>"$root$conffile"
    cp "$root$conffile" "$work/edited"
    run_installed "$name" "$root" "$conffile" "$port"
    echo kept >"$root/var/lib/$name/witness"

    check "$name: a newer package can be made" make_upgrade "$package" "$conffile"
    check "$name: upgrades" dpkg_in "$root" -i "$work/upgrade.deb"
    check "$name: the edited configuration is kept" cmp -s "$work/edited" "$root$conffile"
    check "$name: the new default lies beside it" grep -q "A newer default" "$root$conffile.dpkg-dist"
    run_installed "$name" "$root" "$conffile" "$port"

    check "$name: is removed" dpkg_in "$root" -r "$name"
    check "$name: the binary is gone" test ! -e "$root/usr/bin/$name"
    check "$name: data is kept on remove" test -f "$root/var/lib/$name/witness"
    check "$name: configuration is kept on remove" cmp -s "$work/edited" "$root$conffile"
    check "$name: is purged" dpkg_in "$root" -P "$name"
    check "$name: data is gone on purge" test ! -e "$root/var/lib/$name"
    check "$name: configuration is gone on purge" test ! -e "$root/etc/holdfast"
    [ "$failed" = 0 ] || show_logs_of "$name"
    failed=$((failed | before))
}

# Exposure of at most 1.5 on systemd's scale from 0 to 10.
is_hardened() {
    systemd-analyze security --offline=true --threshold=15 --no-pager "$1" >"$work/security.out" 2>&1
}

rm -rf "$work"
mkdir -p "$work"
# Nobody writes into it: reading from it is a pause that a signal can end.
mkfifo "$work/pause"
if ! packages=$(packaging/build --profile "$profile" --output "$work/packages" 2>"$work/build.out"); then
    not_ok "both packages are built"
    tail -n 30 "$work/build.out" >&2
    exit 1
fi
ok "both packages are built"
for unit in packaging/*/*.service; do
    if ! command -v systemd-analyze >/dev/null; then
        echo "skip packaging $unit is hardened (needs systemd-analyze)"
    else
        check "$unit is hardened" is_hardened "$unit"
    fi
done
lan=$(free_port) http=$(free_port) mqtt=$(free_port)
test_package holdfast-agent "$(echo "$packages" | grep holdfast-agent)" /etc/holdfast/agent.toml "$lan" <<TOML
[lan]
listen = "127.0.0.1:$lan"
TOML
test_package holdfast-central "$(echo "$packages" | grep holdfast-central)" /etc/holdfast/central.toml "$http" <<TOML
[http]
listen = "127.0.0.1:$http"
[mqtt]
listen = "127.0.0.1:$mqtt"
TOML
exit "$failed"
