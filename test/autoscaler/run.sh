#!/usr/bin/env bash
# Compares bench/autoscaler/ with Kubernetes' own autoscaler on random inputs: npm run test:autoscaler [-- OPTIONS].
# The first build takes some minutes; Go caches it. Option --help lists the others.
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
cd "$(dirname "$0")/../.."

case " $* " in *' --help '*) exec npx tsx test/autoscaler/run.ts --help ;; esac
command -v go >/dev/null || { echo 'SKIPPED test:autoscaler: it needs Go 1.26 or newer on the PATH'; exit 0; }
cache=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}
oracle=$cache/autoscaler-oracle.test
mkdir -p "$cache"
# The flags are those of bench/lab/build-kubernetes.sh, so that both share what Go has built.
export CGO_ENABLED=0 GOWORK=off GOFLAGS='-trimpath -buildvcs=false -mod=readonly'
(cd test/autoscaler/oracle &&
  go test -c -vet=off -modfile=../../../bench/lab/binaries/kubernetes/go.mod -o "$oracle" .)
source=$(cd bench/lab/binaries/kubernetes && go list -m -f '{{.Dir}}' k8s.io/kubernetes)
exec npx tsx test/autoscaler/run.ts "$oracle" "$source" "$@"
