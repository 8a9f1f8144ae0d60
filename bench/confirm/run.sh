#!/usr/bin/env bash
# Runs what `npx tandem plan` recommends and refuses on three real nodes on this machine; see --help. Exits with 1 where the
# nodes cannot run, and says what they need.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=(node --import tsx bench/confirm/run-confirm.ts "$@")
case " $* " in *' --help '*) exec "${run[@]}" ;; esac
export IMAGE_MODELS='--accuracy models/demo/accuracy --latency models/demo/latency'
status=0
bash bench/lab/with-real-nodes.sh "${run[@]}" || status=$?
if [ "$status" = 3 ]; then
  echo 'confirm:plan: the nodes cannot run here: see above' >&2
  exit 1
fi
exit "$status"
