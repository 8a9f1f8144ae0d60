#!/usr/bin/env bash
# Runs the unit tests with other versions of Node, whose programs npm has as packages. Nothing is installed into the project.
# usage: npm run test:node -- [VERSION...]   (default: 20 22 24)
set -euo pipefail
source "$(dirname "$0")/../support/help.sh"
cd "$(dirname "$0")/../.."
cache=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}
platform=$(node -p 'process.platform + "-" + process.arch')
[ $# -gt 0 ] || set -- 20 22 24

for version; do
  folder=$cache/node-$version
  npm install --silent --ignore-scripts --prefix "$folder" "node-$platform@$version"
  program=$folder/node_modules/node-$platform/bin
  echo "== Node $("$program/node" -p process.versions.node)"
  PATH=$program:$PATH npm run test:fast
done
