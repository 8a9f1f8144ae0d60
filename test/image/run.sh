#!/usr/bin/env bash
# Builds the container image for both engines with buildah and tests it with podman and runc, in containers with limits.
# usage: npm run test:image -- [JEST_OPTION...]
set -euo pipefail
source "$(dirname "$0")/../support/help.sh"
cd "$(dirname "$0")/../.."

skip() {
  echo "SKIPPED test:image: $1"
  exit 0
}
[ "$(id -u)" = 0 ] || skip 'containers with limits need root'
for program in buildah podman runc; do
  command -v "$program" >/dev/null || skip "$program is not on the PATH; the suite needs buildah, podman and runc"
done

# With chroot isolation, builds need no new namespaces, which sandboxes may refuse.
export BUILDAH_ISOLATION=chroot
if [ -z "${NODE_IMAGE:-}" ]; then
  NODE_IMAGE=$(bash bench/lab/build-base-image.sh) || {
    [ $? = 3 ] && skip 'there is no base image: see above'
    exit 1
  }
  export NODE_IMAGE
fi
echo "base image: $NODE_IMAGE"
for engine in onnxruntime tfjs-node; do
  TANDEM_IMAGE=localhost/tandem-test:$engine npm run --silent image -- --engine "$engine" --builder buildah
done
exec npx jest --config test/image/jest.config.cjs --runInBand --verbose "$@"
