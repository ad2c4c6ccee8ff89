#!/usr/bin/env bash
# Installs Chromium, which the tests of the evaluation report open it in, where it is
# missing. Needs Debian's or Ubuntu's packages, and root.
set -euo pipefail

packages=(chromium chromium-driver)
! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null || exit 0
if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "browser: found no Chromium; as root: apt-get install ${packages[*]}" >&2
    exit 1
fi
echo "browser: installing ${packages[*]}"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
    "${packages[@]}" >/dev/null
