#!/usr/bin/env bash
# Runs the tests that need Flink on the job server of the installed Beam, which Maven
# fetches once. $FLINK_JOB_SERVER_JAR names another; arguments are pytest's.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

if [[ -z ${FLINK_JOB_SERVER_JAR:-} ]]; then
    version=$(.venv/bin/python -c \
        'from importlib.metadata import version; print(version("apache-beam"))')
    name=beam-runners-flink-1.20-job-server
    FLINK_JOB_SERVER_JAR=$PWD/.cache/$name-$version.jar
    [[ -e $FLINK_JOB_SERVER_JAR ]] || mvn --quiet --batch-mode dependency:copy \
        -Dartifact="org.apache.beam:$name:$version" -DoutputDirectory="$PWD/.cache"
fi
export FLINK_JOB_SERVER_JAR
exec .venv/bin/pytest -m flink "$@"
