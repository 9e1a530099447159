"""The worked example as a story: what each pull request proposes, and what it is to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.lock import Artifact, Entry, Lineage, Manifest, Model

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "flight-delay"
FOLDER = f"examples/{MODEL}"
POLICY = f"policies/{MODEL}.yaml"
STAGE = "production"
MARKER = "lockstep-hostile-model-was-here.txt"
"""What version 5 tries to leave in the home folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One pull request of the story."""

    version: str
    title: str
    tells: str
    """What happens and why, before it happens."""
    ruling: str
    """What the bot is expected to decide; the demo says so when it decides otherwise."""


CHAPTERS = (
    Chapter(
        version="1",
        title="A first champion",
        ruling="merge",
        tells="Nothing serves production yet, so there is nobody to beat. The policy's `opening` "
        "gates ask for absolute figures instead: no cold start passes by default.",
    ),
    Chapter(
        version="2",
        title="A better challenger",
        ruling="merge",
        tells="Gradient boosting with the weather. Both versions answer the same 12,000 flights in "
        "a sandbox, and the gain must be larger than chance allows.",
    ),
    Chapter(
        version="3",
        title="Better overall, broken for one carrier",
        ruling="refuse",
        tells="More features raise ROC AUC again, but its training data had the delays of "
        "carrier 9E in the wrong unit. An average would not show it.",
    ),
    Chapter(
        version="4",
        title="Trained on the hold-out",
        ruling="refuse",
        tells="It looks wonderful. Its own training manifest names the rows it is judged on.",
    ),
    Chapter(
        version="5",
        title="A pickle that runs code",
        ruling="refuse",
        tells="Loading this file looks for a token, opens a socket and writes to the home folder.",
    ),
)
ROLLBACK = (
    "Somebody does not trust version 2 any more. They revert the commit that promoted it, as they "
    "would revert any other. The bot sees a rollback and asks only what a rollback needs: the old "
    "version exists, has its digest, loads, and speaks the same schema."
)


def files(checkout: Path) -> dict[str, Path]:
    """Say which files the example's repository starts with."""
    return {FOLDER: checkout / FOLDER, POLICY: checkout / POLICY}


def entry(folder: Path, version: str) -> Entry:
    """Describe a version as `lockstep register` would: every digest is measured here."""
    from bot.world.store import digest_of

    flavor = "joblib" if version == "5" else "skops"

    def digest(name: str) -> str:
        return digest_of(folder / name).digest

    return Entry(
        artifact=Artifact(
            uri=f"{FOLDER}/models/{version}.{flavor}",
            flavor=flavor,
            digest=digest(f"models/{version}.{flavor}"),
        ),
        lineage=Lineage.model_validate(
            {
                "code": f"{FOLDER}/train.py@{'7f3f0bf333e71ba3f1aeb6c278af8e5ea5489444'}",
                "data": digest("data/training.parquet"),
                "manifest": Manifest(
                    uri=f"{FOLDER}/manifests/{version}.parquet",
                    digest=digest(f"manifests/{version}.parquet"),
                ),
                "environment": digest(f"requirements-{version}.txt"),
                "requirements": f"{FOLDER}/requirements-{version}.txt",
                "created": "2026-11-23T17:00:00Z",
            }
        ),
    )


def promoted(models: dict[str, Model], version: str, described: Entry) -> dict[str, Model]:
    """Register a version and let it serve production, in one edit."""
    before = models.get(MODEL)
    versions = {**(before.versions if before else {}), version: described}
    stages = {**(before.stages if before else {}), STAGE: version}
    return {**models, MODEL: Model(versions=versions, stages=stages)}
