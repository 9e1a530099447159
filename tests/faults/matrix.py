"""The matrix: every position of every flow, times everything that can go wrong there."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.errors import Stop
from tests.faults.line import Killed, Line, listening
from tests.faults.scene import Scene
from tests.faults.standing import complaints
from tests.faults.troubles import KINDS, TROUBLES
from tests.forges.server.web import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.flows import Flow
    from tests.faults.line import Call
    from tests.faults.troubles import Trouble

WHOLE = os.environ.get("LOCKSTEP_FAULTS") == "all"
"""Whether the whole product is run, as `make faults` does."""
EACH = 1
"""Kinds of trouble that a position meets otherwise, in turn."""


@dataclass
class Played:
    """What became of some cells of the matrix."""

    flow: str
    positions: list[str]
    cells: Counter[str] = field(default_factory=Counter)
    """Runs by kind."""
    wrong: list[str] = field(default_factory=list)

    @property
    def runs(self) -> int:
        return self.cells.total()


class QuietServer(Server):
    """A server that does not print that a bot hung up, which here it does on purpose."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def prepared(
    flow: Flow, folder: Path, further: Callable[[Scene], None] = lambda _: None
) -> Iterator[Scene]:
    """Set up a flow's scene and remember it."""
    with QuietServer(folder / "server") as server:
        scene = Scene.begins(folder, server)
        flow.prepare(scene)
        further(scene)
        scene.keep()
        yield scene


def undisturbed(scene: Scene, flow: Flow) -> list[Call]:
    """Run a flow with nothing going wrong; return its calls."""
    scene.back()
    line = Line()
    with listening(line):
        flow.run(scene, scene.bot(line))
    wrong = complaints(scene, flow)
    assert wrong == [], wrong
    return line.calls


def chosen(kind: str, at: int) -> bool:
    """Tell whether a kind is this position's turn; all are when the whole product is run."""
    return WHOLE or (KINDS.index(kind) - EACH * at) % len(KINDS) < EACH


def play(scene: Scene, flow: Flow, kind: str) -> Played:
    """Let every trouble of a kind happen at every position of a flow, one at a time."""
    played = Played(flow.name, [call.name for call in undisturbed(scene, flow)])
    troubles = [one for one in TROUBLES if one.kind == kind]
    for at in range(len(played.positions)):
        if not chosen(kind, at):
            continue
        # In a part of the product the troubles of a kind take turns as well.
        turn = troubles if WHOLE else _turned(troubles, at)
        left = len(troubles) if WHOLE else 1
        for trouble in turn:
            if not left:
                break
            happened = struck(scene, flow, at, trouble)
            if happened is None:
                continue
            left -= 1
            played.cells[kind] += 1
            played.wrong += [f"{flow.name} {at} {played.positions[at]}: {trouble.name}: {one}"
                             for one in happened]  # fmt: skip
    return played


def _turned(troubles: list[Trouble], at: int) -> list[Trouble]:
    start = at % len(troubles)
    return troubles[start:] + troubles[:start]


def struck(scene: Scene, flow: Flow, at: int, trouble: Trouble) -> list[str] | None:
    """Let one trouble happen at one position, carry on undisturbed, and say what is wrong.

    Returns:
        None when the trouble does not suit the call.
    """
    scene.back()
    line = Line(at=at)
    suited = True

    def second() -> None:
        with line.silent():
            flow.run(scene, scene.bot(Line()))

    def strike(call: Call) -> object:
        nonlocal suited
        suited = trouble.suits(call)
        return trouble.strike(scene, call) if suited else call.make()

    line.strike = strike
    scene.meanwhile = second
    with listening(line):
        try:
            flow.run(scene, scene.bot(line))
        except (Stop, Killed):
            pass
        except Exception as error:  # noqa: BLE001 -- what must not happen is what is looked for
            return [f"a traceback: {type(error).__name__}: {str(error)[:200]}"] if suited else None
    if not suited:
        return None
    scene.server.trouble({})
    with listening(Line()):
        (flow.again or flow.run)(scene, scene.bot(Line()))
    return complaints(scene, flow, trouble.name)
