#!/bin/sh
# Makes the subset of Bootstrap Italia that the site ships: crates/fascicolo-web/assets/vendor/bootstrap-italia/.
# Run by whoever upgrades the library or needs a class that the subset does not hold; the build never runs it.
# Needs Node 20, npm, Python 3 and the package registries. Usage: tools/refresh-assets.sh
set -eu

VERSION=2.18.3
PURGECSS=7.0.2
FONTTOOLS=4.68.0
BROTLI=1.2.1

here=$(cd "$(dirname "$0")" && pwd)
out="$here/../crates/fascicolo-web/assets/vendor/bootstrap-italia"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --silent --no-audit --no-fund --prefix "$work" "bootstrap-italia@$VERSION" "purgecss@$PURGECSS"
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet "fonttools==$FONTTOOLS" "brotli==$BROTLI"

mkdir -p "$out"
library="$work/node_modules/bootstrap-italia"
cp "$here/assets/subset.mjs" "$work/subset.mjs"
node "$work/subset.mjs" "$library" "$here/.." "$out"

# Latin letters of western Europe, those of names from the rest of it, and the signs the texts use.
western="U+0020-007E,U+00A0,U+00A7,U+00A9-00AB,U+00B0,U+00B7,U+00BA,U+00BB,U+00D7,U+00C0-00D6,U+00D8-00F6,U+00F8-00FF"
names="U+0102-0107,U+010C-0111,U+0118-011B,U+011E,U+011F,U+0130,U+0131,U+0141-0144,U+0147,U+0148,U+0150,U+0151"
names="$names,U+0158-015B,U+015E-0161,U+016E-0171,U+0179-017E,U+0218-021B"
signs="U+2013,U+2014,U+2018-201A,U+201C-201E,U+2022,U+2026,U+20AC,U+2192"
subset() {
    "$work/python/bin/pyftsubset" "$library/dist/fonts/$1.ttf" --output-file="$out/$2" --unicodes="$3" \
        --layout-features="$4" --flavor=woff2 --no-hinting --desubroutinize
}
titillium=Titillium_Web/titillium-web-v10-latin-ext_latin
subset "$titillium-regular" titillium-400.woff2 "$western,$names,$signs" kern
subset "$titillium-600" titillium-600.woff2 "$western,$names,$signs" kern
subset "$titillium-700" titillium-700.woff2 "$western,$names,$signs" kern
# codes only: letters, digits, separators
subset Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular roboto-mono-400.woff2 \
    "U+0020,U+0027-003A,U+0041-005A,U+005F,U+0061-007A,U+00A0,U+2026" ""

install -m 644 "$library/LICENSE" "$out/LICENSE"
install -m 644 "$library/dist/fonts/Titillium_Web/OFL.txt" "$out/LICENSE-titillium.txt"
install -m 644 "$library/dist/fonts/Roboto_Mono/LICENSE.txt" "$out/LICENSE-roboto-mono.txt"
printf '%s\n' "$VERSION" > "$out/VERSION"
ls -l "$out"
