"""A workshop for stories: small real models, a small real hold-out, a forge in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import skops.io
from sklearn.linear_model import LogisticRegression

from bot.cli.evaluate import carry
from bot.core.lock import Artifact, Entry, Model
from bot.core.lockfile import dump
from bot.flow import Conclusion
from bot.world.engineer import Engineer
from bot.world.here import Hosted
from bot.world.local_forge import LocalForge
from bot.world.repository import Repository
from bot.world.store import digest_of

ROWS = 2_000
COMMIT = "1f3c" * 10

POLICY = """\
models: [churn]
ladder: [{ladder}]
data:
  holdout:
    uri: data/holdout.parquet
    digest: {digest}
    task: binary
    target: churned
    id: customer
    slices: [region]
artifacts: {{flavors: [{flavors}]}}
sandbox: {{require: [rlimits], seconds: 60}}
gates:
  registration: [{registration}]
{stages}
  opening:
    - metric: {{metric: roc_auc, at_least: 0.6, because: floor, review_by: 2999-01-01}}
promotion: {{merge: {merge}}}
"""
GATES = """\
    - outputs
    - compare: {metric: roc_auc, improve_by: 0}
    - compare: {metric: log_loss, allow_drop: 0.05}
"""


def rows(seed: int, count: int = ROWS) -> pd.DataFrame:
    """Draw customers who churn by three things, one of which is hard to see."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "customer": np.arange(count) + seed * 1_000_000,
            "region": random.choice(["north", "south"], count),
            "calls": random.normal(size=count),
            "months": random.normal(size=count),
            "price": random.normal(size=count),
        }
    )
    drive = 1.2 * table["calls"] - 0.8 * table["months"] + 1.5 * table["price"]
    table["churned"] = (drive + random.logistic(size=count) > 0).astype(int)
    return table


def write_models(folder: Path) -> None:
    """Train a plain model, a better one, one that is worse, and a pickle of the better one."""
    train = rows(1)
    fits = {"1": ["calls"], "2": ["calls", "months", "price"], "3": ["months"]}
    for version, columns in fits.items():
        model = LogisticRegression().fit(train[columns], train["churned"])
        (folder / f"{version}.skops").write_bytes(skops.io.dumps(model))
    joblib.dump(model, folder / "4.joblib")


def described(clone: Path, version: str, flavor: str = "skops") -> Entry:
    """Describe a version whose file lies in `models/` of a clone."""
    uri = f"models/{version}.{flavor}"
    digest = digest_of(clone / uri).digest
    return Entry(artifact=Artifact(uri=uri, digest=digest, flavor=flavor))


@dataclass
class Workshop:
    """One repository with its forge, an engineer and the bot."""

    folder: Path
    policy: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forge = LocalForge.create(self.folder / "forge", slug="local/churn")
        self.ana = Engineer.joins("ana", self.folder / "clone", self.forge)
        source = self.folder / "source"
        (source / "data").mkdir(parents=True)
        (source / "models").mkdir()
        rows(2).to_parquet(source / "data/holdout.parquet")
        write_models(source / "models")
        (source / "churn.yaml").write_text(self.policy_text())
        self.ana.commits(
            {
                "data": source / "data",
                "models": source / "models",
                "policies/churn.yaml": source / "churn.yaml",
            },
            dump({}),
            "Begin",
        )

    def policy_text(self) -> str:
        """Write the policy, with what this story changes about it."""
        ladder = self.policy.get("ladder", "production")
        gates = self.policy.get("gates", GATES)
        stages = "".join(f"  {stage.strip()}:\n{gates}" for stage in ladder.split(","))
        digest = digest_of(self.folder / "source/data/holdout.parquet").digest
        return POLICY.format(
            ladder=ladder,
            digest=digest,
            stages=stages,
            registration=self.policy.get("registration", "artifact, unsafe_code"),
            merge=self.policy.get("merge", "auto"),
            flavors=self.policy.get("flavors", "skops"),
        ) + self.policy.get("more", "")

    @property
    def world(self) -> Hosted:
        """A fresh bot, as after a restart: only its caches remain."""
        clone = Repository.create(self.folder / "bot", self.forge.git_environment())
        return Hosted(forge=self.forge, repository=clone, cache=self.folder / "cache")

    def entry(self, version: str, flavor: str = "skops") -> Entry:
        """Describe a version whose file lies in `models/`."""
        return described(self.ana.clone, version, flavor)

    def promote(self, version: str, stage: str = "production", flavor: str = "skops") -> int:
        """Open a pull request that registers a version and lets it serve."""
        described = self.entry(version, flavor)

        def edit(models: dict[str, Model]) -> dict[str, Model]:
            before = models.get("churn")
            versions = {**(before.versions if before else {}), version: described}
            stages = {**(before.stages if before else {}), stage: version}
            return {**models, "churn": Model(versions=versions, stages=stages)}

        branch = f"{stage}-{version}"
        return self.ana.proposes(branch, f"Promote churn {version}", edit).number

    def propose_text(self, text: bytes, branch: str = "by-hand") -> int:
        """Open a pull request whose lock is exactly this text."""
        self.ana._starts(branch)
        (self.ana.clone / "models.lock").write_bytes(text)
        return self.propose_tree(branch)

    def propose_tree(self, branch: str) -> int:
        """Open a pull request with whatever lies in the clone."""
        self.ana._git("add", "--all")
        self.ana._git("commit", "--quiet", "-m", branch)
        return self.ana._opens(branch, branch).number

    def push_to_main(self, path: str, content: bytes | None) -> None:
        """Change or remove a file of the base branch, as an admin might."""
        self.ana.pulls()
        place = self.ana.clone / path
        if content is None:
            place.unlink()
        else:
            place.write_bytes(content)
        self.ana._git("add", "--all")
        self.ana._git("commit", "--quiet", "-m", f"change {path}")
        self.ana._git("push", "--quiet", "origin", "main")

    def judge(self, number: int) -> Conclusion:
        """Let the bot carry one pull request."""
        return carry(number, self.world)

    def landed(self, number: int) -> str | None:
        """The commit a pull request landed as."""
        return self.forge.pull_request(number).merged_as

    def audit(self) -> list[str]:
        """Paths on the audit branch."""
        bare = Repository(self.folder / "forge/repository.git")
        tip = bare.resolve("lockstep/audit")
        return [] if tip is None else [path for _, _, _, path in bare.tree(tip)]
