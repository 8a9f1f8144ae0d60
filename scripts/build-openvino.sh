#!/usr/bin/env bash
# Puts OpenVINO's libraries from its PyPI wheel into build/openvino, where ENGINE=openvino finds them. Nothing is compiled.
# Needs Python 3 with pip, on Linux on x86-64.
# usage: npm run build:openvino
set -euo pipefail
cd "$(dirname "$0")/.."
version=2026.4.1
folder=$PWD/build/openvino

if [ "$(cat "$folder/VERSION" 2>/dev/null)" = "$version" ]; then
  echo "openvino: $version is here already"
  exit 0
fi
if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo "openvino: this needs Linux on x86-64, received $(uname -sm): choose another engine" >&2
  exit 1
fi
if ! node -e "require.resolve('koffi')" 2>/dev/null; then
  echo 'openvino: koffi, an optional dependency, is not installed: run npm ci' >&2
  exit 1
fi

mkdir -p build
work=$(mktemp -d build/openvino.XXXXXX)
trap 'rm -rf "$work"' EXIT
echo "openvino: fetching openvino $version (about 60 MB)"
python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 \
  --platform manylinux_2_28_x86_64 --dest "$work" "openvino==$version"

mkdir "$work/openvino"
python3 - "$work"/*.whl "$work/openvino" <<'PY'
import os, shutil, sys, zipfile

wheel, folder = sys.argv[1:]
# The C interface, the CPU and ONNX; threads. The wheel also has other devices and formats.
libraries = ('libopenvino.so', 'libopenvino_c.so', 'libopenvino_intel_cpu_plugin.so', 'libopenvino_onnx_frontend.so',
             'libtbb.so', 'libtbbmalloc.so', 'libtbbbind_2_5.so', 'libhwloc.so')
with zipfile.ZipFile(wheel) as archive:
    for item in archive.infolist():
        name = os.path.basename(item.filename)
        if item.filename.startswith('openvino/libs/') and name.startswith(libraries):
            target = f'{folder}/{name}'
        elif '/licenses/' in item.filename and name:
            target = f'{folder}/licenses/{name}'
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(item) as source, open(target, 'wb') as destination:
            shutil.copyfileobj(source, destination, 1 << 22)
PY
(cd "$work/openvino" && ln -s libopenvino_c.so.* libopenvino_c.so)
node -e "require('koffi').load('$PWD/$work/openvino/libopenvino_c.so')"
echo "$version" >"$work/openvino/VERSION"
rm -rf "$folder"
mv "$work/openvino" "$folder"
echo "openvino: $version is in build/openvino; choose it with ENGINE=openvino"
