"""The flows whose every call goes wrong once, and what must be true when they have ended.

Each says how its scene begins, what an event makes the bot do, and how everything must stand
after it was done undisturbed at last, whatever happened before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from bot.cli.evaluate import carry
from bot.core.errors import Incident
from bot.core.event import CommentCreated
from bot.core.handover import digest_of, read
from bot.core.lockfile import dump
from bot.core.proposal import Request
from bot.flow import handle
from bot.world.commanding import carry_command
from bot.world.guard import Guard
from bot.world.landing import land
from bot.world.sweep import planned
from bot.world.sweep_reasons import CUT_SHORT
from bot.world.zones import Judging
from tests.faults.line import Line
from tests.faults.scene import POLICY, Near, Scene, serving
from tests.forges.server import plumbing
from tests.forges.server.storage import put

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.core.lock import Model
    from bot.world.here import Hosted as World
    from tests.faults.line import MortalRepository

RUN = 7


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One event, from its arrival to its effects."""

    name: str
    prepare: Callable[[Scene], None]
    run: Callable[[Scene, World], object]
    again: Callable[[Scene, World], object] | None = None
    """What comes by later, such as the sweep; the same event again by default."""
    state: str = "success"
    """What the status of the head says in the end."""
    reports: int | None = 1
    """None where the flow has no say in it."""
    merges: int = 0
    records: int = 0
    """Records of the request on the audit branch."""
    seals: int = 0
    orders: int = 0
    issues: int = 0
    reverts: int = 0
    otherwise: Mapping[str, Any] = field(default_factory=dict)
    """What else may stand at the end, where a fault takes the flow another way."""
    only_after: frozenset[str] = frozenset()
    """Names of the troubles after which it may; empty for all."""


def credit(*versions: str, code: bool = True) -> dict[str, str]:
    """Write a lock in which credit's last version serves, with or without its code."""
    model = serving(*versions) if code else serving(*versions, code=None)
    return lock(credit=model)


def lock(**models: Model) -> dict[str, str]:
    begun = {"credit": serving("1"), "fraud": serving("1")}
    return {"models.lock": dump({**begun, **models}).decode()}


def waits(scene: Scene) -> None:
    """A request that passes and waits for a review."""
    scene.number = scene.proposes("fraud-2", lock(fraud=serving("1", "2")))


def fails(scene: Scene) -> None:
    scene.number = scene.proposes("credit-2", credit("1", "2", code=False))


def passes(scene: Scene) -> None:
    scene.number = scene.proposes("credit-2", credit("1", "2"))


def other(scene: Scene) -> None:
    scene.number = scene.proposes("words", {"README.md": "words"})


def was_reported(scene: Scene) -> None:
    """A request whose report speaks of a head that is no more."""
    waits(scene)
    judged(scene)
    scene.push("fraud-2", lock(fraud=serving("1", "2", "3")), start="fraud-2")


def judged(scene: Scene) -> None:
    """Let the bot carry the request, undisturbed."""
    carry(scene.number, scene.bot(Line()))


def evaluate(scene: Scene, world: World) -> None:
    carry(scene.number, world)


def comments(text: str, prepare: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """A judged request on which ben gives a command."""

    def prepared(scene: Scene) -> None:
        prepare(scene)
        judged(scene)
        said = scene.says("ben", text)
        scene.event = CommentCreated(
            number=scene.number,
            comment=said,
            author="ben",
            by_bot=False,
            body=text,
            url="https://x",
        )

    return prepared


def command(scene: Scene, world: World) -> None:
    """Carry the command and judge when that is due, or when it was due and got lost."""
    done = carry_command(scene.event, world.forge, world.repository)
    if done.evaluate:
        carry(done.number, world)


def and_a_sweep(scene: Scene, world: World) -> None:
    command(scene, world)
    sweep(scene, world)


def tagged(scene: Scene) -> None:
    """Somebody pushes a lock by hand, after Lockstep began."""
    passes(scene)
    judged(scene)
    scene.push("by-hand", lock(credit=serving("1", "2"), fraud=serving("1", "3")))
    scene.git("push", "-q", "origin", "by-hand:main")


def guard(_: Scene, world: World) -> None:
    Guard(world.forge, world.repository, "main").walk()


def two_wait(scene: Scene) -> None:
    passes(scene)
    scene.proposes("credit-3", credit("1", "3", code=False))


def sweep(scene: Scene, world: World) -> None:
    """Do as `lockstep sweep --act`, when a run that was cut short has had its time."""
    guard(scene, world)
    now = datetime.fromisoformat(scene.server.state.now()) + CUT_SHORT
    for due in planned(world.forge, world.repository, "main", now=now).due:
        carry(due.number, world)


def in_zones(scene: Scene) -> None:
    passes(scene)
    put(scene.server.state, scene.hosted, RUN, "bundle", b"PK\x05\x06" + bytes(18))


def judge_and_land(scene: Scene, world: World) -> None:
    """Do as the two jobs: the decision crosses as bytes with their digest."""
    github = cast("Near", world.forge)
    # No model runs here; the bundle is fetched all the same, as it is where one does.
    (kept,) = github.artifacts(RUN, "bundle")
    github.artifact_zip(kept.id, most=1_000)
    judging = Judging(world, dict)
    handle(Request(number=scene.number), judging)
    if judging.handed is not None:
        text = judging.handed.bytes
        second = scene.bot(cast("MortalRepository", world.repository).line)
        land(read(text, digest_of(text)), second)


class Meddled(Near):
    """GitHub on which somebody changes a policy in the last instant before the first merge."""

    def merge(self, number: int, *, sha: str, **how: Any) -> str:
        start = plumbing.branch(self.place, "start")
        if plumbing.branch(self.place, "main") == start:
            plumbing.say(self.place, "update-ref", "refs/heads/main", "refs/heads/meddled")
        return super().merge(number, sha=sha, **how)


def meddled(scene: Scene) -> None:
    scene.push("start", {})
    scene.git("push", "-q", "origin", "start:main")
    again = POLICY.format(model="credit", merge="auto") + "# Looked at again.\n"
    scene.push("meddled", {"policies/credit.yaml": again})
    passes(scene)


def incident(scene: Scene, world: World) -> None:
    world.forge.__class__ = Meddled
    try:
        carry(scene.number, world)
    except Incident:
        return


def incident_and_guard(scene: Scene, world: World) -> None:
    incident(scene, world)
    guard(scene, world)


FLOWS = (
    Flow(name="report", prepare=waits, run=evaluate, records=1),
    Flow(name="refuse", prepare=fails, run=evaluate, records=1, state="failure"),
    Flow(name="merge", prepare=passes, run=evaluate, merges=1, records=1, seals=1),
    Flow(name="nothing", prepare=other, run=evaluate, reports=0),
    Flow(name="stale report", prepare=was_reported, run=evaluate, records=2),
    Flow(name="hold", prepare=comments("/lockstep hold quarter end", waits), run=command,
         again=and_a_sweep, records=2, orders=1, state="pending"),
    Flow(name="override", run=command, again=and_a_sweep,
         prepare=comments('/lockstep override --gate lineage --reason "known"', fails),
         merges=1, records=2, seals=1, orders=1,
         # An override needs a report and a known pusher; without, the asker is answered.
         otherwise={"reports": None, "state": "failure", "merges": 0, "records": 1, "seals": 0,
                    "orders": 0, "answers": 1},
         only_after=frozenset({"404", "our comments deleted"})),
    Flow(name="guard", prepare=tagged, run=guard, merges=1, records=1, seals=1, issues=1,
         reverts=1, reports=None),
    Flow(name="sweep", prepare=two_wait, run=sweep, merges=1, records=1, seals=1),
    Flow(name="judge and land", prepare=in_zones, run=judge_and_land, merges=1, records=1, seals=1),
    Flow(name="incident", prepare=meddled, run=incident, again=incident_and_guard, merges=1,
         records=1, seals=1, issues=1, reverts=1,
         # Cut short before the merge, it is judged again on what was pushed meanwhile.
         otherwise={"records": 2, "issues": 0, "reverts": 0}),
)  # fmt: skip
