#!/usr/bin/env bash
# Tests the running server against its OpenAPI document with Schemathesis, which is installed once, into a private folder
# of the cache.
#   SCHEMATHESIS   an installed schemathesis program (default: the one in the cache)
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
source "$(dirname "$0")/../support/help.sh"
cd "$(dirname "$0")/../.."

fit='import ensurepip, sys, venv; sys.exit(sys.version_info[:2] < (3, 10))'
if [ -z "${SCHEMATHESIS:-}" ]; then
  if ! python3 -c "$fit" >/dev/null 2>&1; then
    echo "SKIPPED test:contract: Schemathesis needs Python 3.10 or later with venv, received $(python3 --version 2>/dev/null || echo none)"
    exit 0
  fi
  folder=$(bash test/support/python-environment.sh schemathesis python3 test/contract/requirements.txt)
  SCHEMATHESIS=$folder/bin/schemathesis
fi
exec npx tsx test/contract/run.ts "$SCHEMATHESIS"
