"""Have models answer in the sandbox of this machine, and keep what they answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.evidence import Absent
from bot.core.questions import Answered, Loaded, Timed
from bot.world.answers_cache import keep, kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.evidence import Need
    from bot.core.questions import Answers, Rehearsal, Timings
    from bot.world.gathering import Gathering
    from bot.world.timing import Runner

AT_ONCE = 2
"""Models that answer at the same time: champion and challenger."""


class Models(Protocol):
    """Who asks models: this machine, or a job that has asked them already."""

    def begin(self, needs: Iterable[Need[Any]], gathering: Gathering) -> None:
        """Get ready while rows are read."""

    def answer(self, asked: list[Answered], gathering: Gathering) -> None:
        """Find out every answer; `gathering.answers` holds them then."""

    def loaded(self, need: Loaded, gathering: Gathering) -> Rehearsal | Absent:
        """Say how a model loads."""

    def timed(self, need: Timed, gathering: Gathering) -> Timings | Absent:
        """Say how long requests take."""


class InSandbox:
    """Models run here."""

    def begin(self, needs: Iterable[Need[Any]], gathering: Gathering) -> None:
        """Let the canaries out."""
        if any(isinstance(need, Answered | Loaded | Timed) for need in needs):
            _ = gathering.sandbox

    def answer(self, asked: list[Answered], gathering: Gathering) -> None:
        """Ask champion and challenger at the same time."""
        if not asked:
            return
        for dataset in {need.dataset for need in asked}:
            gathering.features(dataset)
        gathering.say(f"asking {len(asked)} model{'s' if len(asked) > 1 else ''} in the sandbox")
        _ = gathering.sandbox
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda need: answered(need, gathering), asked)
            for need, answers in zip(asked, found, strict=True):
                gathering.answers[need.artifact, need.dataset] = answers

    def loaded(self, need: Loaded, gathering: Gathering) -> Rehearsal | Absent:
        """Load a model; a run that answered has loaded it already."""
        from bot.world.predict import load_only

        for (artifact, dataset), answers in gathering.answers.items():
            if artifact == need.artifact and need.dataset in (None, dataset):
                return answers if isinstance(answers, Absent) else answers.rehearsal
        gathering.say("loading a model in the sandbox")
        local = gathering.runnable(need.artifact, need.artifacts)
        features = None if need.dataset is None else gathering.features(need.dataset)
        if isinstance(local, Absent):
            return local
        if isinstance(features, Absent):
            return features
        classes: tuple[str, ...] = ()
        if need.dataset is not None:
            seen = gathering.seen(need.dataset)
            if isinstance(seen, Absent):
                return seen
            classes = seen.classes
        return load_only(
            local.path, need.artifact, need.artifacts, need.sandbox, gathering.sandbox,
            features, classes,
        )  # fmt: skip

    def timed(self, need: Timed, gathering: Gathering) -> Timings | Absent:
        """Time requests of two models in turn."""
        from bot.world.timing import timings

        gathering.say(f"timing {need.requests} requests")
        features, seen = gathering.features(need.dataset), gathering.seen(need.dataset)
        if isinstance(features, Absent):
            return features
        if isinstance(seen, Absent):
            return seen
        runners = taking_part(need, gathering)
        if isinstance(runners, Absent):
            return runners
        known = [
            gathering.answers.get((one, need.dataset)) if one else None
            for one in (need.challenger, need.champion)
        ]
        return timings(
            *runners,
            need.artifacts,
            need.sandbox,
            gathering.sandbox,
            features=features,
            requests=need.requests,
            rows_per_request=need.rows_per_request,
            classes=seen.classes,
            answers=[None if isinstance(one, Absent) else one for one in known],
        )


def answered(need: Answered, gathering: Gathering) -> Answers | Absent:
    """Let a model answer, or read what it answered before."""
    from bot.world.predict import answer

    local = gathering.runnable(need.artifact, need.artifacts)
    seen = gathering.seen(need.dataset)
    features = gathering.features(need.dataset)
    if isinstance(local, Absent):
        return local
    if isinstance(seen, Absent):
        return seen
    if isinstance(features, Absent):
        return features
    before = kept(gathering.cache, need, gathering.version)
    if before is not None:
        return before
    found = answer(
        local.path,
        need.artifact,
        need.artifacts,
        need.sandbox,
        gathering.sandbox,
        features,
        seen.classes,
    )
    if not isinstance(found, Absent):
        keep(gathering.cache, need, gathering.version, found)
    return found


def taking_part(need: Timed, gathering: Gathering) -> tuple[Runner, Runner | None] | Absent:
    """Find the bytes of the one or two models that are timed."""
    from bot.world.timing import Runner

    challenger = gathering.runnable(need.challenger, need.artifacts)
    if isinstance(challenger, Absent):
        return challenger
    first = Runner(challenger.path, need.challenger)
    if need.champion is None:
        return first, None
    champion = gathering.runnable(need.champion, need.artifacts)
    return (
        champion if isinstance(champion, Absent) else (first, Runner(champion.path, need.champion))
    )
