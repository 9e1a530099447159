"""The text of the workflows around an evaluation: commands, the default branch, the sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.world.github_workflows import DAILY, JUDGING, READING, WRITING, rights_of

if TYPE_CHECKING:
    from bot.world.github_workflows import Setting


def commands(setting: Setting) -> str:
    """Carry what somebody ordered by a comment, then evaluate if that may change the decision."""
    return f"""\
# Carries commands: `/lockstep status`, `hold`, `release`, `merge`, `override`, `evaluate`.
name: lockstep-commands
on:
  # A comment is text and nothing else: no code of a pull request is checked out or run for it.
  issue_comment: # zizmor: ignore[dangerous-triggers]
    types: [created]
permissions: {{}}
cache-mode: none
jobs:
  command:
    # Only saves runs; who may order what is decided from the comment's text and GitHub's roles.
    if: >-
      github.event.issue.pull_request && github.event.comment.user.type == 'User' &&
      contains(github.event.comment.body, '/lockstep')
{setting.zone(JUDGING)}{setting.rights(WRITING)}    runs-on: ubuntu-24.04
    timeout-minutes: 5
    concurrency:
      group: lockstep-command-${{{{ github.event.issue.number }}}}
      cancel-in-progress: false
      queue: max
    outputs:
      evaluate: ${{{{ steps.command.outputs.evaluate }}}}
      number: ${{{{ steps.command.outputs.number }}}}
      head: ${{{{ steps.command.outputs.head }}}}
    steps:
{setting.step("command", step_id="command")}
  evaluate:
    needs: command
    if: needs.command.outputs.evaluate == 'true'
    concurrency:
      group: lockstep-${{{{ needs.command.outputs.head || needs.command.outputs.number }}}}
      cancel-in-progress: false
      queue: max
    uses: ./.github/workflows/lockstep-evaluate.yml
    with:
      number: ${{{{ needs.command.outputs.number }}}}
      head: ${{{{ needs.command.outputs.head }}}}
{setting.called()}"""


def guard(setting: Setting) -> str:
    """Guard what lands on the default branch, then look at who rested on what was there."""
    return f"""\
# Guards the default branch: a commit that changed the lock has a record, or turns red.
# There is no `paths:`: GitHub looks at the first 300 files of a push only.
name: lockstep-main
on:
  push:
    branches: [{setting.filter}]
permissions: {{}}
cache-mode: none
jobs:
  guard:
{setting.zone(JUDGING)}{setting.rights(WRITING)}    runs-on: ubuntu-24.04
    timeout-minutes: 10
    concurrency:
      group: lockstep-main
      cancel-in-progress: false
      queue: max
    steps:
{setting.step("guard")}
  # The base moved: what rested on the old one is judged again now, not at the next sweep.
  sweep:
    needs: guard
    if: always()
    uses: ./.github/workflows/lockstep-sweep.yml
{setting.called()}"""


def sweep(setting: Setting) -> str:
    """Find what events missed, and once a day what nobody asked about."""
    return f"""\
# Finds what events missed, every half an hour; once a day, that a rollback would still work.
name: lockstep-sweep
on:
  schedule:
    - cron: "11,41 * * * *"
    - cron: "{DAILY}"
  workflow_dispatch:
  workflow_call:
permissions: {{}}
cache-mode: none
jobs:
  sweep:
    if: github.event.schedule != '{DAILY}'
{setting.zone(JUDGING)}{setting.rights(WRITING)}    runs-on: ubuntu-24.04
    timeout-minutes: 15
    # The newest that waits replaces the one before: it finds whatever that would have found.
    concurrency:
      group: lockstep-sweep
      cancel-in-progress: false
    outputs:
      plan: ${{{{ steps.sweep.outputs.plan }}}}
    steps:
{setting.step("sweep", "--json", step_id="sweep")}
  evaluate:
    needs: sweep
    if: needs.sweep.outputs.plan && needs.sweep.outputs.plan != '[]'
    strategy:
      fail-fast: false
      max-parallel: 4
      matrix:
        request: ${{{{ fromJSON(needs.sweep.outputs.plan) }}}}
    concurrency:
      group: lockstep-${{{{ matrix.request.head }}}}
      cancel-in-progress: false
      queue: max
    uses: ./.github/workflows/lockstep-evaluate.yml
    with:
      number: ${{{{ format('{{0}}', matrix.request.number) }}}}
      head: ${{{{ matrix.request.head }}}}
{setting.called()}
  # Loads models, so that it holds no secret; what it may not see it says it does not know.
  watch:
    if: github.event.schedule == '{DAILY}' || github.event_name == 'workflow_dispatch'
{rights_of(READING, 4)}    runs-on: ubuntu-24.04
    timeout-minutes: 30
    steps:
{setting.step("doctor", "--drill", secret=False)}"""
