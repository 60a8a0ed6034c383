#!/usr/bin/env bash
# Every Rust test; the store's run on both engines.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/test/postgres.sh
trap stop_postgres EXIT
trap 'exit 130' INT TERM
# no need to survive a power cut
start_postgres -c fsync=off -c synchronous_commit=off || exit 1
export FASCICOLO_TEST_POSTGRES=$postgres_url
cargo test --locked --workspace --no-fail-fast
