#!/usr/bin/env bash
# Installs what tests start as programs of their own, where it is missing: Chromium, which
# opens the evaluation report, and MariaDB, which holds ML Metadata. Needs Debian's or
# Ubuntu's packages, and root.
set -euo pipefail

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v chromedriver >/dev/null || missing+=(chromium-driver)
command -v mariadbd >/dev/null || missing+=(mariadb-server)
((${#missing[@]})) || exit 0
if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "test programs: missing; as root: apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "test programs: installing ${missing[*]}"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
    "${missing[@]}" >/dev/null
