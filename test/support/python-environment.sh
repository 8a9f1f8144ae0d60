#!/usr/bin/env bash
# Prints the folder of a virtual environment with a requirements file's packages, which it installs once. The cache has
# one folder per state of the requirements.
#   python-environment.sh NAME PYTHON REQUIREMENTS
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
name=$1 python=$2 requirements=$3
folder=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}/$name-$(sha256sum "$requirements" | cut -c1-12)
# A virtual environment cannot be moved, so this file shows that the installation is complete.
if [ ! -f "$folder/complete" ]; then
  echo "installing $name into $folder ..." >&2
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
  touch "$folder/complete"
fi
echo "$folder"
