#!/usr/bin/env bash
# Puts a Python that runs on Debian 13's C libraries into a folder: so the newer TFX stack,
# which needs glibc 2.39, runs on an older Debian, too. Needs Debian's packages, and root.
#   scripts/debian_13.sh FOLDER
# The Python is FOLDER/bin/python3.11, a copy of the machine's with another loader.
set -euo pipefail
mkdir -p "$1/bin"
folder=$(cd "$1" && pwd) python=$1/bin/python3.11
[[ ! -x $python ]] || exit 0

missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v patchelf >/dev/null || missing+=(patchelf)
if ((${#missing[@]})); then
    apt-get -qq update
    apt-get -qq install --no-install-recommends "${missing[@]}" >/dev/null
fi
# The first stage unpacks the packages, which is all that is needed here.
debootstrap --variant=minbase --foreign trixie "$folder/root" >"$folder/debootstrap.log"
libraries=$folder/root/usr/lib/x86_64-linux-gnu
# Not a version manager's shim.
original=$(python3.11 -c 'import os, sys; print(os.path.realpath(sys.executable))')
own=$(python3.11 -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
cp "$original" "$python.new"
patchelf --set-interpreter "$libraries/ld-linux-x86-64.so.2" \
    --force-rpath --set-rpath "$libraries:$own" "$python.new"
mv "$python.new" "$python"
