#!/usr/bin/env bash
# Runs the suites of test/cluster against a real control plane, which it builds first if it is not cached.
# usage: npm run test:cluster -- [JEST_OPTION...]
set -euo pipefail
source "$(dirname "$0")/../support/help.sh"
cd "$(dirname "$0")/../.."
KUBERNETES_BIN=$(bash bench/lab/build-kubernetes.sh) || {
  [ $? = 3 ] || exit 1
  echo 'SKIPPED test:cluster: building a control plane needs Go on the PATH'
  exit 0
}
export KUBERNETES_BIN
exec npx jest --config test/cluster/jest.config.cjs --runInBand --verbose "$@"
