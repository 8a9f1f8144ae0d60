#!/usr/bin/env bash
# Packs the project and runs its command in another folder: it writes and prints the same as in the checkout.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT

npm pack --silent --pack-destination "$other" >/dev/null
node bin/tandem.cjs fit --verbose >"$other/expected-fit"
plan=(plan --slo p95=400ms --rate 10 --nodes 3)
timeout 120 node bin/tandem.cjs "${plan[@]}" >"$other/expected-plan"

cd "$other"
cp "$root/.npmrc" .
echo '{ "name": "birds", "private": true }' >package.json
npm install --silent --ignore-scripts ./tandem-*.tgz
npx tandem synth --out dist >/dev/null 2>warnings
diff -r dist "$root/dist"
grep -q '^warning: accuracy-max-size: 2 of 4 pods stay Pending' warnings
echo 'ok   tandem synth writes dist/ byte for byte'
npx tandem fit --verbose >fit
cmp fit expected-fit
echo 'ok   tandem fit prints the same report'
timeout 120 npx tandem "${plan[@]}" >plan
cmp plan expected-plan
echo 'ok   tandem plan finds the same deployment, from recordings that are in the package'
npx tandem explain --help | sed -n 's/^Example: //p' | bash >explanation
grep -q "decided again by Kubernetes' rules" explanation
echo 'ok   tandem explain runs its example, on a recording that is in the package'
