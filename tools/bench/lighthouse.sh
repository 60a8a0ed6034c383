#!/usr/bin/env bash
# Lighthouse, mobile, three runs of the home page; medians. The module is installed for this alone.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/test/sandbox.sh
cache=$PWD/target/test/cache/lighthouse
[ -d "$cache/node_modules/lighthouse" ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$cache" lighthouse@12.8.2 || exit 1
start_sandbox
export CHROME_PATH=${CHROMIUM:-/usr/bin/chromium}
flags="--headless=new --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
[ "$(id -u)" != 0 ] || flags="$flags --no-sandbox"
for run in 1 2 3; do
    timeout 200 "$cache/node_modules/.bin/lighthouse" "$site/" --quiet --output=json --output-path="$sandbox_dir/$run.json" \
        --only-categories=performance,accessibility,best-practices,seo --chrome-flags="$flags" >/dev/null 2>"$sandbox_dir/$run.log" ||
        { echo "lighthouse failed:"; tail -n 5 "$sandbox_dir/$run.log"; exit 1; }
done
node -e '
const runs = process.argv.slice(1).map((file) => JSON.parse(require("fs").readFileSync(file)));
const median = (values) => values.sort((a, b) => a - b)[1];
const bars = { performance: 95, accessibility: 100, "best-practices": 100, seo: 95 };
for (const [name, bar] of Object.entries(bars)) {
  const score = Math.round(median(runs.map((run) => run.categories[name].score * 100)));
  console.log(`${score >= bar ? "ok  " : "OVER"}  Lighthouse ${name.padEnd(16)} ${String(score).padStart(4)}   bar ≥ ${bar}`);
}
for (const [id, bar] of [["first-contentful-paint", 1200], ["largest-contentful-paint", 1800], ["cumulative-layout-shift", 0.06]]) {
  const value = median(runs.map((run) => run.audits[id].numericValue));
  console.log(`${value <= bar ? "ok  " : "OVER"}  ${id.padEnd(27)} ${value.toFixed(value < 10 ? 3 : 0).padStart(6)}   bar ≤ ${bar}`);
}
for (const [id, audit] of Object.entries(runs[0].audits))
  if (audit.score !== null && audit.score < 0.9 && audit.scoreDisplayMode !== "informative") console.log(`      below 0.9: ${id}: ${audit.title}`);
' "$sandbox_dir"/{1,2,3}.json
