"""Let models answer where nothing is trusted, and tell what came of it in numbers alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.evidence import Absent
from bot.core.questions import Answered, Loaded, Timed, Timings
from bot.world.answering import Finished, Straggler, answers, why_not
from bot.world.models import taking_part
from bot.world.predict import run_all, run_loading
from bot.world.timing import timed_turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.errors import Fault
    from bot.core.evidence import Need
    from bot.core.lock import Artifact
    from bot.core.policy import Dataset
    from bot.core.questions import Answers
    from bot.world.gathering import Gathering
    from bot.world.sandbox_features import Questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one question; exactly one of the first three, or nothing ran."""

    run: Finished | None = None
    timings: Timings | None = None
    lost: Straggler | None = None
    fault: Fault | None = None
    """Why nothing ran."""
    questions: Questions | None = None
    """In which order a run was asked which rows."""


def tell(needs: Iterable[Need[Any]], gathering: Gathering) -> dict[Need[Any], Told]:
    """Answer every question that a model has to run for; time models last and alone."""
    return _Telling(gathering).all(sorted(needs, key=_turn))


def _turn(need: Need[Any]) -> int:
    return (Answered, Loaded, Timed).index(type(need))


class _Telling:
    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._runs: dict[tuple[Artifact, Dataset], Told] = {}
        self._answers: dict[tuple[Artifact, Dataset], Answers] = {}

    def all(self, needs: Iterable[Need[Any]]) -> dict[Need[Any], Told]:
        found: dict[Need[Any], Told] = {}
        for need in needs:
            match need:
                case Answered():
                    found[need] = self._answered(need)
                case Loaded():
                    found[need] = self._loaded(need)
                case Timed():
                    found[need] = self._timed(need)
                case _:
                    raise TypeError(f"no model answers {type(need).__name__}")
        return found

    def _answered(self, need: Answered) -> Told:
        known = self._gathering
        known.say(f"asking the model {need.artifact.digest[7:19]}")
        local = known.runnable(need.artifact, need.artifacts)
        seen, features = known.seen(need.dataset), known.features(need.dataset)
        for missing in (local, seen, features):
            if isinstance(missing, Absent):
                return Told(fault=missing.fault)
        assert not isinstance(local, Absent)  # noqa: S101 -- looked at above, as are the next two
        assert not isinstance(seen, Absent)  # noqa: S101
        assert not isinstance(features, Absent)  # noqa: S101
        run = run_all(
            local.path, need.artifact, need.artifacts, need.sandbox, known.sandbox, features,
            seen.classes,
        )  # fmt: skip
        if isinstance(run, Absent):
            return Told(fault=run.fault)
        told = Told(run=run, questions=features.questions)
        self._runs[need.artifact, need.dataset] = told
        if why_not(run, need.sandbox, need.artifact.flavor) is None:
            given = answers(run, features.questions)
            if not isinstance(given, Absent):
                self._answers[need.artifact, need.dataset] = given
        return told

    def _loaded(self, need: Loaded) -> Told:
        for (artifact, dataset), told in self._runs.items():
            if artifact == need.artifact and need.dataset in (None, dataset):
                return Told(run=told.run)
        known = self._gathering
        known.say(f"loading the model {need.artifact.digest[7:19]}")
        local = known.runnable(need.artifact, need.artifacts)
        if isinstance(local, Absent):
            return Told(fault=local.fault)
        given = (local.path, need.artifact, need.artifacts, need.sandbox, known.sandbox)
        if need.dataset is None:
            run = run_loading(*given)
        else:
            features, seen = known.features(need.dataset), known.seen(need.dataset)
            if isinstance(features, Absent):
                return Told(fault=features.fault)
            if isinstance(seen, Absent):
                return Told(fault=seen.fault)
            run = run_loading(*given, features, seen.classes)
        return Told(fault=run.fault) if isinstance(run, Absent) else Told(run=run)

    def _timed(self, need: Timed) -> Told:
        known = self._gathering
        known.say(f"timing {need.requests} requests")
        features, seen = known.features(need.dataset), known.seen(need.dataset)
        if isinstance(features, Absent):
            return Told(fault=features.fault)
        if isinstance(seen, Absent):
            return Told(fault=seen.fault)
        runners = taking_part(need, known)
        if isinstance(runners, Absent):
            return Told(fault=runners.fault)
        contenders = (need.challenger, need.champion)
        said = [self._answers.get((one, need.dataset)) if one else None for one in contenders]
        measured = timed_turns(
            *runners, need.artifacts, need.sandbox, known.sandbox, features=features,
            requests=need.requests, rows_per_request=need.rows_per_request, classes=seen.classes,
            answers=said,
        )  # fmt: skip
        match measured:
            case Timings():
                return Told(timings=measured)
            case Straggler():
                return Told(lost=measured)
            case Absent():
                return Told(fault=measured.fault)
