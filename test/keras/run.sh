#!/usr/bin/env bash
# Compares with real Keras: the recorded results, weight files in both directions, training steps. Keras is installed
# once, into a private folder of the cache.
#   KERAS_PYTHON   a Python with the packages of test/keras/requirements.txt (default: one in the cache)
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
source "$(dirname "$0")/../support/help.sh"
cd "$(dirname "$0")/../.."

# TensorFlow and NumPy have wheels for these versions of Python.
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
  folder=$(bash test/support/python-environment.sh keras "$python" test/keras/requirements.txt)
  KERAS_PYTHON=$folder/bin/python
fi
export KERAS_PYTHON

records() {
  # Each script writes to ../fixtures/keras, seen from its own folder.
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
