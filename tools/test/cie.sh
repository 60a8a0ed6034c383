#!/usr/bin/env bash
# The national reference federation of CIE by OpenID Connect, which is not ours, against the production program over HTTPS.
# It is found where CIE_FEDERATION says; without it the stage says so and counts nothing.
set -uo pipefail
cd "$(dirname "$0")/../.."
scripts=${CIE_FEDERATION:-../shared/peers/cie}
if [ ! -x "$scripts/run.sh" ]; then
    echo "interop-cie: skipped, the reference federation is not here"
    echo "checks: 0 passed, 0 failed"
    exit 0
fi
python=$PWD/target/test/cache/idp/bin/python
program=${CARGO_TARGET_DIR:-target}/${PROFILE_DIR:-debug}/fascicolo
lab=$PWD/target/test/cache/cie
folder=$(mktemp -d)
main_pid=
# what main.py starts it stops; it does so too when it is told to end
stop_main() {
    if [ -n "$main_pid" ]; then
        kill -TERM "$main_pid" 2>/dev/null
        wait "$main_pid" 2>/dev/null
    fi
    rm -rf "$folder"
    main_pid=
}
trap stop_main EXIT
trap 'exit 130' INT TERM
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/idp:tests/cie NO_COLOR=1
mkdir -p "$lab"
timeout --kill-after=30 800 "$python" tests/cie/main.py "$scripts" "$lab" "$folder" "$program" &
main_pid=$!
wait "$main_pid"
status=$?
main_pid=
if [ "$status" -ne 0 ]; then
    echo "--- last lines of the site's log"
    tail -n 40 "$folder/site.log" 2>/dev/null
    echo "--- last lines of the provider's log"
    tail -n 40 "$lab/log/cie.log" 2>/dev/null
fi
exit "$status"
