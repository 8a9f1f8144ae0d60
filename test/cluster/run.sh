#!/usr/bin/env bash
# The suites of test/cluster against a real control plane, built first where it is not cached.
set -euo pipefail
cd "$(dirname "$0")/../.."
KUBERNETES_BIN=$(bash bench/lab/build-kubernetes.sh) || {
  [ $? = 3 ] || exit 1
  echo 'SKIPPED test:cluster: it builds a control plane with Go, which is not on the PATH'
  exit 0
}
export KUBERNETES_BIN
exec npx jest --config test/cluster/jest.config.cjs --runInBand --verbose "$@"
