#!/usr/bin/env bash
# Packs the construct and uses it as its README says: with npm, pnpm and yarn in the app that cdk8s itself scaffolds, as an
# ES module, under Plug'n'Play, and with the oldest packages that it accepts. Every app must write what the example in docs/
# writes in the checkout, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The scaffolded app's own test calls Testing.app(), which leaves a folder per call.
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
export CDK8S_CHECK_UPGRADE=false NO_COLOR=1

npm pack --silent --pack-destination "$work" ./infra/package >/dev/null
tarball=$(echo "$work"/tandem-inference-service-*.tgz)
(cd "$work" && "$root/node_modules/.bin/tsx" "$root/docs/example-app.ts")
expected=$work/build/example/birds.k8s.yaml
sed "s#'../infra/construct/inference-service'#'tandem-inference-service'#" docs/example-app.ts >"$work/app.ts"
sed -n '/^new InferenceService/,/^});/p' docs/example-app.ts | sed 's/new Chart([^)]*)/this/' >"$work/call"
# The directive is an error itself if the type below it is `any`.
cat >"$work/types.ts" <<'END'
import type { InferenceServiceProps } from 'tandem-inference-service';
// @ts-expect-error cdk8s-plus' types are in force: the key of a toleration is a text
export const tolerations: InferenceServiceProps['tolerations'] = [{ key: 1 }];
END

# The other construct, as an import of its own.
cat >"$work/load.ts" <<'END'
import { App, Chart } from 'cdk8s';
import { LoadGenerator } from 'tandem-inference-service/load-generator';
const app = new App({ outdir: 'build/load' });
new LoadGenerator(new Chart(app, 'load', { namespace: 'vision' }), 'load', {
  service: 'birds',
  image: 'images.example/birds:2',
  args: ['--url', 'http://192.0.2.1/v1/classify?model=birds', '--load', 'poisson:20:60s', '--json'],
  images: { 'robin.jpg': new Uint8Array([255, 216]) },
  pods: 2,
  durationSeconds: 60,
});
app.synth();
END
writes_job() { # writes_job FILE: runs the compiled load.ts
  node "$1"
  grep -q '^kind: Job$' build/load/load.k8s.yaml
  grep -q 'robin.jpg: /9g=$' build/load/load.k8s.yaml
}

echo '{ "compilerOptions": { "module": "node16", "target": "es2022", "strict": true, "types": [] } }' >"$work/tsconfig.json"

version() { node -p "require('$1/package.json').version"; }
declare -A versions=(
  [cdk8s_core_version]=$(version cdk8s) [cdk8s_plus_version]=$(version cdk8s-plus-33)
  [constructs_version]=$(version constructs) [cdk8s_cli_spec]=^$(version cdk8s-cli) ['$base']=birds
)

# scaffold: fills the current folder as `cdk8s init typescript-app` does before it installs packages, and adds the example.
scaffold() {
  cp -r "$root/node_modules/cdk8s-cli/templates/typescript-app/." .
  rm .hooks.sscaff.js
  mv '{{}}.gitignore' .gitignore
  local name
  for name in "${!versions[@]}"; do sed -i "s/{{ $name }}/${versions[$name]}/" package.json main.ts; done
  if grep -rn '{{' .; then echo 'the template of cdk8s has a variable that this script does not know' >&2; exit 1; fi
  npm pkg set "dependencies.tandem-inference-service=file:$tarball"
  sed -i -e "/from 'cdk8s'/a import { InferenceService } from 'tandem-inference-service';" \
    -e "/define resources here/r $work/call" -e "s/(app, 'birds')/(app, 'birds', { namespace: 'vision' })/" main.ts
  cp "$work"/{types.ts,load.ts} .
}

in_scaffold() { # in_scaffold NAME COMMAND...: COMMAND installs the packages of the app
  local name=$1
  shift
  mkdir "$work/$name"
  cd "$work/$name"
  scaffold
  "$@" >install.log 2>&1 || { cat install.log >&2; exit 1; }
  npm run --silent compile
  npm test --silent -- -u >jest.log 2>&1 || { cat jest.log >&2; exit 1; }
  grep -q '"kind": "Deployment"' __snapshots__/main.test.ts.snap
  rm -rf dist
  npm run --silent synth >/dev/null
  cmp dist/birds.k8s.yaml "$expected"
  writes_job load.js
  echo "ok   the scaffolded app compiles, passes its test and synthesizes with $name"
}

in_scaffold npm npm install --ignore-scripts
in_scaffold pnpm npx --yes pnpm@10.34.8 install --ignore-scripts
# An empty cache: yarn 1 takes a tarball of a name and version that it has seen from its cache, whatever the tarball now holds.
YARN_CACHE_FOLDER=$work/yarn-cache in_scaffold yarn npx --yes yarn@1.22.22 install --ignore-scripts

cd "$work/npm"
copies=$(find . -path '*/node_modules/constructs/package.json' | wc -l)
[ "$copies" = 1 ] || { echo "constructs must be installed once, found $copies times" >&2; exit 1; }
mkdir module
cp "$work"/{app.ts,types.ts,load.ts,tsconfig.json} module/
echo '{ "type": "module" }' >module/package.json
npx tsc -p module
node module/app.js
cmp build/example/birds.k8s.yaml "$expected"
writes_job module/load.js
echo 'ok   the example compiles and runs as an ES module'

for release in cdk8s-plus-28@2.0.3 cdk8s-plus-29@2.3.3 cdk8s-plus-30@2.2.5 cdk8s-plus-31@2.6.19 cdk8s-plus-32@2.0.0 \
  cdk8s-plus-33@2.3.5; do
  mkdir "$work/$release"
  cd "$work/$release"
  echo '{ "name": "birds", "private": true }' >package.json
  cp "$work"/{app.ts,types.ts,load.ts,tsconfig.json} .
  npm install --silent --ignore-scripts cdk8s@2.68.12 constructs@10.3.0 "$release" "$tarball"
  "$root/node_modules/.bin/tsc"
  node app.js
  cmp build/example/birds.k8s.yaml "$expected"
  writes_job load.js
  echo "ok   the example compiles and runs with $release"
done

# Plug'n'Play lets a package load only what it declares.
mkdir "$work/plug-n-play"
cp app.js "$work/plug-n-play"
cd "$work/plug-n-play"
echo '{ "name": "birds", "private": true }' >package.json
touch yarn.lock
export YARN_NODE_LINKER=pnp YARN_ENABLE_TELEMETRY=0 YARN_ENABLE_SCRIPTS=0 YARN_ENABLE_IMMUTABLE_INSTALLS=0
YARN_NPM_REGISTRY_SERVER=$(npm config get registry | sed 's#/$##')
export YARN_NPM_REGISTRY_SERVER
yarn() { npx --yes --package @yarnpkg/cli-dist@4.18.1 yarn "$@"; }
yarn add cdk8s@2.68.12 constructs@10.3.0 cdk8s-plus-30@2.4.10 "tandem-inference-service@file:$tarball" >install.log ||
  { cat install.log >&2; exit 1; }
yarn node app.js
cmp build/example/birds.k8s.yaml "$expected"
echo "ok   the example runs under yarn's Plug'n'Play"
