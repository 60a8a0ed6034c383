#!/usr/bin/env bash
# Prints speed and memory next to the bars they are held to. Figures are ratios to a yardstick of the same run where a
# ratio makes sense. Nothing here fails: a loaded machine is no bug. Results stay in bench-results/.
# Usage: tools/bench/run.sh [PART…]   parts: eid store logins server lighthouse    (ROWS=2000000 documents for the load run)
set -uo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null
parts=${*:-eid store logins server lighthouse}
results=$PWD/bench-results
mkdir -p "$results"
want() { [[ " $parts " == *" $1 "* ]]; }

tools/test/install.sh || exit 1
command -v wrk >/dev/null || { apt-get install -y -qq wrk || sudo -n apt-get install -y -qq wrk; } || exit 1

if want eid; then
    echo "== fascicolo-eid"
    timeout 1800 cargo bench --locked -p fascicolo-eid 2>"$results/eid.log" | tee "$results/eid.txt"
fi
if want store; then
    echo "== fascicolo-store"
    . tools/test/postgres.sh
    trap stop_postgres EXIT
    start_postgres && FASCICOLO_TEST_POSTGRES=$postgres_url \
        timeout 1800 cargo bench --locked -p fascicolo-store 2>"$results/store.log" | tee "$results/store.txt"
    stop_postgres
fi
if want logins; then
    echo "== logins"
    timeout 1800 cargo bench --locked -p fascicolo-sandbox --bench logins 2>"$results/logins.log" | tee "$results/logins.txt"
fi
if want server || want lighthouse; then
    cargo build --locked --release -p fascicolo -p fascicolo-sandbox --bins --example bare_tls || exit 1
fi
if want server; then
    echo "== server"
    timeout 3600 python3 tools/bench/server.py "${ROWS:-2000000}" | tee "$results/server.txt"
fi
if want lighthouse; then
    echo "== lighthouse"
    PROFILE_DIR=release timeout 900 tools/bench/lighthouse.sh | tee "$results/lighthouse.txt"
fi
