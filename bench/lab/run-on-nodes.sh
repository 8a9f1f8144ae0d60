#!/usr/bin/env bash
# Runs a program that measures on three real nodes on this machine, in their own network namespace; --help needs no nodes.
# Exits with 1 where the nodes cannot run, and says what they need.
#   bash bench/lab/run-on-nodes.sh COMMAND PROGRAM.ts [OPTION...]   COMMAND: the npm script, for messages
set -euo pipefail
cd "$(dirname "$0")/../.."
command=$1
shift
run=(node --import tsx "$@")
case " $* " in *' --help '*) exec "${run[@]}" ;; esac
export IMAGE_MODELS='--accuracy models/demo/accuracy --latency models/demo/latency'
status=0
bash bench/lab/with-real-nodes.sh "${run[@]}" || status=$?
if [ "$status" = 3 ]; then
  echo "$command: the nodes cannot run here: see above" >&2
  exit 1
fi
exit "$status"
