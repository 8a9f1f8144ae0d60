#!/usr/bin/env bash
# Runs the suites of test/pods: the container image in pods on three real nodes on this machine.
# usage: npm run test:pods -- [JEST_OPTION...]
set -euo pipefail
source "$(dirname "$0")/../support/help.sh"
cd "$(dirname "$0")/../.."
status=0
bash bench/lab/with-real-nodes.sh npx jest --config test/pods/jest.config.cjs --runInBand --verbose "$@" || status=$?
if [ "$status" = 3 ]; then
  echo 'SKIPPED test:pods: see above'
  exit 0
fi
exit "$status"
