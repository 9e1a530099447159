#!/usr/bin/env bash
# Runs one verb.  Arguments come from the environment, one a line, and never meet a shell's eyes.
set -euo pipefail

[[ $VERB =~ ^[a-z]+(-[a-z]+)*$ ]] || { echo "there is no such verb" >&2; exit 2; }
words=()
while IFS= read -r word; do
  [[ -z $word ]] || words+=("$word")
done <<< "$ARGUMENTS"
# A variable that is set and empty says something else than none to many programs.
for name in GITHUB_TOKEN LOCKSTEP_APP_ID LOCKSTEP_APP_PRIVATE_KEY; do
  [[ -n ${!name} ]] || unset "$name"
done
unset ARGUMENTS
exec "$PYTHON" -I -m bot "$VERB" ${words[@]+"${words[@]}"}
