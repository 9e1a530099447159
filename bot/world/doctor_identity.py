"""Checks of who the bot is on GitHub, and of what it may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.errors import Refusal
from bot.world.doctor_diagnosis import Diagnosis, fine, unknown, warning, wrong
from bot.world.github_zones import RANKS, Zone, missing, needed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.world.doctor_app import Speaker
    from bot.world.github_app import Installation, Installed

EXPECTED: Mapping[str, str] = {
    **needed(),
    "administration": "read",
    "environments": "read",
    "secrets": "read",
}
"""What an app of Lockstep's may be granted; the last three are for the doctor alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFacts:
    """Who the bot is."""

    speaker: Speaker
    """Who the bot is said to be."""
    installed: Installed | None
    """The installation, where the app's key is here to ask."""
    refusal: Refusal | None = None
    """Why there is none, although the key is here."""


def read_identity(installation: Installation | None, speaker: Speaker) -> IdentityFacts:
    """Ask for the app's installation.

    Args:
        installation: The app, where this run has its key.
        speaker: Who the bot is said to be.
    """
    if installation is None:
        return IdentityFacts(speaker=speaker, installed=None)
    try:
        installed = installation.installed
    except Refusal as refusal:
        return IdentityFacts(speaker=speaker, installed=None, refusal=refusal)
    return IdentityFacts(speaker=speaker, installed=installed)


def diagnose_identity(facts: IdentityFacts) -> Iterator[Diagnosis]:
    """Check that the bot is an app, with the rights it needs and no others."""
    if facts.refusal is not None:
        problem = facts.refusal.problems[0]
        yield wrong("app", problem.what, problem.remedy)
        return
    installed = facts.installed
    if installed is None:
        yield _elsewhere(facts.speaker)
        return
    if installed.suspended:
        what = f"the app {installed.slug} is suspended here"
        yield wrong("app", what, "an owner lifts that on the installation's page")
    else:
        yield fine("app", f"the bot is the app {installed.slug} ({installed.app_id})")
    if installed.every_repository:
        what = f"{installed.slug} is installed on every repository of the owner"
        yield warning("app-scope", what, "choose `Only select repositories` for the installation")
    else:
        yield fine("app-scope", "it is installed on selected repositories only")
    yield from _rights(installed.permissions)


def _elsewhere(speaker: Speaker) -> Diagnosis:
    if speaker.app is not None:
        taken = f"the bot is taken to be app {speaker.app}, {speaker.told_by}; "
        what = (
            f"{taken if speaker.told_by else ''}the rights of app {speaker.app} were not looked "
            "at: its key is not here"
        )
        remedy = "run the doctor where LOCKSTEP_APP_PRIVATE_KEY is set"
        if speaker.told_by:
            remedy = f"name the app if it is another: --app ID; {remedy}"
        return unknown("app", what, remedy)
    if speaker.identity == "app":
        what = "the workflows speak as an app, and nothing here says which"
        remedy = "name it: --app ID, the App ID on the app's page; --fix makes no rules before that"
        return warning("app", what, remedy)
    what = (
        "no app is named; a bot that speaks by a workflow's own token can be imitated by any "
        "other workflow, and what it merges starts no other workflow"
    )
    return warning("app", what, "make an app, docs/github.md; or name it with --app ID")


def _rights(given: Mapping[str, str]) -> Iterator[Diagnosis]:
    unable: dict[str, list[str]] = {}
    for zone in Zone:
        lacking = missing(zone.permissions, given)
        if lacking and not zone.optional:
            unable.setdefault(shown(lacking), []).append(f"`{zone.value}`")
    for rights, verbs in unable.items():
        what = f"{', '.join(verbs)} cannot work: the app lacks {rights}"
        remedy = "add that under Permissions on the app's page, and accept it for the installation"
        yield wrong("app-rights", what, remedy)
    excess = {
        name: level
        for name, level in given.items()
        if RANKS.get(level, 3) > RANKS.get(EXPECTED.get(name), 0)
    }
    if excess:
        what = f"the app has rights that no verb uses: {shown(excess)}"
        yield warning("app-rights", what, "take them away on the app's page")
    if not unable and not excess:
        yield fine("app-rights", "every verb has its rights, and no others are given")


def diagnose_role(permissions: Mapping[str, bool] | None) -> Diagnosis:
    """Say whether the token of this run may see the settings."""
    if permissions is None or permissions.get("admin"):
        return fine("token-role", "this run's token may look at the repository")
    held = [name for name in ("maintain", "push", "triage", "pull") if permissions.get(name)]
    what = f"this run's token is no administrator's ({(held or ['none'])[0]}); some settings hide"
    return unknown("token-role", what, "run the doctor with an administrator's token to see all")
