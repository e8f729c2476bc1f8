#!/usr/bin/env bash
# Both HTTP interfaces under a property-based tester: schemathesis makes up requests, good and bad, from the OpenAPI
# documents that a real central and a real agent serve, and looks for failures of the server and for answers that the
# documents do not tell. What is left out, and why, stands in schemathesis.toml beside this.
#
# Prints `ok NAME`, `not ok NAME` or `skip NAME REASON` per check.
set -uo pipefail
cd "$(dirname "$0")/../.."

# A minute each where nothing else runs.
readonly version=4.32.5 within_s=400
target=${CARGO_TARGET_DIR:-$PWD/target}
readonly stage=$target/debug/holdfast-doors tools=$target/schemathesis-$version
readonly tester=$tools/bin/schemathesis reports=$target/tests-run/schemathesis

skip_all() {
    echo "skip schemathesis $1"
    exit 0
}

# still_let_in URL TOKEN: a tester that has locked itself out finds nothing, and says that all is well.
still_let_in() {
    "$tools/bin/python" - "$@" <<'EOF'
import sys
from urllib.request import ProxyHandler, Request, build_opener

url, token = sys.argv[1:]
build_opener(ProxyHandler({})).open(Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=20)
EOF
}

# test_one NAME ADDRESS TOKEN PATH
test_one() {
    local name=$1 address=$2 token=$3 path=$4 log=$reports/$1.log
    if timeout --kill-after=5 "$within_s" "$tester" --config-file tests/scripts/schemathesis.toml run \
        "$address/openapi.json" --header "Authorization: Bearer $token" \
        --report junit --report-junit-path "$reports/$name.xml" >"$log" 2>&1 &&
        still_let_in "$address$path" "$token" >>"$log" 2>&1; then
        echo "ok schemathesis $name ($(grep -Eo '[0-9]+ generated' "$log" | tail -n 1))"
        return 0
    fi
    echo "not ok schemathesis $name"
    sed -n '/= ERRORS =\|= FAILURES =/,$p' "$log" | head -n 400 >&2
    tail -n 5 "$log" >&2
    return 1
}

if [ "${1:-}" = beside ]; then
    failed=0
    mkdir -p "$reports"
    export SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=$PWD/tests/scripts PYTHONDONTWRITEBYTECODE=1
    test_one agent "$HOLDFAST_AGENT" "$HOLDFAST_DEVICE" /v1/tasks || failed=1
    test_one central "$HOLDFAST_CENTRAL" "$HOLDFAST_KEY" /v1/summary || failed=1
    exit "$failed"
fi

command -v python3 >/dev/null || skip_all "needs python3 (Debian: python3)"
if ! [ -x "$tester" ]; then
    rm -rf "$tools"
    python3 -m venv "$tools" >/dev/null 2>&1 || skip_all "needs venv (Debian: python3-venv)"
    timeout 240 "$tools/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >"$tools/install.log" 2>&1 ||
        { rm -f "$tester" && skip_all "schemathesis $version could not be had from PyPI"; }
fi
if ! [ -x "$stage" ]; then
    echo "not ok schemathesis $stage is not built; run: cargo build --workspace --bins"
    exit 1
fi
"$stage" "$0" beside
