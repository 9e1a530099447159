"""An honest bundle about a small data set, and ways to spoil it; no model runs."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.core.bundle import RUN
from bot.core.lock import Artifact
from bot.core.policy import ArtifactRules, Dataset, SandboxRules
from bot.core.questions import Answered, Answers, Loaded, Timed, Timings
from bot.runner.numbers import DONE, Numbers
from bot.world.answering import Finished
from bot.world.bundle_write import write
from bot.world.gathering import Gathering
from bot.world.sandbox_ending import Ending
from bot.world.sandbox_features import shuffled
from bot.world.sandbox_output import Output
from bot.world.store import Store, digest_of
from bot.world.telling import Told
from bot.world.testimony import Testimony

VERSION, HEAD, BASE = "0.1.0", "a" * 40, "b" * 40
ROWS, REQUESTS = 300, 60
RULES, SANDBOX = ArtifactRules(flavors=("onnx",)), SandboxRules()


@dataclass
class Judge:
    """Zone 2 about one small data set: what is asked, and what is there to check it with."""

    folder: Path
    answered: Answered
    loaded: Loaded
    timed: Timed

    @classmethod
    def sits(cls, folder: Path) -> Judge:
        """Write a hold-out and an artifact, and ask three questions."""
        (folder / "store").mkdir(parents=True)
        lines = ["x,late", *(f"{row / 7},{row % 2}" for row in range(ROWS))]
        (folder / "store/rows.csv").write_text("\n".join(lines))
        (folder / "store/m.onnx").write_bytes(b"a model")
        data = Dataset(
            uri="rows.csv", digest=digest_of(folder / "store/rows.csv").digest, task="binary",
            target="late",
        )  # fmt: skip
        model = Artifact(
            uri="m.onnx", digest=digest_of(folder / "store/m.onnx").digest, flavor="onnx"
        )
        return cls(
            folder,
            Answered(model, RULES, SANDBOX, data),
            Loaded(model, RULES, SANDBOX, data),
            Timed(model, None, RULES, SANDBOX, data, REQUESTS, 1),
        )

    def honest(self) -> Path:
        """Write what an honest job leaves: the class of every row, right in all cases."""
        questions = shuffled(ROWS, seed=3)
        told = {
            self.answered: Told(run=finished(questions.row_at), questions=questions),
            self.loaded: Told(run=finished(questions.row_at)),
            self.timed: Told(timings=Timings(
                challenger=np.full(REQUESTS, 1.5), champion=None, rows_per_request=1, warmup=20,
            )),
        }  # fmt: skip
        out = self.folder / "bundle"
        write(out, told, version=VERSION, head=HEAD, base=BASE)
        return out

    def asks(self, fetch: Any, *, head: str = HEAD, base: str = BASE) -> Any:
        """Ask for the answers out of a bundle."""
        gathering = self.gathering()
        Testimony(fetch, VERSION, head, base).answer([self.answered], gathering)
        return gathering.answers[self.answered.artifact, self.answered.dataset]

    def times(self, fetch: Any) -> Any:
        """Ask for the times out of a bundle."""
        return Testimony(fetch, VERSION, HEAD, BASE).timed(self.timed, self.gathering())

    def loads(self, fetch: Any) -> Any:
        """Ask how the model loaded."""
        return Testimony(fetch, VERSION, HEAD, BASE).loaded(self.loaded, self.gathering())

    def gathering(self) -> Gathering:
        """A fresh round of questions."""
        store = Store(self.folder / "store", self.folder / "cache")
        return Gathering(store, self.folder / "cache", VERSION, print, self.folder / "scratch")


def finished(row_at: np.ndarray[Any, Any]) -> Finished:
    """A run that answered the class of each row with certainty."""
    codes = (row_at % 2).astype(np.float64)
    scores = np.stack([1 - codes, codes, np.zeros(len(codes))], axis=1)
    flags = np.ones(1, np.uint8), np.ones(2, np.uint8)
    return Finished(
        output=Output(Numbers(stage=DONE, load_seconds=0.5), codes, scores, *flags),
        ending=Ending(code=0, seconds=2.0, timed_out=False, overflowed=False),
        layers=("landlock7", "namespaces", "rlimits"),
        missing=("namespaces: bwrap is not installed",),
    )


def right(found: Any) -> bool:
    """Tell whether answers are the honest ones."""
    assert isinstance(found, Answers), found
    return bool((found.predicted == np.arange(ROWS) % 2).all())


def told(folder: Path) -> dict[str, Any]:
    """Read the account."""
    content: dict[str, Any] = json.loads((folder / RUN).read_text())
    return content


def retold(folder: Path, **changes: Any) -> None:
    """Change the account."""
    (folder / RUN).write_text(json.dumps({**told(folder), **changes}))


def spoiled(folder: Path, place: int, **changes: Any) -> None:
    """Change what the account says about one question; a run's fields as `run__code`."""
    found = told(folder)["found"]
    for name, value in changes.items():
        part, _, inner = name.partition("__")
        if inner:
            found[place][part][inner] = value
        else:
            found[place][part] = value
    retold(folder, found=found)


def array(folder: Path, name: str) -> np.ndarray[Any, Any]:
    """Read an array."""
    loaded: np.ndarray[Any, Any] = np.load(folder / f"{name}.npy")
    return loaded


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack files as an upload does."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return whole.getvalue()


def within(folder: Path) -> dict[str, bytes]:
    """Read a bundle's files as they are."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def entry(name: str, mode: int = 0o100644, text: bytes = b"x") -> tuple[zipfile.ZipInfo, bytes]:
    """Make one entry of a zip file, of any kind."""
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    made.create_system, made.compress_type = 3, zipfile.ZIP_DEFLATED
    return made, text


def header(shape: str, kind: str = "<f8") -> bytes:
    """Write the beginning of an array that need not have a rest."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    padded = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode()
