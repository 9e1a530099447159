"""The pull request that the whole evaluation is measured on, laid ready in a folder.

A champion serves production, a better challenger is proposed; both are real models in a real
repository with a forge beside it.  The same bytes lie there for the peers.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bot.cli.evaluate import carry
from bot.core.lock import Artifact, Entry, Model
from bot.core.lockfile import dump
from bot.world.engineer import Engineer
from bot.world.here import Hosted
from bot.world.local_forge import LocalForge
from bot.world.repository import Repository
from bot.world.store import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS, TRAINED_ON, FEATURES, TREES = 100_000, 20_000, 20, 100
NAMES = [f"x{place}" for place in range(FEATURES)]
TRUSTED = {"boosting": "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
           "forest": "sklearn.tree._tree.Tree"}
"""Types that each kind of model holds beyond those skops knows."""

POLICY = """\
models: [churn]
ladder: [production]
data:
  holdout:
    uri: data/holdout.parquet
    digest: {digest}
    task: binary
    target: churned
    id: customer
    slices: [region]
artifacts: {{flavors: [skops], trusted: [{trusted}], max_bytes: 500MB}}
gates:
  registration: [artifact, unsafe_code, loads: {{max_seconds: 60}}]
  production:
    - schema
    - outputs
    - metric: {{metric: roc_auc, at_least: 0.7, because: floor, review_by: 2999-01-01}}
    - compare: {{metric: roc_auc, improve_by: 0}}
    - compare: {{metric: f1, allow_drop: 0.01}}
    - compare: {{metric: log_loss, allow_drop: 0.01}}
    - slices: {{metric: recall, by: [region], allow_drop: 0.05}}
  opening:
    - metric: {{metric: roc_auc, at_least: 0.6, because: floor, review_by: 2999-01-01}}
promotion: {{merge: auto}}
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with everything that one evaluation reads."""

    folder: Path
    number: int
    """The pull request that proposes the challenger."""
    kind: str = "boosting"

    @property
    def holdout(self) -> Path:
        """Rows that are judged on."""
        return self.folder / "source/data/holdout.parquet"

    @property
    def models(self) -> list[Path]:
        """Champion and challenger."""
        return [self.folder / f"source/models/{version}.skops" for version in "12"]

    @property
    def trusted(self) -> str:
        """Types that skops has to be told to trust, with commas."""
        return TRUSTED[self.kind]

    def command(self) -> list[str]:
        """Return what a person would type."""
        return [sys.executable, "-m", "bot", "evaluate", str(self.number),
                "--forge", f"local:{self.folder / 'forge'}", "--json"]

    def environment(self, cache: Path) -> Mapping[str, str]:
        """Return a fresh environment whose cache holds nothing yet."""
        return {**os.environ, "LOCKSTEP_CACHE": str(cache)}


def rows(seed: int, count: int) -> pd.DataFrame:
    """Draw customers who churn by a curved rule of half of the features."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(count, FEATURES)).round(2)
    drive = values[:, :5].sum(axis=1) + values[:, 5] * values[:, 6] + np.abs(values[:, 7]) - 2
    table = pd.DataFrame(values, columns=NAMES)
    table.insert(0, "customer", np.arange(count) + seed * 10_000_000)
    table["region"] = draw.choice(["east", "north", "south", "west"], count)
    table["churned"] = (drive + draw.logistic(size=count) > 0).astype(int)
    return table


def trained(kind: str, table: pd.DataFrame, depth: int) -> Any:
    """Train one model of `TREES` trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    model = (
        HistGradientBoostingClassifier(max_iter=TREES, max_depth=depth, random_state=0)
        if kind == "boosting"
        else RandomForestClassifier(TREES, max_depth=2 * depth, n_jobs=-1, random_state=0)
    )
    return model.fit(table[NAMES], table["churned"])


def lay(folder: Path, kind: str) -> Desk:
    """Train both models, land the champion and propose the challenger."""
    import skops.io

    source = folder / "source"
    for part in ("data", "models"):
        (source / part).mkdir(parents=True)
    desk = Desk(folder, 0, kind)
    rows(2, ROWS).to_parquet(desk.holdout, index=False)
    for path, depth in zip(desk.models, (3, 6), strict=True):
        path.write_bytes(skops.io.dumps(trained(kind, rows(1, TRAINED_ON), depth)))
    digest = digest_of(desk.holdout).digest
    (source / "churn.yaml").write_text(POLICY.format(digest=digest, trusted=TRUSTED[kind]))
    forge = LocalForge.create(folder / "forge", slug="local/churn")
    ana = Engineer.joins("ana", folder / "clone", forge)
    ana.commits({"data": source / "data", "models": source / "models",
                 "policies/churn.yaml": source / "churn.yaml"}, dump({}), "Begin")
    bot = Repository.create(folder / "first", forge.git_environment())
    first = _propose(ana, "1")
    carry(first, Hosted(forge=forge, repository=bot, cache=folder / "cache"))
    assert forge.pull_request(first).merged_as, "without a champion there is nothing to compare"
    ana.pulls()
    return Desk(folder, _propose(ana, "2"), kind)


def _propose(ana: Engineer, version: str) -> int:
    """Register a version and let it serve production."""
    uri = f"models/{version}.skops"
    entry = Entry(artifact=Artifact(uri=uri, digest=digest_of(ana.clone / uri).digest,
                                    flavor="skops"))

    def edit(models: dict[str, Model]) -> dict[str, Model]:
        before = models.get("churn")
        versions = {**(before.versions if before else {}), version: entry}
        return {**models, "churn": Model(versions=versions, stages={"production": version})}

    return ana.proposes(f"churn-{version}", f"Promote churn {version}", edit).number
