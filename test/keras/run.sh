#!/usr/bin/env bash
# What compares with real Keras while it runs: our records of it, weight files in both directions, training steps. Keras
# is installed once, into a private folder of the cache.
#   KERAS_PYTHON   a Python that has test/keras/requirements.txt already
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
cd "$(dirname "$0")/../.."

# TensorFlow's wheels and NumPy's decide which Python is fit.
fit='import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
if [ -z "${KERAS_PYTHON:-}" ]; then
  python=
  for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c "$fit" >/dev/null 2>&1; then
      python=$candidate
      break
    fi
  done
  if [ -z "$python" ]; then
    echo "SKIPPED test:keras: Keras needs Python 3.11 to 3.13 with venv, received $(python3 --version 2>/dev/null || echo none)"
    exit 0
  fi
  requirements=test/keras/requirements.txt
  folder=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}/keras-$(sha256sum "$requirements" | cut -c1-12)
  # A virtual environment cannot be moved: a file says whether it is whole.
  if [ ! -f "$folder/complete" ]; then
    echo "installing Keras into $folder ..." >&2
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    touch "$folder/complete"
  fi
  KERAS_PYTHON=$folder/bin/python
fi
export KERAS_PYTHON

records() {
  # The scripts write to fixtures/keras beside their folder's parent.
  "$KERAS_PYTHON" "$work/keras/architectures.py" >"$work/log" 2>&1 &&
    "$KERAS_PYTHON" "$work/keras/augmentation.py" >"$work/log" 2>&1 &&
    "$KERAS_PYTHON" "$work/keras/weight_files.py" record >"$work/log" 2>&1 || {
    cat "$work/log"
    return 1
  }
  "$KERAS_PYTHON" test/keras/compare_records.py test/fixtures/keras "$work/fixtures/keras"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/keras"
cp test/keras/*.py "$work/keras"
failed=0
records || failed=1
npx jest test/models/weights/keras-h5.test.ts --verbose --testTimeout=120000 || failed=1
npx tsx test/keras/training-steps.ts || failed=1
exit "$failed"
