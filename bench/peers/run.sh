#!/usr/bin/env bash
# `npm run bench:peers`: installs each peer once, into a private folder of the cache, compiles this project's programs and
# measures. A peer that cannot be installed is skipped aloud.
#   TANDEM_CACHE   folder of the cache (default: tandem in the user's cache folder)
set -euo pipefail
cd "$(dirname "$0")/../.."
requirements=bench/peers/requirements
cache=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}

case " $* " in *' --help '*) exec npx tsx bench/peers/run-peers.ts --help ;; esac
if ! command -v python3 >/dev/null; then
  echo 'bench:peers needs python3 with venv, for the peers: install it, then run this command again' >&2
  exit 1
fi

install() { # install NAME: PEERS_NAME is then the folder with the packages, or PEERS_NAME_SKIPPED says why there is none
  local name=$1 file=$requirements/$1.txt
  local folder=$cache/peers-$name-$(sha256sum "$file" | cut -c1-12)
  # A folder that is not whole has no such file.
  if [ ! -f "$folder/complete" ]; then
    echo "installing $file into $folder ..." >&2
    rm -rf "$folder"
    mkdir -p "$folder"
    if ! python_packages "$folder" "$file" >"$folder/install.log" 2>&1; then
      export "PEERS_${name^^}_SKIPPED=it cannot be installed: $(tail -n 1 "$folder/install.log")"
      return
    fi
    touch "$folder/complete"
  fi
  export "PEERS_${name^^}=$folder"
}
python_packages() {
  python3 -m venv "$1" && "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2"
}

for file in "$requirements"/*.txt; do install "$(basename "$file" .txt)"; done
echo 'compiling ...' >&2
npx --no-install tsc -p bench/peers/tsconfig.build.json
npm run --silent build:bundle
exec node build/bench/peers/run-peers.js "$@"
