"""The three zones of one request, played in one process or as the verbs that a job calls."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.core.handover import Handover, digest_of, read
from bot.core.proposal import Request
from bot.flow import Conclusion, handle, rehearse
from bot.world.bundle_source import in_folder
from bot.world.here import Hosted
from bot.world.landing import land
from bot.world.repository import Repository
from bot.world.room import let_in
from bot.world.zones import Judging, Predicting
from tests.stories.workshop import Workshop

if TYPE_CHECKING:
    from bot.world.bundle_source import Fetch
    from bot.world.forge import Forge


@dataclass
class Play:
    """One forge, and the jobs of one evaluation."""

    forge: Forge
    folder: Path
    said: list[str] = field(default_factory=list)
    jobs: int = 0

    def world(self) -> Hosted:
        """A fresh machine: nothing but what the forge has."""
        self.jobs += 1
        here = self.folder / f"job-{self.jobs}"
        clone = Repository.create(here / "clone", self.forge.git_environment())
        return Hosted(
            forge=self.forge, repository=clone, cache=here / "cache", say=self.said.append
        )

    def predict(self, number: int) -> Path:
        """Play zone 1; return the bundle."""
        world = self.world()
        room = world.cache.parent / "room"
        room.mkdir()
        rehearse(Request(number=number), Predicting(world, room))
        out = world.cache.parent / "bundle"
        let_in(room, out, self.said.append)
        assert not room.exists()
        return out

    def judge(self, number: int, bundle: Path | Fetch) -> tuple[Conclusion, Handover | None]:
        """Play zone 2."""
        fetch = in_folder(bundle) if isinstance(bundle, Path) else bundle
        world = Judging(self.world(), fetch)
        conclusion = handle(Request(number=number), world)
        return conclusion, world.handed

    def land(self, handed: Handover) -> str:
        """Play zone 3, with the decision as it crosses."""
        text = handed.bytes
        return land(read(text, digest_of(text)), self.world())


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


@pytest.fixture(scope="session")
def judged_once(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A workshop whose first champion serves; copied by those who change it."""
    workshop = Workshop(tmp_path_factory.mktemp("workshop"))
    workshop.judge(workshop.promote("1"))
    workshop.ana.pulls()
    return workshop


@pytest.fixture
def hostile(tmp_path: Path) -> Workshop:
    """A workshop whose policy lets any code in."""
    policy = {"flavors": "skops, runner", "registration": "artifact"}
    return Workshop(tmp_path / "workshop", policy)


@pytest.fixture
def play(workshop: Workshop, tmp_path: Path) -> Play:
    return Play(workshop.forge, tmp_path / "jobs")


def planted(workshop: Workshop, module: Path, version: str = "9", **target: object) -> int:
    """Commit a hostile folder to the base, and open the request that promotes it."""
    folder = workshop.ana.clone / f"models/{version}.runner"
    workshop.ana.pulls()
    folder.mkdir(parents=True)
    (folder / "target.json").write_text(json.dumps(target))
    workshop.push_to_main(f"models/{version}.runner/model.py", module.read_bytes())
    return workshop.promote(version, flavor="runner")


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))
