#!/usr/bin/env bash
# Compares bench/autoscaler/ with a running kube-controller-manager: npm run validate:controller [-- OPTIONS].
# Option --help lists them; the control plane is built first if it is not cached.
set -euo pipefail
cd "$(dirname "$0")/../.."
case " $* " in *' --help '*) exec npx tsx test/controller/run.ts --help ;; esac
KUBERNETES_BIN=$(bash bench/lab/build-kubernetes.sh) || {
  [ $? = 3 ] || exit 1
  echo 'SKIPPED validate:controller: building a control plane needs Go on the PATH'
  exit 0
}
export KUBERNETES_BIN
exec npx tsx test/controller/run.ts "$@"
