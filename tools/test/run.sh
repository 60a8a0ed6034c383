#!/usr/bin/env bash
# Runs every check of the repository, one line a stage, and ends with `N passed, N failed` over all of them.
# Whatever it starts it stops by process id. Logs stay in target/test/logs.
# Usage: tools/test/run.sh [STAGE…]   (no stage named: all of them, in order)
set -uo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null
# shellcheck source=tools/test/lib.sh
. tools/test/lib.sh

stage install   900 tools/test/install.sh
stage format    120 cargo fmt --all --check
stage clippy   2400 cargo clippy --locked --workspace --all-targets -- -D warnings
stage documents 900 cargo doc --locked --workspace --no-deps
stage licences  120 python3 tools/test/deny.py
stage ids       120 python3 tools/test/requirements.py
stage tests    3600 tools/test/cargo.sh
stage sandbox  1800 cargo build --locked -p fascicolo-sandbox -p fascicolo
stage browser  1800 tools/test/browser.sh
stage spid      900 tools/test/spid.sh
stage idp       900 tools/test/idp.sh
stage interop-cie 1200 tools/test/cie.sh
finish
