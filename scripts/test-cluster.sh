#!/usr/bin/env bash
# The suites of test/cluster against a real control plane, built first where it is not cached.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v go >/dev/null; then
  echo 'SKIPPED test:cluster: Go is not on the PATH, and the control plane is built with it'
  exit 0
fi
KUBERNETES_BIN=$(bash scripts/build-kubernetes.sh)
export KUBERNETES_BIN
exec npx jest --config jest.cluster.config.cjs --runInBand --verbose "$@"
