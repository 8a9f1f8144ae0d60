#!/usr/bin/env bash
# Packs the project and uses it from another project, as a user of the construct would: the example in docs/ compiles
# against the package's types, and the example and the command write the same files as in the checkout.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT

version() { node -p "require('./package-lock.json').packages['node_modules/$1'].version"; }
typescript=$(version typescript)
npm pack --silent --pack-destination "$other" >/dev/null
mkdir "$other/expected"
(cd "$other/expected" && "$root/node_modules/.bin/tsx" "$root/docs/example-app.ts")
node bin/tandem.cjs fit >"$other/expected/fit"

cd "$other"
cp "$root/.npmrc" .
echo '{ "name": "birds", "private": true }' >package.json
sed "s#'../infra/#'tandem/infra/#" "$root/docs/example-app.ts" >app.ts
npm install --silent --ignore-scripts ./tandem-*.tgz "typescript@$typescript"
echo '{ "compilerOptions": { "module": "node16", "target": "es2022", "strict": true, "types": [] } }' >tsconfig.json
npx tsc
node app.js
cmp build/example/birds.k8s.yaml expected/build/example/birds.k8s.yaml
echo 'ok   the example compiles against the package and writes the same manifests'
npx tandem synth --out dist >/dev/null 2>warnings
diff -r dist "$root/dist"
grep -q 'accuracy-max-size: replicas 4, 2 stay Pending' warnings
echo 'ok   tandem synth writes dist/ byte for byte'
npx tandem fit >fit
cmp fit expected/fit
echo 'ok   tandem fit prints the same report'
copies=$(find . -path '*/node_modules/constructs/package.json' | wc -l)
[ "$copies" = 1 ] || { echo "constructs must be installed once, found $copies times" >&2; exit 1; }
echo 'ok   constructs is installed once, so that its classes are the same'
