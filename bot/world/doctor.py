"""The doctor looks at everything a promotion rests on and says what is wrong, with the remedy.

It changes nothing.  Looking is split from judging: each `doctor_*` file turns plain facts into
diagnoses, and here the facts are fetched, theme by theme, so that one that cannot be had hides
no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.errors import Refusal, Unavailable
from bot.core.owners import LARGEST as LARGEST_OWNERS
from bot.core.owners import PLACES
from bot.core.record import BRANCH as AUDIT
from bot.world.doctor_actions import (
    ENVIRONMENTS,
    STALE,
    diagnose_actions,
    diagnose_environment,
    diagnose_key_scope,
    diagnose_run,
    read_actions,
    read_environment,
)
from bot.world.doctor_app import diagnose_variable, variables_in
from bot.world.doctor_audit import diagnose_records, stored
from bot.world.doctor_auditrules import diagnose_audit, diagnose_names
from bot.world.doctor_branch import diagnose_branch
from bot.world.doctor_checks import CHECKS, theme_of
from bot.world.doctor_diagnosis import Diagnosis, Theme, unknown
from bot.world.doctor_drill import diagnose_sandbox, diagnose_ways, walked, ways_back
from bot.world.doctor_files import diagnose_owners, diagnose_workflows
from bot.world.doctor_identity import diagnose_identity, diagnose_role, read_identity
from bot.world.doctor_policies import diagnose_rulebook
from bot.world.doctor_raising import known_rulesets
from bot.world.doctor_reach import (
    diagnose_hosts,
    diagnose_reach,
    hosts_of,
    named_in,
    reached,
)
from bot.world.doctor_scene import MOST_WORKFLOW, Scene
from bot.world.github_settings import Unseen
from bot.world.github_workflows import HERE
from bot.world.past import read_snapshots
from bot.world.perform_audit import AuditBranch

if TYPE_CHECKING:
    from bot.world.github_settings import Settings

ON_GITHUB = (
    Theme.IDENTITY,
    Theme.RULES,
    Theme.OWNERS,
    Theme.ENVIRONMENTS,
    Theme.ACTIONS,
    Theme.WORKFLOWS,
    Theme.RUNS,
)


Look = Callable[[Scene], Iterator[Diagnosis]]


def examine(scene: Scene, themes: frozenset[Theme] | None = None) -> tuple[Diagnosis, ...]:
    """Look at everything, or at some themes; what could not be looked at is said to be unknown."""
    found: list[Diagnosis] = []
    scene.look_anew()
    for theme, look in _LOOKS:
        if (themes and theme not in themes) or (theme in ON_GITHUB and scene.settings is None):
            continue
        scene.say(f"looking at: {theme.value.lower()}")
        try:
            found += look(scene)
        except Unavailable as unavailable:
            found.append(unknown(_first(theme), str(unavailable), "run again later"))
        except Refusal as refusal:
            problem = refusal.problems[0]
            place = f"{problem.file}: " if problem.file else ""
            found.append(unknown(_first(theme), f"{place}{problem.what}", problem.remedy))
    order = list(CHECKS)
    return tuple(sorted(found, key=lambda one: order.index(one.check)))


def _first(theme: Theme) -> str:
    return next(name for name in CHECKS if theme_of(name) is theme)


def _settings(scene: Scene) -> Settings:
    assert scene.settings is not None, "left out without them"  # noqa: S101 -- narrows a type
    return scene.settings


def _identity(scene: Scene) -> Iterator[Diagnosis]:
    yield from diagnose_identity(read_identity(scene.installation, scene.speaker))
    permissions = _settings(scene).repository.get("permissions")
    yield diagnose_role(None if scene.installation else permissions)


def _rules(scene: Scene) -> Iterator[Diagnosis]:
    settings = _settings(scene)
    rules, wanted = scene.rules(scene.branch), scene.wanted
    if not isinstance(rules, Unseen) and rules.queue is not None:
        wanted = replace(wanted, queued=True)
    yield from _named_first(scene, diagnose_branch(rules, wanted, known_rulesets(settings)))


def _named_first(scene: Scene, found: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """Make no rule for an app that is not known yet: it would keep that app out."""
    unnamed = scene.speaker.identity == "app" and scene.speaker.app is None
    yield from (replace(one, mends=()) if unnamed else one for one in found)


def _audit(scene: Scene) -> Iterator[Diagnosis]:
    if scene.settings is not None:
        known = known_rulesets(scene.settings)
        yield from _named_first(scene, diagnose_audit(scene.rules(AUDIT), scene.wanted, known))
    if scene.forge is None:
        return
    listed = scene.repository.run(
        "ls-remote", "--heads", "--end-of-options", scene.forge.remote(), remote=True
    )
    names = [line.split(b"\t", 1)[1] for line in listed.splitlines() if b"\t" in line]
    heads = [name.decode("utf-8", "replace").removeprefix("refs/heads/") for name in names]
    yield diagnose_names(heads)
    tip = AuditBranch(scene.forge, scene.repository).tip() if AUDIT in heads else None
    yield from diagnose_records(stored(scene.repository, tip) if tip else ())


def _owners(scene: Scene) -> Iterator[Diagnosis]:
    settings = _settings(scene)
    files = {path: text for path in PLACES if (text := scene.blob(path, LARGEST_OWNERS))}
    errors = settings.look("/codeowners/errors", ref=scene.branch) if files else {"errors": []}
    owner = settings.repository["owner"]
    mine = f"@{owner['login']}" if owner.get("type") == "User" else None
    found = errors if isinstance(errors, Unseen) else errors["errors"]
    yield from diagnose_owners(files, scene.book[2], found, mine)


def _environments(scene: Scene) -> Iterator[Diagnosis]:
    settings, app = _settings(scene), scene.speaker.identity == "app"
    for name in ENVIRONMENTS:
        facts = read_environment(settings, name)
        yield from diagnose_environment(facts, scene.branch, app=app)
        if app and not isinstance(facts.found, Unseen):
            owned = settings.repository["owner"].get("type") == "Organization"
            seen = variables_in(name, settings.variables, organization=owned)
            yield diagnose_variable(name, seen, scene.speaker.app)
    if app:
        yield diagnose_key_scope(settings.secrets_of(None))


def _actions(scene: Scene) -> Iterator[Diagnosis]:
    yield from diagnose_actions(read_actions(_settings(scene)), app=scene.speaker.identity == "app")


def _workflows(scene: Scene) -> Iterator[Diagnosis]:
    action = HERE if scene.blob("action.yml", MOST_WORKFLOW) else scene.action
    yield from diagnose_workflows(scene.workflows, scene.branch, action, scene.speaker)


def _runs(scene: Scene) -> Iterator[Diagnosis]:
    for check, name, longest in (
        ("sweep-run", "lockstep-sweep.yml", STALE),
        ("guard-run", "lockstep-main.yml", None),
    ):
        last = _settings(scene).last_success(name, scene.branch)
        yield diagnose_run(check, name, last, scene.now, longest)


def _policies(scene: Scene) -> Iterator[Diagnosis]:
    book, lock, _ = scene.book
    yield from diagnose_rulebook(book, lock, scene.now.date())


def _reach(scene: Scene) -> Iterator[Diagnosis]:
    named = named_in(scene.book[0])
    tried = tuple(reached(named, scene.store, scene.say, whole=scene.drill))
    yield from diagnose_reach(tried, whole=scene.drill)
    yield from diagnose_hosts(hosts_of(named), scene.access.reach.resolve)


def _sandbox(scene: Scene) -> Iterator[Diagnosis]:
    from bot.world.sandbox import probed

    yield from diagnose_sandbox(scene.book[0], probed())


def _way_back(scene: Scene) -> Iterator[Diagnosis]:
    book = scene.book[0]
    histories = read_snapshots(scene.repository, scene.tip, tuple(book.models)) if scene.tip else {}
    ways = ways_back(book, histories, deep=scene.drill)
    yield from diagnose_ways(ways, walked(ways, scene.store, scene.cache, scene.version, scene.say))


_LOOKS: tuple[tuple[Theme, Look], ...] = (
    (Theme.IDENTITY, _identity),
    (Theme.RULES, _rules),
    (Theme.AUDIT, _audit),
    (Theme.OWNERS, _owners),
    (Theme.ENVIRONMENTS, _environments),
    (Theme.ACTIONS, _actions),
    (Theme.WORKFLOWS, _workflows),
    (Theme.RUNS, _runs),
    (Theme.POLICIES, _policies),
    (Theme.REACH, _reach),
    (Theme.SANDBOX, _sandbox),
    (Theme.ROLLBACK, _way_back),
)
