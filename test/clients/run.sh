#!/usr/bin/env bash
# Runs clients that others wrote against the running service. Each group of them is installed once, into a private folder
# of the cache; a group that cannot be installed is skipped aloud.
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
cd "$(dirname "$0")/../.."
case " $* " in *' --help '*) exec npx tsx test/clients/run.ts --help ;; esac
requirements=test/clients/requirements
cache=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}
mkdir -p "$cache"

# Group, file of its requirements, function that fills a folder as the file says.
groups=(
  'python python.txt python_packages'
  'kserve kserve.txt python_packages'
  'mlserver mlserver.txt python_packages'
  'generators generators.txt python_packages'
  'node node.json node_packages'
  'go go.txt go_programs'
  'debian debian.txt debian_packages'
)
folder_of() { # folder_of NAME FILE
  echo "$cache/clients-$1-$(sha256sum "$requirements/$2" | cut -c1-12)"
}
install() { # install NAME FILE HOW
  local file=$requirements/$2 folder
  folder=$(folder_of "$1" "$2")
  # A folder that is not whole has no such file.
  if [ -f "$folder/complete" ]; then return; fi
  echo "installing $file into $folder ..." >&2
  rm -rf "$folder"
  mkdir -p "$folder"
  if "$3" "$folder" "$file" >"$folder/install.log" 2>&1; then touch "$folder/complete"; fi
}
use() { # use NAME FILE: CLIENTS_NAME is then the folder
  local folder
  folder=$(folder_of "$1" "$2")
  if [ -f "$folder/complete" ]; then
    export "CLIENTS_${1^^}=$folder"
  else
    echo "SKIPPED $1 clients: they cannot be installed: $(tail -n 1 "$folder/install.log")"
  fi
}
python_packages() {
  python3 -m venv "$1" && "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2"
}
node_packages() {
  cp "$2" "$1/package.json" && npm install --prefix "$1" --no-audit --no-fund --ignore-scripts
}
go_programs() {
  GOBIN=$1/bin go install "$(cat "$2")"
}
debian_packages() ( # unpacks them without installing; in a shell of its own, since it changes the folder
  packages=$(cat "$2")
  cd "$1"
  # shellcheck disable=SC2086 # one word per package
  apt-get update -qq && apt-get download $packages && for package in *.deb; do dpkg -x "$package" . || exit; done
)

# All at once, since each waits for its registry most of the time.
for group in "${groups[@]}"; do
  # shellcheck disable=SC2086 # three words
  install $group &
done
wait
for group in "${groups[@]}"; do
  # shellcheck disable=SC2086 # three words
  use $group
done
exec npx tsx test/clients/run.ts "$@"
