#!/usr/bin/env bash
# The image in pods on three real nodes of this machine: control plane, kubelets, kube-proxies and metrics-server are
# built from pinned Go modules; containerd, runc and the CNI plugins are Debian's. All of it is in a network namespace of
# its own, from which nothing leads out.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
  echo "SKIPPED test:pods: $1"
  exit 0
}
[ "$(id -u)" = 0 ] || skip 'nodes need root'
[ -d /sys/fs/cgroup/cpu ] || skip 'it was made for control groups of version 1, and this machine has others'
for program in go cc buildah containerd ctr runc ip nsenter unshare nft conntrack; do
  command -v "$program" >/dev/null || skip "it needs $program, which is not here"
done
[ -x /usr/lib/cni/bridge ] || skip 'it needs the CNI plugins (containernetworking-plugins), which are not here'

export BUILDAH_ISOLATION=chroot
if [ -z "${NODE_IMAGE:-}" ]; then
  NODE_IMAGE=$(bash test/image/build-base.sh) || {
    [ $? = 3 ] && skip 'there is no base image: see above'
    exit 1
  }
  export NODE_IMAGE
fi
KUBERNETES_BIN=$(bash test/cluster/build-kubernetes.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# One model is enough here, and packed as one's own it is the smallest image.
IMAGE_NAME=tandem-test-pods:1
npm run --silent image -- --builder buildah --latency models/demo/latency --image "$IMAGE_NAME" --archive "$work/image.tar"

# What holds a pod's namespaces open: Kubernetes' own program, from its module.
pause=$(cd test/cluster/binaries/kubernetes && go list -m -f '{{.Dir}}' k8s.io/kubernetes)/build/pause/linux/pause.c
mkdir "$work/pause"
cc -Os -static -DVERSION=1 -o "$work/pause/pause" "$pause"
printf 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n' >"$work/pause/Dockerfile"
buildah build --quiet --tag tandem-test-pause:1 "$work/pause" >/dev/null
buildah push --quiet tandem-test-pause:1 "docker-archive:$work/pause.tar:tandem-test-pause:1"

export KUBERNETES_BIN IMAGE_NAME IMAGE_ARCHIVE=$work/image.tar PAUSE_ARCHIVE=$work/pause.tar
unshare --net bash -c 'ip link set lo up && exec npx jest --config test/pods/jest.config.cjs --runInBand --verbose "$@"' - "$@"
