#!/usr/bin/env bash
# Whether Prometheus takes the alert rules that the package ships, and whether they fire when they should.
#
# Prints `ok NAME`, `not ok NAME` or `skip NAME REASON` per check.
set -uo pipefail
cd "$(dirname "$0")/../.."

if ! command -v promtool >/dev/null; then
    echo "skip alerts promtool is missing (Debian: prometheus)"
    exit 0
fi
failed=0
check() {
    local name=$1 told
    shift
    if told=$("$@" 2>&1); then
        echo "ok alerts $name"
    else
        echo "not ok alerts $name"
        echo "$told" >&2
        failed=1
    fi
}
check "are rules" promtool check rules packaging/central/alerts.yml
check "fire when they should" promtool test rules packaging/central/alerts_test.yml
exit "$failed"
