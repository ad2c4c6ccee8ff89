#!/usr/bin/env bash
# Builds .venv from the lock file of the TFX stack that this machine can run.
#   scripts/setup.sh            builds it, or brings it up to date
#   scripts/setup.sh --check    only says what it would use
# $PYTHON names the Python to use; otherwise a fit one is looked for on PATH.
# $VENV names another folder than .venv.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

say() { echo "setup: $*"; }
fail() {
    say "$*" >&2
    exit 1
}

# --- The stack: PEP 508 markers know nothing of glibc, hence one lock for each.
platform=$(uname -sm)
[[ $platform == "Linux x86_64" ]] ||
    fail "found $platform, but TFX has wheels for Linux x86_64 only: use such a machine or container"
# A Python that is named may run on another glibc than the machine's: see debian_13.sh.
confstr='import os; print(os.confstr("CS_GNU_LIBC_VERSION"))'
glibc=$("${PYTHON:-/none}" -c "$confstr" 2>/dev/null || getconf GNU_LIBC_VERSION 2>/dev/null) &&
    glibc=${glibc#glibc } ||
    fail "found no glibc, but TFX has wheels for glibc only: use a Debian or Ubuntu machine or container"
if ((${glibc#2.} < 39)); then
    stack=tfx-1.16 allowed="3.10 3.11"
else
    stack=tfx-1.21 allowed="3.10 3.11 3.12 3.13"
fi

# --- The Python: run it to know it, since a version manager's shim may only look like one.
# It prints its version, then what it lacks to build packages without a wheel.
probe='
import importlib.util, os, shutil, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
compiler = (os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++").split()[0]
have = {
    f"python{version}-venv": importlib.util.find_spec("ensurepip"),
    f"python{version}-dev": os.path.exists(sysconfig.get_config_var("INCLUDEPY") + "/Python.h"),
    "g++": shutil.which(compiler),
}
print(version, *(package for package, found in have.items() if not found))
'
if [[ -n ${PYTHON:-} ]]; then
    candidates=("$PYTHON")
else
    mapfile -t candidates < <(type -aP python3.{11,10,12,13} python3)
fi
python='' found='' lacking=''
for candidate in "${candidates[@]}"; do
    read -r version lacks < <("$candidate" -c "$probe" 2>/dev/null) || continue
    if [[ " $allowed " != *" $version "* ]]; then
        [[ $found == *"$version"* ]] || found+="${found:+, }$version"
    elif [[ -n $lacks ]]; then
        lacking=${lacking:-"$candidate lacks what packages are built with: apt-get install $lacks"}
    else
        python=$candidate
        break
    fi
done
if [[ -z $python ]]; then
    [[ -z $lacking ]] || fail "$lacking"
    fail "found ${found:+Python }${found:-no Python}${PYTHON:+ for PYTHON=$PYTHON}," \
        "but glibc $glibc can run only TFX ${stack#tfx-}, which needs Python ${allowed// / or }:" \
        "install one, or name it with PYTHON=/path/to/python"
fi
say "TFX ${stack#tfx-} (glibc $glibc) on Python $version ($python)"
[[ ${1:-} != --check ]] || exit 0

# --- The environment. The stamp says what a finished one was built for. It goes before
# anything changes and comes back last, so that a killed set-up starts afresh.
venv=${VENV:-.venv}
stamp=$venv/.ready lock=requirements/$stack/lock.txt
exec 9<scripts/setup.sh && flock 9 # two `make`s at once: the second waits, and is done
inputs=(setup.py scripts/setup.sh requirements/bootstrap.txt requirements/*/lock.txt)
[[ ! -e "$stamp" || -n $(find "${inputs[@]}" -newer "$stamp") ]] || exit 0

if [[ $(cat "$stamp" 2>/dev/null) != "$stack $version" ]]; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
rm -f "$stamp"
say "installing $lock into $venv: about 3 GB"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: -r requirements/bootstrap.txt
# As pip does, trust what the system trusts, such as a company's own authority.
[[ ! -e /etc/ssl/certs/ca-certificates.crt ]] || export UV_SYSTEM_CERTS=1
# Compiled now, since where nothing may write bytecode each import of TFX takes 30 s.
export UV_COMPILE_BYTECODE=1
uv() { "$venv/bin/uv" pip "$@" --quiet --python "$venv/bin/python"; }
uv sync --require-hashes --build-constraints requirements/bootstrap.txt "$lock"
uv install --no-deps --no-build-isolation --editable .
echo "$stack $version" >"$stamp"
say "done"
