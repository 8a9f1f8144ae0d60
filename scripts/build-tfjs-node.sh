#!/usr/bin/env bash
# Builds the native part of @tensorflow/tfjs-node against the TensorFlow library of a PyPI wheel, for machines that
# cannot reach the host from which its own install script downloads. Needs Python 3 with pip, a C++ compiler, make.
# usage: npm run build:tfjs-node
set -euo pipefail
cd "$(dirname "$0")/.."
version=2.15.1
root=$PWD/node_modules/@tensorflow/tfjs-node

if [ -f "$root/lib/napi-v8/tfjs_binding.node" ]; then
  echo 'tfjs-node: its native part is built already'
  exit 0
fi
# tfjs-node calls a function that Node 23 removed: see models/engines/tfjs.ts.
if [ "$(node -p 'process.versions.node.split(".")[0]')" -gt 22 ]; then
  echo "tfjs-node: this needs Node 20 or 22, received $(node --version): repeat the command with Node 22" >&2
  exit 1
fi
[ "$(uname -sm)" = 'Linux x86_64' ] ||
  { echo "tfjs-node: this needs Linux on x86-64, received $(uname -sm): train on such a machine" >&2; exit 1; }
for tool in python3 g++ make; do
  command -v "$tool" >/dev/null ||
    { echo "tfjs-node: this needs Python 3 with pip, g++ and make, and $tool is missing: install it" >&2; exit 1; }
done
python3 -m pip --version >/dev/null || { echo 'tfjs-node: Python has no pip: install it' >&2; exit 1; }

mkdir -p build
work=$(mktemp -d "$PWD/build/tfjs-node.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ ! -d "$root" ]; then
  # npm removes an optional dependency whose install script fails, and what only that one needs.
  echo "tfjs-node: 1 of 4: fetching its npm packages (about 300 MB unpacked; most of it is in npm's cache)"
  npx --no-install tsx scripts/add-missing-packages.ts @tensorflow/tfjs-node "$work/npm"
fi

echo "tfjs-node: 2 of 4: fetching tensorflow-cpu $version (about 207 MB)"
python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 \
  --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 --dest "$work" "tensorflow-cpu==$version"

echo "tfjs-node: 3 of 4: unpacking TensorFlow's library"
rm -rf "$root/deps" "$root/lib" "$root/build"
mkdir -p "$root/deps/lib"
python3 - "$work"/*.whl "$root/deps" <<'PY'
import os, shutil, sys, zipfile

wheel, deps = sys.argv[1:]
include = 'tensorflow/include/'
headers = ('tensorflow/c/', 'tensorflow/core/platform/', 'tensorflow/tsl/platform/', 'tsl/', 'xla/tsl/',
           'tensorflow/compiler/xla/tsl')
with zipfile.ZipFile(wheel) as archive:
    for item in archive.infolist():
        name = item.filename
        if name.startswith('tensorflow/libtensorflow') and name.endswith('.so.2'):
            target = f'{deps}/lib/{os.path.basename(name)}'
        elif name.startswith(include) and name[len(include):].startswith(headers) and name.endswith('.h'):
            target = f'{deps}/include/{name[len(include):]}'
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(item) as source, open(target, 'wb') as destination:
            shutil.copyfileobj(source, destination, 1 << 22)
PY
cd "$root/deps/lib"
ln -sf libtensorflow_cc.so.2 libtensorflow.so
ln -sf libtensorflow_framework.so.2 libtensorflow_framework.so
# The file whose presence tells tfjs-node's install script that there is nothing to download.
ln -sf libtensorflow_cc.so.2 libtensorflow.so.2.9.1
cd "$root"
echo 'tfjs-node: 4 of 4: compiling the native part'
nodedir=$(dirname "$(dirname "$(node -p process.execPath)")")
if [ -d "$nodedir/include/node" ]; then headers=(--nodedir="$nodedir"); else headers=(); fi
npx --no-install node-pre-gyp install --build-from-source "${headers[@]}" >"$work/build.log" 2>&1 ||
  { cat "$work/build.log" >&2; exit 1; }
cd - >/dev/null
cd "$root/../../.."
node -e "
  require('@tensorflow/tfjs-node');
  const tf = require('@tensorflow/tfjs');
  if (tf.getBackend() !== 'tensorflow' || tf.scalar(2).mul(3).dataSync()[0] !== 6) throw new Error('tfjs-node does not compute');
  console.log('tfjs-node: built; npx tandem train works now');
"
