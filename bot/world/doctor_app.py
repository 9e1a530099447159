"""Which app speaks for the bot: told by the rules of the branch, and to the workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.report.status import context
from bot.world.doctor_diagnosis import fine, unknown, wrong
from bot.world.doctor_ruleset import ACTIONS_APP, NAME, WRITER_NAME
from bot.world.github_settings import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.world.doctor_diagnosis import Diagnosis
    from bot.world.doctor_rules import BranchRules
    from bot.world.github_workflows import Identity

VARIABLE = "LOCKSTEP_APP_ID"
EVALUATION = "lockstep-evaluate.yml"

Variables = Mapping[str, str] | Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who writes to GitHub for the bot."""

    identity: Identity
    app: int | None = None
    """The app's id; None when nobody named it, or when there is no app."""
    told_by: str = ""
    """What names the app where neither a key nor a person does."""


def written_for(workflows: Mapping[str, str]) -> Identity | None:
    """Say who the workflows let speak; None when they are not there."""
    ours = {path.rsplit("/", 1)[1]: text for path, text in workflows.items()}
    if any(VARIABLE in text for name, text in ours.items() if name.startswith("lockstep")):
        return "app"
    return "token" if EVALUATION in ours else None


def named_by(rules: BranchRules | Unseen, branch: str) -> Speaker | None:
    """Read the app off the rules: whose status counts, else whom a ruleset of ours lets past."""
    if isinstance(rules, Unseen):
        return None
    name = context(branch)
    for required, app in rules.checks:
        if required.casefold() == name.casefold() and app not in {None, ACTIONS_APP}:
            return Speaker(identity="app", app=app, told_by=f"as the source of `{name}` says")
    for one in rules.bypass:
        if one.actor == "Integration" and one.id and one.ruleset in {NAME, WRITER_NAME}:
            return Speaker(identity="app", app=one.id, told_by=f"as {one.ruleset!r} lets it past")
    return None


def variables_in(
    environment: str, ask: Callable[[str], Variables], *, organization: bool
) -> tuple[Variables, ...]:
    """Ask for the variables its jobs see, the narrower ones first, until one names the app."""
    paths = [f"/environments/{quote(environment, safe='')}/variables", "/actions/variables"]
    if organization:
        paths.append("/actions/organization-variables")
    found: list[Variables] = []
    for path in paths:
        found.append(ask(path))
        if isinstance(found[-1], Unseen) or VARIABLE in found[-1]:
            break
    return tuple(found)


def diagnose_variable(environment: str, places: Sequence[Variables], app: int | None) -> Diagnosis:
    """Check that a job in an environment is told which app it speaks as.

    Args:
        environment: Its name.
        places: The variables its jobs see, the narrower ones first.
        app: The app's id, where it is known.
    """
    told = ""
    for place in places:
        if isinstance(place, Unseen):
            what = f"the variables that jobs of {environment!r} see are hidden: {place.because}"
            return unknown("environment-app", what, f"look for {VARIABLE} there")
        told = told or place.get(VARIABLE, "").strip()
    remedy = f"gh variable set {VARIABLE} --env {environment} --body {app or 'ID'}"
    if not told:
        what = f"{environment!r} has no variable {VARIABLE}, so that its jobs have no app"
        return wrong("environment-app", what, remedy)
    # A client id names the app as well; which one cannot be told from it.
    if app is not None and told.isdigit() and int(told) != app:
        what = f"{VARIABLE} of {environment!r} is {told[:20]}, and the bot is app {app}"
        return wrong("environment-app", what, remedy)
    return fine("environment-app", f"{environment!r} names the app")
