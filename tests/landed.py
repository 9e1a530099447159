"""Builders of locks and of their landed history, for stories told in a line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.errors import ForbiddenChange
from bot.core.lock import Artifact, Entry, Lineage, Model
from bot.core.transition import Landing, Past, Promotion, Rollback, Transition, transitions

TODAY = date(2026, 11, 23)
START = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = "credit-risk"
BAN = {"reason": "audit", "by": "@ana"}


def entry(version: str, *, digest: str | None = None, parent: str | None = None) -> Entry:
    digest = digest or f"sha256:{version.encode().hex():0<64}"
    artifact = Artifact(uri=f"models/{version}.skops", digest=digest, flavor="skops")
    return Entry(artifact=artifact, lineage=Lineage(parent=parent))


def model(versions: str, production: str | None = None, **facts: object) -> Model:
    stages = {"production": production} if production else {}
    entries = {version: entry(version) for version in versions.split()}
    return Model(versions=entries, **{"stages": stages, **facts})


def past(*landed: Model) -> Past:
    """Landed states, oldest first as a story is told; `c0` is the first commit."""
    landings = [
        Landing(commit=f"c{number}", at=START + timedelta(days=number), model=each)
        for number, each in enumerate(landed)
    ]
    return Past(landed={MODEL: tuple(reversed(landings))})


def story(versions: str, *champions: str) -> Past:
    return past(*(model(versions, champion) for champion in champions))


def moves(
    base: Model | None, head: Model | None, landed: Past | None = None
) -> tuple[Transition, ...]:
    landed = landed or (Past(landed={}) if base is None else past(base))
    return transitions({MODEL: (base, head)}, landed, file="models.lock", today=TODAY)


def reasons(base: Model | None, head: Model | None, landed: Past | None = None) -> list[str]:
    with pytest.raises(ForbiddenChange) as caught:
        moves(base, head, landed)
    return [problem.what.removeprefix(f"{MODEL}: ") for problem in caught.value.problems]


def promotion(champion: str | None, challenger: str) -> Promotion:
    return Promotion(model=MODEL, stage="production", champion=champion, challenger=challenger)


def rollback(champion: str, restored: str) -> Rollback:
    return Rollback(model=MODEL, stage="production", champion=champion, restored=restored)
