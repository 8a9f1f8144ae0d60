#!/usr/bin/env bash
# Checks that each fault is noticed only if it is injected, then injects them all. Arguments go to test/chaos/run.ts, which
# then runs alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
if (($# == 0)); then npx tsx test/chaos/run.ts --self-check; fi
exec npx tsx test/chaos/run.ts "$@"
