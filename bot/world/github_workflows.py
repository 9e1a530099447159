"""The text of each workflow: which event starts it, which zones it runs, and with what rights."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Identity = Literal["app", "token"]
"""Who writes: a GitHub App, whose tokens are minted for one zone, or the workflow's own token."""

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0"
DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
HERE = "./"
"""The action of this repository itself, checked out from the default branch."""
JUDGING, LANDING = "lockstep", "lockstep-merge"
"""Environments: they hold the app's key, and let only the default branch use it."""
DAILY = "23 4 * * *"

READING: Mapping[str, str] = {"contents": "read", "pull-requests": "read", "statuses": "read"}
"""What one question about a pull request takes."""
SAYING: Mapping[str, str] = {
    "actions": "read",
    "contents": "read",
    "pull-requests": "write",
    "statuses": "write",
}
WRITING: Mapping[str, str] = {
    "contents": "write",
    "issues": "write",
    "pull-requests": "write",
    "statuses": "write",
}
CALLING: Mapping[str, str] = {"actions": "read", **WRITING}
"""What a caller must hold for the jobs of `lockstep-evaluate.yml` to have theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What differs between the repositories these workflows are written into."""

    action: str
    """`OWNER/REPO@<40 hex>`, or `./`."""
    branch: str
    """The default branch."""
    identity: Identity
    extras: tuple[str, ...] = ()
    """Libraries that load models, or read data from elsewhere."""

    @property
    def filter(self) -> str:
        """The default branch as the filter of an event, whose signs must not be taken for one."""
        return json.dumps(re.sub(r"[+!]", r"\\\g<0>", self.branch))

    def rights(self, needed: Mapping[str, str], indent: int = 4) -> str:
        """Write the permissions of a job whose writes are these.

        With an app the job's own token writes nothing: the app's does, and it is narrower.
        """
        if self.identity == "app":
            needed = {name: "read" for name in needed if name == "contents"}
            if self.action != HERE:
                needed = {}
        return rights_of(needed, indent)

    def called(self) -> str:
        """Write the permissions and secrets of a job that calls the evaluation."""
        if self.identity == "token":
            return rights_of(CALLING, 4)
        return rights_of(READING, 4) + _INHERIT

    def zone(self, environment: str) -> str:
        """Name the environment of a job, without a deployment in the repository's history."""
        return f"    environment:\n      name: {environment}\n      deployment: false\n"

    def step(self, verb: str, *arguments: str, secret: bool = True, step_id: str = "") -> str:
        """Write the step that runs a verb; each argument stands on a line of its own."""
        lines = [f"      - uses: {self.action}"]
        lines += [f"        id: {step_id}"] if step_id else []
        lines += ["        with:", f"          verb: {verb}"]
        if arguments:
            lines += ["          arguments: |", *(f"            {one}" for one in arguments)]
        if self.extras:
            lines.append(f"          extras: {' '.join(self.extras)}")
        if self.identity == "token" or not secret:
            lines.append("          token: ${{ github.token }}")
        else:
            lines.append("          app-id: ${{ vars.LOCKSTEP_APP_ID }}")
            lines.append("          private-key: ${{ secrets.LOCKSTEP_APP_PRIVATE_KEY }}")
        return self._checkout() + "\n".join(lines) + "\n"

    def _checkout(self) -> str:
        if self.action != HERE:
            return ""
        return f"""\
      - uses: {CHECKOUT}
        with:
          ref: ${{{{ github.event.repository.default_branch }}}}
          persist-credentials: false
"""


_INHERIT = """\
    # A called workflow sees the secrets of its own environments only when its caller inherits.
    # The one secret it names is LOCKSTEP_APP_PRIVATE_KEY, and never in the job that runs a model.
    secrets: inherit # zizmor: ignore[secrets-inherit]
"""


def rights_of(needed: Mapping[str, str], indent: int) -> str:
    """Write the permissions of a job, all others being none."""
    space = " " * indent
    if not needed:
        return f"{space}permissions: {{}}\n"
    lines = [f"{space}  {name}: {level}" for name, level in sorted(needed.items())]
    return "\n".join([f"{space}permissions:", *lines]) + "\n"


def ping(setting: Setting) -> str:
    """Raise an event and do nothing; its file comes from the pull request, so it may do nothing."""
    del setting
    return """\
# Raises the event that lockstep.yml waits for.
# A pull request can change this file, so that it holds nothing and may do nothing.
# There is no `paths:`: a required status that was skipped by a path waits for ever.
name: lockstep-ping
on:
  pull_request:
    types: [opened, synchronize, reopened, ready_for_review, converted_to_draft, edited]
  pull_request_review:
    types: [submitted, dismissed]
  merge_group:
    types: [checks_requested]
permissions: {}
cache-mode: none
jobs:
  ping:
    # An edit matters only when it names another base.
    if: github.event.action != 'edited' || github.event.changes.base
    runs-on: ubuntu-24.04
    timeout-minutes: 2
    steps:
      - run: "true"
"""


def main_entry(setting: Setting) -> str:
    """Evaluate the pull request, or the group of the merge queue, that a ping was for."""
    return f"""\
# Judges a pull request.  This file and all code come from the default branch.
name: lockstep
on:
  # The ping runs what a pull request wrote; nothing of its run is read but the commit it was for.
  workflow_run: # zizmor: ignore[dangerous-triggers]
    workflows: [lockstep-ping]
    types: [completed]
  workflow_dispatch:
    inputs:
      number:
        description: Number of the pull request
        type: number
        required: true
permissions: {{}}
cache-mode: none
# Nothing is cancelled half-way; who waits here finds the work done and ends after one question.
concurrency:
  group: lockstep-${{{{ github.event.workflow_run.head_sha || inputs.number }}}}
  cancel-in-progress: false
  queue: max
jobs:
  evaluate:
    # A ping of a fork that nobody approved yet has completed as well, as `action_required`.
    if: >-
      github.event_name == 'workflow_dispatch' ||
      (github.event.workflow_run.conclusion == 'success' &&
      contains(fromJSON('["pull_request", "pull_request_review", "merge_group"]'),
      github.event.workflow_run.event))
    uses: ./.github/workflows/lockstep-evaluate.yml
    with:
      number: ${{{{ format('{{0}}', inputs.number) }}}}
      head: ${{{{ github.event.workflow_run.head_sha || '' }}}}
      group: >-
        ${{{{ github.event.workflow_run.event == 'merge_group' &&
        format('refs/heads/{{0}}', github.event.workflow_run.head_branch) || '' }}}}
{setting.called()}"""


_INPUTS = """\
    inputs:
      number:
        description: Number of the pull request, where the head is not named
        type: string
        default: ""
      head:
        description: The commit to judge
        type: string
        default: ""
      group:
        description: Branch of the merge queue, where its group is judged
        type: string
        default: ""
"""
_SUBJECT = (
    "${{ inputs.group && format('--group={0}@{1}', inputs.group, inputs.head)"
    " || inputs.head && format('--head={0}', inputs.head) || inputs.number }}"
)
_NAMED = "${{ inputs.head || inputs.number }}"


def evaluation(setting: Setting) -> str:
    """Run the three zones after each other."""
    return f"""\
# The three zones of an evaluation; docs/security.md of Lockstep says what each may and may not.
name: lockstep-evaluate
on:
  workflow_call:
{_INPUTS}permissions: {{}}
cache-mode: none
jobs:
  # Zone 1 meets the untrusted model: no secret, no right to write, no cache, nothing to steal.
  predict:
{rights_of(READING, 4)}    runs-on: ubuntu-24.04
    timeout-minutes: 30
    steps:
{setting.step("predict", _SUBJECT, "--out=${{ runner.temp }}/bundle", secret=False)}\
      - uses: {UPLOAD}
        with:
          name: lockstep-bundle-{_NAMED}
          path: ${{{{ runner.temp }}}}/bundle
          if-no-files-found: error
          retention-days: 7
          overwrite: true

  # Zone 2 takes numbers from zone 1, checks them, computes every verdict itself, and says it.
  # It runs whatever became of zone 1: a required status must never stay silent.
  judge:
    needs: predict
    if: always()
{setting.zone(JUDGING)}{setting.rights(SAYING)}    runs-on: ubuntu-24.04
    timeout-minutes: 20
    outputs:
      act: ${{{{ steps.judge.outputs.act }}}}
      digest: ${{{{ steps.judge.outputs.digest }}}}
    steps:
{
        setting.step(
            "judge",
            _SUBJECT,
            "--run=${{ github.run_id }}",
            "--out=${{ runner.temp }}/decision",
            step_id="judge",
        )
    }\
      - if: steps.judge.outputs.act == 'true'
        uses: {UPLOAD}
        with:
          name: lockstep-decision-{_NAMED}
          path: ${{{{ runner.temp }}}}/decision
          if-no-files-found: error
          retention-days: 7
          overwrite: true

  # Zone 3 writes: the record, the green status, the merge.  The digest of what zone 2 decided
  # crosses as the output of a trusted job.
  land:
    needs: judge
    if: always() && needs.judge.result == 'success' && needs.judge.outputs.act == 'true'
{setting.zone(LANDING)}{setting.rights(WRITING)}    runs-on: ubuntu-24.04
    timeout-minutes: 10
    concurrency:
      group: lockstep-land
      cancel-in-progress: false
      queue: max
    steps:
      - uses: {DOWNLOAD}
        with:
          name: lockstep-decision-{_NAMED}
          path: ${{{{ runner.temp }}}}/decision
{
        setting.step(
            "land",
            "--decision=${{ runner.temp }}/decision",
            "--digest=${{ needs.judge.outputs.digest }}",
        )
    }"""
