#!/usr/bin/env bash
# Brings what the tests need: Debian packages, browser modules, the SPID checker and another identity provider.
# Only what is missing; as root or through `sudo -n`, else it says which command to run.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=$PWD/target/test/cache
mkdir -p "$cache"

declare -A package_of=(
    [cc]=build-essential [curl]=curl [node]=nodejs [npm]=npm [python3]=python3 [openssl]=openssl
    [xmlsec1]=xmlsec1 [xmllint]=libxml2-utils [pdfsig]=poppler-utils [certutil]=libnss3-tools
)
missing=()
for command in "${!package_of[@]}"; do
    command -v "$command" >/dev/null || missing+=("${package_of[$command]}")
done
[ -x /usr/bin/chromium ] || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ]; then as_root=(env); elif sudo -n true 2>/dev/null; then as_root=(sudo -n); else
        echo "error: some packages are missing. Run this, then try again:"
        echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
        exit 1
    fi
    for try in 1 2 3; do
        "${as_root[@]}" apt-get update -qq &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" && break
        [ "$try" -lt 3 ] || exit 1
        sleep 10
    done
fi

# Browser modules: what package-lock.json says, nothing else.
if ! cmp -s tests/browser/package-lock.json "$cache/browser/package-lock.json" || [ ! -d "$cache/browser/node_modules" ]; then
    mkdir -p "$cache/browser"
    rm -rf "$cache/browser/node_modules"
    cp tests/browser/package.json tests/browser/package-lock.json "$cache/browser/"
    npm ci --prefix "$cache/browser" --no-audit --no-fund --ignore-scripts
fi

# The SPID checker, the independent identity provider, and exactly the versions they were tried with.
for name in spid idp; do
    if ! cmp -s "tests/$name/requirements.txt" "$cache/$name/requirements.txt"; then
        rm -rf "${cache:?}/$name"
        python3 -m venv "$cache/$name"
        "$cache/$name/bin/pip" install --quiet --disable-pip-version-check --no-input --retries 5 -r "tests/$name/requirements.txt"
        cp "tests/$name/requirements.txt" "$cache/$name/"
    fi
done
echo "ready"
