"""Killed at any effect, before or after it, and started again, a request converges."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.proposal import Request
from bot.flow import handle
from bot.world.here import Hosted
from bot.world.local_forge import LocalForge
from bot.world.repository import Repository
from tests.stories.workshop import Workshop

EFFECTS = ("comment", "edit_comment", "delete_comment", "set_status", "merge")


class Killed(BaseException):
    """The process ends here; nothing below may catch it."""


@dataclass
class Fate:
    """Counts effects and ends the process at one of them."""

    at: int
    after: bool
    seen: int = 0
    names: list[str] = field(default_factory=list)

    def strikes(self, name: str, effect: Any, *arguments: Any, **named: Any) -> Any:
        self.seen += 1
        self.names.append(name)
        if self.seen == self.at and not self.after:
            raise Killed(name)
        result = effect(*arguments, **named)
        if self.seen == self.at and self.after:
            raise Killed(name)
        return result


class MortalForge:
    """A forge whose every effect may be the last thing the process does."""

    def __init__(self, forge: LocalForge, fate: Fate) -> None:
        self._forge, self._fate = forge, fate

    def __getattr__(self, name: str) -> Any:
        effect = getattr(self._forge, name)
        if name not in EFFECTS:
            return effect
        return lambda *arguments, **named: self._fate.strikes(name, effect, *arguments, **named)


@dataclass(frozen=True, slots=True)
class MortalRepository(Repository):
    """A repository whose every push may be the last thing the process does."""

    fate: Fate = field(default_factory=lambda: Fate(0, after=False))

    def push(self, remote: str, oid: str, branch: str) -> bool:
        return self.fate.strikes("push", super(MortalRepository, self).push, remote, oid, branch)


@pytest.fixture
def judged_once(champion: Workshop) -> tuple[Workshop, int]:
    """A better challenger waits; its answers are known, so that each story is short."""
    number = champion.promote("2")
    world = replace(champion.world, dry_run=True)
    handle(Request(number=number), world)
    return champion, number


def test_killed_anywhere_a_request_converges_to_one_of_everything(
    judged_once: tuple[Workshop, int], copies: Any
) -> None:
    workshop, number = judged_once
    undisturbed = Fate(0, after=False)
    run_in_copy(workshop, number, copies(workshop.folder / "forge", "undisturbed"), undisturbed)
    assert undisturbed.names == ["comment", "push", "set_status", "merge", "push", "edit_comment"]

    for at in range(1, len(undisturbed.names) + 1):
        for after in (False, True):
            forge = copies(workshop.folder / "forge", f"killed-{at}-{after}")
            with pytest.raises(Killed):
                run_in_copy(workshop, number, forge, Fate(at, after=after))
            copy = run_in_copy(workshop, number, forge, Fate(0, after=False))
            run_in_copy(workshop, number, forge, Fate(0, after=False))

            assert_converged(copy, number, f"{undisturbed.names[at - 1]}, after={after}")


def run_in_copy(workshop: Workshop, number: int, folder: Path, fate: Fate) -> LocalForge:
    forge = LocalForge(folder)
    clone = MortalRepository(
        Repository.create(folder / "bot", forge.git_environment()).folder, {}, fate
    )
    world = Hosted(
        forge=MortalForge(forge, fate), repository=clone, cache=workshop.folder / "cache"
    )
    handle(Request(number=number), world)
    return forge


def assert_converged(forge: LocalForge, number: int, where: str) -> None:
    pull = forge.pull_request(number)
    bare = Repository(Path(forge.remote()))
    landed = bare.run("log", "--format=%s", "refs/heads/main").decode().splitlines()
    audit = [path for _, _, _, path in bare.tree(bare.commit("lockstep/audit"))]
    of_this = [
        path
        for path in audit
        if f'"number":{number}'.encode()
        in (bare.blob(bare.commit("lockstep/audit"), path, most=10**6) or b"").text
    ]
    status = forge.status(pull.head_sha, "lockstep/gate: main")
    reports = forge.reports(number, "<!-- lockstep:report:v1 ")
    assert pull.merged_as is not None, where
    assert len([line for line in landed if f"(#{number})" in line]) == 1, where
    assert len(reports) == 1, where
    assert pull.merged_as[:7] in reports[0].body, where
    assert status is not None, where
    assert status.state == "success", where
    assert len(of_this) == 1, where
    assert sum(path.startswith("seals/") for path in audit) == 2, where
