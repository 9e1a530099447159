"""A room holds what models need to answer, and nothing that is worth stealing.

It is furnished by a program that has a token and may read the labels.  Then that program is
gone: another takes its place, with an environment that never held a secret, and lets the models
in.  So whoever breaks out of the sandbox finds the features, the artifacts and no more.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import bot
from bot.core.bundle import asked, need_of
from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.lock import Artifact
from bot.core.policy import ArtifactRules, Dataset
from bot.core.questions import Answered, Loaded, Scanned, Timed, Weight
from bot.world.gathering import Gathering
from bot.world.holdout import Seen
from bot.world.store import Kind, Local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bot.core.evidence import Need
    from bot.world.store import Store

LIST = "room.json"
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "NO_COLOR", "TERM")
"""All that the program which lets models in has of the environment of the one before it."""
_GONE = "it could not be had when the room was furnished"


def furnish(  # noqa: PLR0913 -- what the room is for, and where it is to be
    room: Path,
    needs: Iterable[Need[Any]],
    store: Store,
    *,
    head: str,
    base: str,
    version: str,
    say: Callable[[str], None],
    cache: Path | None = None,
) -> None:
    """Fetch everything that models need into a room, and leave nothing else in it.

    Args:
        room: An empty folder.
        needs: Questions that a model has to run for, and the scans that come before.
        store: Where bytes come from.
        head: The commit whose lock asks.
        base: The commit whose policies ask.
        version: Of Lockstep.
        say: Told what is going on.
        cache: A folder to keep bytes in; without one there is no cache, and labels that had to
            be read are removed again.
    """
    kept = cache or room / "bytes"
    gathering = Gathering(store, kept, version, say, room / "unused")
    wanted = list(needs)
    artifacts = [
        {
            "artifact": artifact.model_dump(mode="json"),
            "rules": rules.model_dump(mode="json"),
            **_told(gathering.artifact(artifact, rules)),
        }
        for artifact, rules in dict.fromkeys(_artifacts(wanted))
    ]
    datasets = dict.fromkeys(
        need.dataset for need in wanted if isinstance(need, Answered | Loaded | Timed)
    )
    data = [
        {"dataset": dataset.model_dump(mode="json"), **_shown(dataset, gathering, room, place)}
        for place, dataset in enumerate(one for one in datasets if one is not None)
    ]
    if cache is None:
        for dataset in datasets:
            if dataset is not None:
                _forget(kept, dataset)
    listed = {
        "head": head, "base": base, "version": version, "artifacts": artifacts, "data": data,
        "questions": [asked(need) for need in wanted],
    }  # fmt: skip
    (room / LIST).write_text(json.dumps(listed), encoding="utf-8")


def _artifacts(needs: Iterable[Need[Any]]) -> Iterator[tuple[Artifact, ArtifactRules]]:
    for need in needs:
        match need:
            case Answered() | Loaded():
                yield need.artifact, need.artifacts
            case Scanned():
                yield need.artifact, need.rules
            case Timed():
                yield need.challenger, need.artifacts
                if need.champion is not None:
                    yield need.champion, need.artifacts
            case _:
                raise TypeError(f"no model answers {type(need).__name__}")


def _told(local: Local | Absent) -> dict[str, Any]:
    if isinstance(local, Absent):
        return {"fault": local.fault.name}
    weight = local.weight
    return {"path": str(local.path), "weight": [weight.digest, weight.size, weight.files]}


def _shown(dataset: Dataset, gathering: Gathering, room: Path, place: int) -> dict[str, Any]:
    """Write what models may see of a data set; the labels are read only where they must be."""
    import pyarrow as pa

    seen = _without_labels(dataset, gathering)
    if isinstance(seen, Absent):
        return {"fault": seen.fault.name}
    path = room / f"{place}.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, seen.features.schema) as writer:
        writer.write_table(seen.features)
    return {"path": str(path), "classes": list(seen.classes)}


def _without_labels(dataset: Dataset, gathering: Gathering) -> Seen | Absent:
    if dataset.blind is None:
        return gathering.seen(dataset)
    from bot.world.holdout_blind import read_blind

    local = gathering.file(dataset.blind.uri, dataset.blind.digest, Kind.DATA)
    if isinstance(local, Absent):
        return local
    return read_blind(local.path, dataset, dataset.blind)


def _forget(cache: Path, dataset: Dataset) -> None:
    shutil.rmtree(cache / "sha256" / dataset.digest.removeprefix("sha256:"), ignore_errors=True)


def enter(*arguments: str) -> NoReturn:
    """Become `lockstep ARGUMENTS`; this program, its memory and its environment end here.

    An environment that was only emptied can still be read in `/proc` as it was at the start.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-P", "-m", "bot", *arguments]
    os.execve(sys.executable, command, clean(os.environ))  # noqa: S606 -- a list, and no shell


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that holds nothing but what is known to be no secret."""
    kept = {name: environment[name] for name in PASSED_ON if name in environment}
    return {**kept, "PYTHONPATH": str(Path(bot.__file__).resolve().parent.parent)}


@dataclass
class _Inside(Gathering):
    """What was furnished, as the questions ask for it."""

    artifacts: dict[tuple[Artifact, ArtifactRules], Local | Absent] = field(default_factory=dict)
    shown: dict[Dataset, Seen | Absent] = field(default_factory=dict)

    def artifact(self, artifact: Artifact, rules: ArtifactRules) -> Local | Absent:
        """Find an artifact's bytes."""
        return self.artifacts.get((artifact, rules), _absent(Fault.ARTIFACT_UNREACHABLE))

    def seen(self, dataset: Dataset) -> Seen | Absent:
        """Find what models may see of a data set."""
        return self.shown.get(dataset, _absent(Fault.DATA_UNREACHABLE))


def let_in(room: Path, out: Path, say: Callable[[str], None]) -> None:
    """Let the models of a room answer, and leave a bundle; the room is gone afterwards."""
    from bot.world.bundle_write import write
    from bot.world.gather import scanned
    from bot.world.sandbox_child import shy
    from bot.world.telling import tell

    try:
        listed = json.loads((room / LIST).read_text(encoding="utf-8"))
        version = listed["version"]
        inside = _Inside(None, room / "none", version, say, room / "features")  # type: ignore[arg-type]  # nothing is fetched any more
        for one in listed["artifacts"]:
            known = Artifact.model_validate(one["artifact"])
            inside.artifacts[known, ArtifactRules.model_validate(one["rules"])] = _local(one)
        for one in listed["data"]:
            inside.shown[Dataset.model_validate(one["dataset"])] = _seen(one)
        needs = [need_of(one) for one in listed["questions"]]
        with shy.held():
            for need in needs:
                if isinstance(need, Scanned):
                    inside.scans[need.artifact] = scanned(need, inside)
            told = tell([one for one in needs if not isinstance(one, Scanned)], inside)
        write(out, told, version=version, head=listed["head"], base=listed["base"])
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _local(one: Mapping[str, Any]) -> Local | Absent:
    if "fault" in one:
        return _absent(Fault[one["fault"]])
    return Local(Path(one["path"]), Weight(*one["weight"]))


def _seen(one: Mapping[str, Any]) -> Seen | Absent:
    import pyarrow as pa

    if "fault" in one:
        return _absent(Fault[one["fault"]])
    with pa.OSFile(one["path"], "rb") as file:
        return Seen(pa.ipc.open_file(file).read_all(), tuple(one["classes"]))


def _absent(fault: Fault) -> Absent:
    return Absent(fault=fault, reason=_GONE, remedy="")
