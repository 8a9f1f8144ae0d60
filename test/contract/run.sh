#!/usr/bin/env bash
# Walks the OpenAPI document against the running server with Schemathesis, which is installed once, into a private
# folder of the cache.
#   SCHEMATHESIS   a schemathesis program that is there already
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
cd "$(dirname "$0")/../.."

fit='import ensurepip, sys, venv; sys.exit(sys.version_info[:2] < (3, 10))'
if [ -z "${SCHEMATHESIS:-}" ]; then
  if ! python3 -c "$fit" >/dev/null 2>&1; then
    echo "SKIPPED test:contract: Schemathesis needs Python 3.10 or later with venv, received $(python3 --version 2>/dev/null || echo none)"
    exit 0
  fi
  requirements=test/contract/requirements.txt
  folder=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}/schemathesis-$(sha256sum "$requirements" | cut -c1-12)
  # A virtual environment cannot be moved: a file says whether it is whole.
  if [ ! -f "$folder/complete" ]; then
    echo "installing Schemathesis into $folder ..." >&2
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    touch "$folder/complete"
  fi
  SCHEMATHESIS=$folder/bin/schemathesis
fi
exec npx tsx test/contract/run.ts "$SCHEMATHESIS"
