#!/usr/bin/env bash
# AgID's public checker against the HTTPS listener: metadata, AuthnRequest, every answer of its list; then the metadata
# of every variant that `fascicolo` writes.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/test/sandbox.sh
python=$PWD/target/test/cache/spid/bin/python
# its default entity id is the sandbox's own address; give the checker another one
export IDP_ENTITYID=https://gestore.example.it
providers=$(mktemp -d)
trap 'stop_sandbox; rm -rf "$providers"' EXIT
"$python" tests/spid/check.py provider >"$providers/checker.xml" || exit 1
start_sandbox --spid-provider "$providers/checker.xml" --cie saml --cie-provider "$providers/checker.xml"
REQUESTS_CA_BUNDLE=$ca timeout --kill-after=10 800 "$python" tests/spid/check.py run "$secure" target/test/spid
status=$?
if [ "$status" -ne 0 ]; then
    echo "--- last lines of the sandbox's log"
    tail -n 40 "$sandbox_dir/log"
fi
program=${CARGO_TARGET_DIR:-target}/${PROFILE_DIR:-debug}/fascicolo
timeout --kill-after=10 200 "$python" -W ignore tests/spid/variants.py "$program" target/test/spid/variants || status=1
exit "$status"
