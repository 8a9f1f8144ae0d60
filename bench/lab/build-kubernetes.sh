#!/usr/bin/env bash
# Builds the lab's Kubernetes programs from pinned Go modules and prints the folder that holds them. The cache has one
# folder per state of the pins and of this script; a first build takes about seven minutes on two cores. Exits with 3
# where nothing is cached and Go is missing.
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
cd "$(dirname "$0")/binaries"

modules=(kubernetes kube-score)
pins=$(cat "${modules[@]/%//go.mod}" "${modules[@]/%//go.sum}" "../build-kubernetes.sh" | sha256sum | cut -c1-12)
folder=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}/kubernetes-$pins
if [ ! -d "$folder" ]; then
  command -v go >/dev/null || { echo 'build-kubernetes: Go 1.26 or newer is needed to build a control plane' >&2; exit 3; }
  mkdir -p "$(dirname "$folder")"
  partial=$(mktemp -d "$folder.partial.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  export CGO_ENABLED=0 GOWORK=off GOFLAGS='-trimpath -buildvcs=false -mod=readonly'
  for module in "${modules[@]}"; do
    version=$(cd "$module" && go list -m -f '{{.Version}}' k8s.io/kubernetes 2>/dev/null || true)
    minor=${version#v1.}
    stamp=
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
      stamp+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
    done
    echo "building $module $version ..." >&2
    mapfile -t packages < <(cd "$module" && go list tool)
    (cd "$module" && go build -ldflags "-s -w${version:+$stamp}" -o "$partial/" "${packages[@]}" >&2)
  done
  # "go build" names a program after its package's folder, and etcd's is server/v3.
  mv "$partial/server" "$partial/etcd"
  # KWOK reads its CRDs and stages from files of its module.
  cp -r "$(cd kubernetes && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize" "$partial/kwok-kustomize"
  chmod -R u+w "$partial"
  # A concurrent build of the same pins may have finished first.
  mv -T "$partial" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
echo "$folder"
