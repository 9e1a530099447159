#!/usr/bin/env bash
# Puts walls of namespaces within reach of the sandbox, where this runner lets us.
# Where it does not, the walls inside the worker still stand, and the report says which held.
set -euo pipefail

if ! sudo -n true 2> /dev/null; then
  echo "this runner has no sudo; the sandbox is built of what is here"
  exit 0
fi
if ! command -v bwrap > /dev/null; then
  sudo apt-get update -qq
  sudo apt-get install -y -qq --no-install-recommends bubblewrap || echo "no bubblewrap here"
fi
# Ubuntu 24.04 lets no program make user namespaces but those with a profile; this names one.
restricted=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
if command -v bwrap > /dev/null && [[ -r $restricted && $(< "$restricted") = 1 ]]; then
  echo "giving /usr/bin/bwrap an AppArmor profile with user namespaces"
  sudo apparmor_parser --replace << 'PROFILE' || echo "AppArmor did not take the profile"
abi <abi/4.0>,
include <tunables/global>
profile lockstep-bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
}
PROFILE
fi
