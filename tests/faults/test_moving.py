"""Head, policy or champion move at every call of a flow that merges: nothing stale stays unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Stop
from bot.core.lockfile import dump
from tests.faults.flows import FLOWS, credit, guard
from tests.faults.line import Call, Line, listening
from tests.faults.matrix import WHOLE, prepared, undisturbed
from tests.faults.scene import POLICY, Scene, serving
from tests.faults.standing import counted, merged_as_judged, stale, told_once
from tests.forges.server import plumbing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.flows import Flow

MERGING = [flow for flow in FLOWS if flow.name in ("merge", "judge and land", "override")]
MOVES = ("head", "policy", "champion", "draft", "closed")


def build(scene: Scene) -> None:
    """Prepare what moves, so that moving is a moment's work."""
    strict = POLICY.format(model="credit", merge="auto").replace("[code]", "[code, data]")
    scene.push("next-policy", {"policies/credit.yaml": strict})
    both = {"credit": serving("1", "3"), "fraud": serving("1")}
    scene.push("next-champion", {"models.lock": dump(both).decode()})
    scene.push("next-head", credit("1", "2", "4"), start="credit-2")


def move(scene: Scene, what: str) -> None:
    """Let something move, unless it has."""
    if what == "draft":
        scene.pull.draft = True
    elif what == "closed":
        if scene.pull.merged_as is None:
            scene.pull.open = False
    else:
        places = ["refs/heads/credit-2"] if what == "head" else ["refs/heads/main"]
        for place in places:
            plumbing.say(scene.hosted.path, "update-ref", place, f"refs/heads/next-{what}")


@pytest.mark.slow
@pytest.mark.parametrize("what", MOVES)
@pytest.mark.parametrize("flow", MERGING, ids=lambda flow: flow.name)
def test_what_moves_meanwhile_is_judged_anew_or_told_of(
    flow: Flow, what: str, tmp_path: Path
) -> None:
    wrong = []
    with prepared(flow, tmp_path, build) as scene:
        calls = undisturbed(scene, flow)
        for at in range(MOVES.index(what) % 3, len(calls), 1 if WHOLE else 3):
            scene.back()

            def strike(call: Call) -> object:
                move(scene, what)
                return call.make()

            line = Line(at=at, strike=strike)
            with listening(line):
                try:
                    flow.run(scene, scene.bot(line))
                    flow.run(scene, scene.bot(Line()))
                    guard(scene, scene.bot(Line()))
                except Stop as stop:
                    wrong += [f"{at} {calls[at].name}: {stop}"] if "Incident" in str(stop) else []
                guard(scene, scene.bot(Line()))
            seen = [*stale(scene), *merged_as_judged(scene), *told_once(scene)]
            seen += ["merged twice"] if counted(scene)["merges"] > 1 else []
            wrong += [f"{at} {calls[at].name}: {one}" for one in seen]

    assert wrong == []
