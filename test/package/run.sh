#!/usr/bin/env bash
# Packs the command and the construct, and uses each as others would.
set -euo pipefail
source "$(dirname "$0")/../support/help.sh"
cd "$(dirname "$0")"
bash command.sh
bash construct.sh
