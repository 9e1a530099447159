"""What the end of a job's process means for the job: it is carried, tried again, or put aside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.errors import BUG, FAILED, INCONCLUSIVE, PASSED, Incident, Unavailable
from bot.serve.errands import evaluation, sweeping

if TYPE_CHECKING:
    from bot.serve.child import Ended
    from bot.serve.errands import Errand

MOST_TRIES = 8
"""Tries of a job while the world does not answer: about two hours."""
MOST_CRASHES = 3
"""Tries of a job that crashes, is refused or runs out of time."""
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 1800.0
WRONG_COMMAND = 2
VERDICTS = {PASSED: "passed", FAILED: "failed", INCONCLUSIVE: "inconclusive"}
REFUSED = range(10, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Done, whatever the verdict."""

    end: str
    """One word for the figures."""
    next: tuple[Errand, ...] = ()
    """What it found to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """To be tried again."""

    why: str
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Not to be tried again until a person looked."""

    why: str


Ending = Carried | Again | Aside


def ending_of(errand: Errand, ended: Ended, tried: int) -> Ending:
    """Read how a job ended.

    Args:
        errand: What was to be done.
        ended: Its process.
        tried: How often it was tried before.
    """
    if ended.timed_out:
        return _again("it ran out of time", tried, MOST_CRASHES)
    said = _said(ended.out)
    match errand.kind:
        case "evaluate" | "queue" if isinstance(said, dict) and said.get("exit_code") == ended.code:
            return Carried(end=_verdict(ended.code))
        case "sweep" if ended.code == PASSED:
            return Carried(end="done", next=_found(errand.repository, said))
        case "guard" if ended.code == PASSED:
            # The base moved: what was judged against the one before is looked at again.
            return Carried(end="done", next=(sweeping(errand.repository),))
        case "command" if ended.code == PASSED:
            number = errand.detail["number"]
            due = (evaluation(errand.repository, number),)
            return Carried(end="done", next=due if ended.outputs.get("evaluate") == "true" else ())
    return _failed(ended, tried)


def _failed(ended: Ended, tried: int) -> Ending:
    last = (ended.err.strip().splitlines() or [""])[-1]
    match ended.code:
        case Unavailable.exit_code:
            return _again(last or "the world did not answer", tried, MOST_TRIES)
        case Incident.exit_code:
            return Carried(end="incident")
        case code if code == WRONG_COMMAND:
            return Aside(why=last or "the command line is wrong")
        case code if code == BUG:
            return _again(ended.err.strip()[-1_500:], tried, MOST_CRASHES)
        case code if code < 0:
            return _again(f"it was ended by signal {-code}", tried, MOST_CRASHES)
        case code:
            return _again(f"exit code {code}: {last}", tried, MOST_CRASHES)


def _again(why: str, tried: int, most: int) -> Again | Aside:
    if tried + 1 >= most:
        return Aside(why=f"{why}; tried {tried + 1} times")
    return Again(why=why, after_s=min(FIRST_WAIT_S * 2.0**tried, LONGEST_WAIT_S))


def _verdict(code: int) -> str:
    return VERDICTS.get(code, "refused" if code in REFUSED else "errored")


def _said(out: str) -> Any:
    """Read the JSON a verb printed; None where there is none."""
    try:
        return json.loads(out)
    except (ValueError, RecursionError):
        return None


def _found(repository: str, said: Any) -> tuple[Errand, ...]:
    """Read the requests that a sweep wants judged."""
    plan = said.get("evaluate", []) if isinstance(said, dict) else said
    rows = plan if isinstance(plan, list) else []
    numbers = [row.get("number") if isinstance(row, dict) else row for row in rows]
    wanted = [one for one in numbers if isinstance(one, int) and not isinstance(one, bool)]
    return tuple(evaluation(repository, one) for one in wanted if one > 0)
