#!/usr/bin/env bash
# One central and three agents as real processes, each in a network namespace of its own: the line of a
# store is cut, comes back narrow and losing packets, and is mended, with orders before, during and after.
#
# Prints a table of what became of each order, and `ok NAME`, `not ok NAME` or `skip NAME REASON` per check.
set -uo pipefail
cd "$(dirname "$0")/../.."

readonly within_s=240
program=${CARGO_TARGET_DIR:-$PWD/target}/debug/holdfast-namespaces
name=hf$$

skip_all() {
    echo "skip namespaces $1"
    exit 0
}
# Also after a run that was killed: only what is in namespaces of this run, and these.
clean_up() {
    local room pid
    for room in $(ip netns list 2>/dev/null | awk '{ print $1 }' | grep -- "^$name-"); do
        for pid in $(ip netns pids "$room" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
        ip netns delete "$room"
    done
}

[ "$(id -u)" = 0 ] || skip_all "needs root, to make network namespaces"
for tool in ip tc nft; do
    command -v "$tool" >/dev/null || skip_all "needs $tool (packages iproute2 and nftables)"
done
trap clean_up EXIT
ip netns add "$name-try" 2>/dev/null || skip_all "needs the right to make network namespaces, which is not given here"
ip netns exec "$name-try" nft "add table ip line; add chain ip line in { type filter hook input priority 0; }; \
    add rule ip line in numgen random mod 100 < 10 drop" 2>/dev/null || skip_all "needs a kernel with nftables and numgen"
ip netns exec "$name-try" tc qdisc add dev lo root tbf rate 1mbit burst 4kb latency 1s 2>/dev/null ||
    skip_all "needs a kernel with the queue tbf"
if ! [ -x "$program" ]; then
    echo "not ok namespaces $program is not built; run: cargo build --workspace --bins"
    exit 1
fi
timeout --kill-after=5 "$within_s" "$program" --name "$name"
