#!/usr/bin/env bash
# Runs a command that starts three real nodes with `bench/lab/real-cluster.ts`. It builds the Kubernetes programs, the
# container image and the pause image, exports their paths, and runs the command in an isolated network namespace.
# containerd, runc and the CNI plugins are Debian's. Exits with 3 if this machine cannot run the nodes, and says why.
#   bash bench/lab/with-real-nodes.sh COMMAND...
#   NODE_IMAGE     base image (default: what build-base-image.sh prints)
#   IMAGE_MODELS   options of `npm run image` that choose the models (default: the latency demo model alone)
set -euo pipefail
cd "$(dirname "$0")/../.."

cannot() {
  echo "with-real-nodes: $1" >&2
  exit 3
}
[ "$(id -u)" = 0 ] || cannot 'nodes need root'
[ -d /sys/fs/cgroup/cpu ] || cannot 'nodes need control groups of version 1, and this machine has version 2'
for program in go cc buildah containerd ctr runc ip nsenter unshare nft conntrack; do
  command -v "$program" >/dev/null || cannot "$program is missing: install buildah, containerd, runc, iproute2, nftables, conntrack and Go"
done
[ -x /usr/lib/cni/bridge ] || cannot 'the CNI plugins are missing: install containernetworking-plugins'

export BUILDAH_ISOLATION=chroot
if [ -z "${NODE_IMAGE:-}" ]; then
  NODE_IMAGE=$(bash bench/lab/build-base-image.sh) || exit
  export NODE_IMAGE
fi
KUBERNETES_BIN=$(bash bench/lab/build-kubernetes.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
IMAGE_NAME=tandem-test-pods:1
# shellcheck disable=SC2086 -- options are words
npm run --silent image -- --builder buildah ${IMAGE_MODELS:---latency models/demo/latency} \
  --image "$IMAGE_NAME" --archive "$work/image.tar"

# The pause program holds a pod's namespaces open; its source is in Kubernetes' module.
pause=$(cd bench/lab/binaries/kubernetes && go list -m -f '{{.Dir}}' k8s.io/kubernetes)/build/pause/linux/pause.c
mkdir "$work/pause"
cc -Os -static -DVERSION=1 -o "$work/pause/pause" "$pause"
printf 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n' >"$work/pause/Dockerfile"
buildah build --quiet --tag tandem-test-pause:1 "$work/pause" >/dev/null
buildah push --quiet tandem-test-pause:1 "docker-archive:$work/pause.tar:tandem-test-pause:1"

export KUBERNETES_BIN IMAGE_NAME IMAGE_ARCHIVE=$work/image.tar PAUSE_ARCHIVE=$work/pause.tar
unshare --net bash -c 'ip link set lo up && exec "$@"' - "$@"
