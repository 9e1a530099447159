#!/usr/bin/env bash
# Installs Lockstep into an environment of its own, from the lock that lies beside this action.
set -euo pipefail

home=$RUNNER_TEMP/lockstep-environment
root=$(cd "$GITHUB_ACTION_PATH" && pwd)
"$SYSTEM_PYTHON" -m venv --clear "$home"
pip=("$home/bin/python" -I -m pip --quiet --disable-pip-version-check --no-input)
locks=(-r "$root/requirements.lock")
for extra in $EXTRAS; do
  [[ $extra =~ ^(http|lightgbm|onnx|xgboost)$ ]] || {
    echo "there is no extra '$extra' here" >&2
    exit 2
  }
  locks+=(-r "$root/.github/actions/$extra.lock")
done
"${pip[@]}" install --require-hashes --only-binary :all: "${locks[@]}"
"${pip[@]}" install --no-deps --no-index --no-build-isolation "$root"
echo "python=$home/bin/python" >> "$GITHUB_OUTPUT"
