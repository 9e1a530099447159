"""What another job says that models answered, checked question by question and never believed.

Every number of a verdict is computed here, from arrays whose type, shape, rows and range are
known beforehand.  So whoever broke out of the sandbox there can at worst answer badly here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.core.bundle import RUN, NotABundle, key, read_run
from bot.core.errors import Fault, Moved
from bot.core.evidence import Absent
from bot.core.questions import Answered, Loaded, Timed, Timings
from bot.runner.numbers import EXCEPTIONS, Numbers
from bot.world.answering import (
    WARMUP,
    Finished,
    Straggler,
    answers,
    not_allowed,
    rehearsal,
    why_not,
    why_untimed,
)
from bot.world.row_ids import distinct, row_ids, rows_at
from bot.world.sandbox_ending import Ending
from bot.world.sandbox_features import Questions, places_of
from bot.world.sandbox_output import Forged, Output, array_in, only_codes
from bot.world.testimony_ending import by_fault, forged, missing, too_weak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import DTypeLike, NDArray

    from bot.core.bundle import Found, Run
    from bot.core.evidence import Need
    from bot.core.lock import Artifact
    from bot.core.policy import ArtifactRules, SandboxRules
    from bot.core.questions import Answers, Holdout, Rehearsal
    from bot.world.gathering import Gathering

_SLOWEST_MS = 1e9


class NoBundle(Exception):  # noqa: N818 -- named as the sentence reads
    """The job that runs models left nothing; the message says what was looked for."""


class _Untold(Exception):  # noqa: N818 -- read as a sentence, turned into evidence that is absent
    def __init__(self, absent: Absent) -> None:
        self.absent = absent
        super().__init__(absent.reason)


@dataclass
class Testimony:
    """Answers to the questions of one pull request, out of a bundle."""

    fetch: Callable[[], Mapping[str, bytes]]
    """Brings the bundle when the first question comes; raises NoBundle or NotABundle."""
    version: str
    head: str
    base: str
    _files: Mapping[str, bytes] = field(default_factory=dict)
    _run: Run | None = None
    _broken: Absent | None = None

    def begin(self, needs: Iterable[Need[Any]], gathering: Gathering) -> None:
        """Do nothing: no model runs here."""

    def answer(self, asked: list[Answered], gathering: Gathering) -> None:
        """Check every answer."""
        for need in asked:
            question = partial(self._answered, need, gathering)
            gathering.answers[need.artifact, need.dataset] = self._checked(question)

    def loaded(self, need: Loaded, gathering: Gathering) -> Rehearsal | Absent:
        """Check how a model loaded."""
        found: Rehearsal | Absent = self._checked(lambda: self._loaded(need, gathering))
        return found

    def timed(self, need: Timed, gathering: Gathering) -> Timings | Absent:
        """Check how long requests took."""
        found: Timings | Absent = self._checked(lambda: self._timed(need, gathering))
        return found

    def _checked(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except _Untold as untold:
            return untold.absent
        except (Forged, NotABundle) as error:
            return forged(str(error))

    def _answered(self, need: Answered, gathering: Gathering) -> Answers | Absent:
        _fetched(need.artifact, need.artifacts, gathering)
        rows = _there(gathering.holdout(need.dataset))
        place, found = self._found(need)
        run = self._finished(place, found, need.sandbox, rows)
        if absent := why_not(run, need.sandbox, need.artifact.flavor):
            return absent
        asked = self._array(place, "asked", np.uint64, places_of(rows.rows))
        if asked is None:
            raise Forged("it does not say which rows were asked")
        return answers(run, self._questions(asked.astype(np.uint64), need, rows))

    def _questions(self, asked: NDArray[np.uint64], need: Answered, rows: Holdout) -> Questions:
        """Find the row of each answer; every row of the data set is there, and no other."""
        assert self._run is not None  # noqa: S101 -- a question was found in it
        ids = row_ids(self._run.salt, need.dataset.digest, rows.rows)
        row_at = rows_at(asked, ids) if distinct(ids) else None
        if row_at is None:
            raise Forged("it answers about rows that the data set does not have")
        present, first = np.unique(row_at, return_index=True)
        if len(present) != rows.rows:
            raise Forged("it does not answer every row of the data set")
        return Questions(
            rows=rows.rows, row_at=row_at, first_place=first.astype(np.int64), batches=()
        )

    def _loaded(self, need: Loaded, gathering: Gathering) -> Rehearsal | Absent:
        _fetched(need.artifact, need.artifacts, gathering)
        rows = None if need.dataset is None else _there(gathering.holdout(need.dataset))
        place, found = self._found(need)
        run = self._finished(place, found, need.sandbox, rows, answered=False)
        return why_not(run, need.sandbox, need.artifact.flavor) or rehearsal(run)

    def _timed(self, need: Timed, gathering: Gathering) -> Timings | Absent:
        for artifact in (need.challenger, need.champion):
            if artifact is not None:
                _fetched(artifact, need.artifacts, gathering)
        _there(gathering.holdout(need.dataset))
        place, found = self._found(need)
        if found.champion != (need.champion.digest if need.champion else None):
            raise Forged("it timed another champion")
        if found.lost is not None:
            lost = Straggler(
                role=found.lost.role, late=found.lost.late, wrong=found.lost.wrong,
                exception=_exception(found.lost.exception),
            )  # fmt: skip
            return why_untimed(lost, need.sandbox, need.requests + WARMUP)
        challenger = self._milliseconds(place, "challenger", need)
        return Timings(
            challenger=challenger,
            champion=self._milliseconds(place, "champion", need) if need.champion else None,
            rows_per_request=need.rows_per_request,
            warmup=WARMUP,
            repeated=min(found.repeated, need.requests + WARMUP),
            reported=True,
        )

    def _milliseconds(self, place: int, name: str, need: Timed) -> NDArray[np.float64]:
        found = self._array(place, name, np.float64, need.requests)
        if found is None:
            raise Forged("it has no times of a model that was timed")
        times = found.astype(np.float64)
        if not bool(((times > 0) & (times < _SLOWEST_MS)).all()):
            raise Forged("it holds an impossible time")
        return times

    def _finished(
        self,
        place: int,
        found: Found,
        rules: SandboxRules,
        rows: Holdout | None,
        *,
        answered: bool = True,
    ) -> Finished:
        """Read one run; its arrays have the types and shapes that the question implies."""
        run = found.run
        if run is None:
            raise Forged("it says neither how the run went nor why there was none")
        lacking = [layer for layer in rules.require if layer in run.missing]
        if lacking:
            raise _Untold(too_weak())
        features, classes = (len(rows.features), len(rows.classes)) if rows else (0, 0)
        predicted = scores = used = known = None
        if rows is not None:
            used = self._array(place, "used", np.uint8, features)
            known = self._array(place, "classes", np.uint8, classes) if classes else None
        if rows is not None and answered:
            places = places_of(rows.rows)
            predicted = self._array(place, "predicted", np.float64, places)
            if classes:
                scores = self._array(place, "scores", np.float64, places, classes + 1)
            if classes and predicted is not None:
                only_codes(predicted.astype(np.float64), classes)
        stated = run.model_dump(include=_NUMBERS)
        numbers = Numbers(**{**stated, "exception": _exception(run.exception)})
        return Finished(
            output=Output(numbers, predicted, scores, used, known),  # type: ignore[arg-type]  # types were insisted on above
            ending=Ending(
                code=run.code, seconds=run.seconds, timed_out=run.timed_out,
                overflowed=run.overflowed,
            ),
            layers=run.layers,
            missing=tuple(f"{layer}: not given where models ran" for layer in run.missing),
            reported=True,
        )  # fmt: skip

    def _array(
        self, place: int, name: str, kind: DTypeLike, *shape: int
    ) -> NDArray[np.generic] | None:
        text = self._files.get(f"{place}.{name}.npy")
        return None if text is None else array_in(text, kind, shape)

    def _found(self, need: Answered | Loaded | Timed) -> tuple[int, Found]:
        """Find what is said about a question.

        Raises:
            Moved: the bundle is about another state of the request, and does not answer this.
        """
        run = self._opened()
        wanted = key(need)
        listed = [(place, one) for place, one in enumerate(run.found) if one.question == wanted]
        if not listed and run.base != self.base:
            raise Moved("the base moved between the two jobs, and asks other questions now")
        if len(listed) != 1:
            raise Forged("it does not answer a question, or answers it twice")
        place, found = listed[0]
        measured = need.challenger if isinstance(need, Timed) else need.artifact
        if found.artifact != measured.digest:
            raise Forged("it is about other bytes than the lock names")
        if found.fault is not None:
            if found.fault not in Fault.__members__:
                raise Forged("it names a fault that there is not")
            raise _Untold(by_fault(Fault[found.fault]))
        return place, found

    def _opened(self) -> Run:
        if self._broken is not None:
            raise _Untold(self._broken)
        if self._run is None:
            try:
                self._files = self.fetch()
                run = read_run(self._files[RUN])
            except NoBundle as error:
                self._broken = missing(str(error))
            except NotABundle as error:
                self._broken = forged(str(error))
            else:
                self._run = self._about_this(run)
            if self._broken is not None:
                raise _Untold(self._broken)
        assert self._run is not None  # noqa: S101 -- else it was broken
        return self._run

    def _about_this(self, run: Run) -> Run:
        if run.head is None:
            raise Moved("the job that runs models found nothing to judge")
        if run.head != self.head:
            raise Moved("the job that runs models saw another head")
        if run.lockstep != self.version:
            self._broken = forged("it is of another version of Lockstep")
        return run


_NUMBERS = {
    "stage", "exception", "load_seconds", "predict_seconds", "peak_bytes", "warnings",
    "unknown_features", "unknown_classes",
}  # fmt: skip


def _fetched(artifact: Artifact, rules: ArtifactRules, gathering: Gathering) -> None:
    """Insist that the bytes are there and that a scan has nothing against them."""
    _there(gathering.runnable(artifact, rules))
    if artifact.flavor not in rules.flavors:
        raise _Untold(not_allowed(artifact, rules))


def _there(found: Any) -> Any:
    if isinstance(found, Absent):
        raise _Untold(found)
    return found


def _exception(place: int) -> int:
    if place >= len(EXCEPTIONS):
        raise Forged("it names an error that there is not")
    return place
