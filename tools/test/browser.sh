#!/usr/bin/env bash
# The journey and the accessibility checks in Chromium, against a sandbox of their own.
# The browser trusts the sandbox's authority by a certificate store in a temporary home: no TLS error is waved through.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/test/sandbox.sh
start_sandbox
home=$sandbox_dir/home
mkdir -p "$home/.pki/nssdb" "${SCREENSHOTS:=$PWD/target/screenshots}"
certutil -d "sql:$home/.pki/nssdb" -N --empty-password || exit 1
certutil -d "sql:$home/.pki/nssdb" -A -t C,, -n sandbox -i "$ca" || exit 1
export HOME=$home SITE=$site SECURE=$secure STANDINS=$standins SCREENSHOTS
export MODULES=$PWD/target/test/cache/browser/node_modules
timeout --kill-after=10 1500 node tests/browser/main.mjs "$@"
status=$?
if [ "$status" -ne 0 ]; then
    echo "--- last lines of the sandbox's log"
    tail -n 40 "$sandbox_dir/log"
fi
exit "$status"
