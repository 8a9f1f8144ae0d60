#!/usr/bin/env bash
# The suites of test/cluster against a real control plane, built first where it is not cached.
set -euo pipefail
cd "$(dirname "$0")/../.."
KUBERNETES_BIN=$(bash test/cluster/build-kubernetes.sh) || {
  [ $? = 3 ] || exit 1
  echo 'SKIPPED test:cluster: Go is not on the PATH, and the control plane is built with it'
  exit 0
}
export KUBERNETES_BIN
exec npx jest --config test/cluster/jest.config.cjs --runInBand --verbose "$@"
