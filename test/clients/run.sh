#!/usr/bin/env bash
# Runs clients that others wrote against the running service. Each group of them is installed once, into a private folder
# of the cache; a group that cannot be installed is skipped aloud.
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
cd "$(dirname "$0")/../.."
requirements=test/clients/requirements
cache=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}
mkdir -p "$cache"

install() { # install NAME FILE HOW: HOW fills a folder as FILE says; CLIENTS_NAME is then the folder
  local name=$1 file=$requirements/$2 how=$3
  local folder=$cache/clients-$name-$(sha256sum "$file" | cut -c1-12)
  # A folder that is not whole has no such file.
  if [ ! -f "$folder/complete" ]; then
    echo "installing $file into $folder ..." >&2
    rm -rf "$folder"
    mkdir -p "$folder"
    if ! "$how" "$folder" "$file" >"$folder/install.log" 2>&1; then
      echo "SKIPPED $name clients: they cannot be installed: $(tail -n 1 "$folder/install.log")"
      return
    fi
    touch "$folder/complete"
  fi
  export "CLIENTS_${name^^}=$folder"
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

install python python.txt python_packages
install kserve kserve.txt python_packages
install mlserver mlserver.txt python_packages
install generators generators.txt python_packages
install node node.json node_packages
install go go.txt go_programs
install debian debian.txt debian_packages
exec npx tsx test/clients/run.ts "$@"
