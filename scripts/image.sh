#!/usr/bin/env bash
# Builds the image of kubeflow/Dockerfile by docker or podman, whichever works.
#   scripts/image.sh NAME[:TAG] [ARGUMENT...]
# Further arguments are passed on, such as --build-arg BASE_IMAGE=...
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
name=$1
shift

for engine in docker podman; do
    # A client without a daemon is no engine.
    if "$engine" info &>/dev/null; then
        "$engine" build --file kubeflow/Dockerfile --tag "$name" "$@" .
        "$engine" image inspect --format '{{.Size}}' "$name" |
            awk -v name="$name" '{printf "image: %s, %.2f GB\n", name, $1 / 1e9}'
        exit
    fi
done
echo "image: found neither docker nor podman running: apt-get install podman" >&2
exit 1
