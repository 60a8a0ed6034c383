#!/usr/bin/env bash
# An identity provider that is not ours (pysaml2) against the HTTPS listener: login and logout, by both bindings and
# from both sides. A sandbox for each binding of the site's requests, and a count for each.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/test/sandbox.sh
python=$PWD/target/test/cache/idp/bin/python
provider=$(mktemp -d)
trap 'stop_sandbox; rm -rf "$provider"' EXIT
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore NO_COLOR=1
timeout --kill-after=10 120 "$python" tests/idp/main.py prepare "$provider" || exit 1
failures=0
for binding in redirect post; do
    start_sandbox --many 10 --binding "$binding" --spid-provider "$provider/metadata.xml"
    timeout --kill-after=10 300 "$python" tests/idp/main.py run \
        "$provider" "$binding" "$secure" "$standins" "$ca" "$sandbox_dir/log"
    status=$?
    if [ "$status" -ne 0 ]; then
        failures=1
        echo "--- last lines of the sandbox's log"
        tail -n 40 "$sandbox_dir/log"
    fi
    stop_sandbox
done
exit "$failures"
