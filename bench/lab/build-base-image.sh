#!/usr/bin/env bash
# Prints the name of the base image: the Dockerfile's own where it can be pulled, else a stand-in built once from
# Debian's packages (debootstrap) and the Node program published on npm. Needs root and buildah; exits with 3 where the
# stand-in needs debootstrap and it is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
node_version=22.23.3
npm_version=10.9.9

real=$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile)
if buildah pull --quiet --policy missing "$real" >/dev/null 2>&1; then
  echo "$real"
  exit 0
fi
stand_in=localhost/tandem-base-stand-in:$(sha256sum bench/lab/build-base-image.sh | cut -c1-12)
if ! buildah inspect --type image "$stand_in" >/dev/null 2>&1; then
  command -v debootstrap >/dev/null ||
    { echo "build-base-image: $real cannot be pulled, and its stand-in needs debootstrap" >&2; exit 3; }
  echo "$real cannot be pulled; building its stand-in ..." >&2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  debootstrap --variant=minbase bookworm "$root" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
  mkdir "$work/npm"
  npm install --prefix "$work/npm" --no-save --ignore-scripts --no-package-lock --no-audit --no-fund --silent \
    "node-linux-$(node -p process.arch)@$node_version" "npm@$npm_version" >&2
  node=$(echo "$work"/npm/node_modules/node-linux-*)
  local=$root/usr/local
  install -m 755 "$node/bin/node" "$local/bin/node"
  if [ -d "$node/include" ]; then cp -r "$node/include/." "$local/include/"; fi
  mkdir -p "$local/lib/node_modules"
  cp -r "$work/npm/node_modules/npm" "$local/lib/node_modules/npm"
  for program in npm npx; do ln -s "../lib/node_modules/npm/bin/$program-cli.js" "$local/bin/$program"; done
  container=$(buildah from --quiet scratch)
  buildah add --quiet "$container" "$root" / >/dev/null
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --env "NODE_VERSION=$node_version" --cmd node "$container"
  buildah commit --quiet --rm "$container" "$stand_in" >/dev/null
fi
echo "$stand_in"
