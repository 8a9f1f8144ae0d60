#!/usr/bin/env bash
# Unpacks Debian's package prometheus into the cache, for the test of the dashboard's queries. Nothing is installed.
# usage: bash scripts/get-prometheus.sh
set -euo pipefail
folder=${TANDEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem}/prometheus
if [ -x "$folder/usr/bin/prometheus" ]; then
  echo "prometheus: it is in $folder already"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq prometheus
mkdir root
dpkg -x prometheus_*.deb root
mkdir -p "$(dirname "$folder")"
rm -rf "$folder"
mv root "$folder"
echo "prometheus: it is in $folder"
