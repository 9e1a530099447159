"""A repository with very many open pull requests, on a server that speaks GitHub's API.

Run as `python -m benchmarks.load_stage FOLDER OPEN TRIED`: it prints where it listens and serves
until its input ends.  Every request is written to FOLDER/requests.jsonl with its time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.lock import Artifact, Entry, Lineage, Model
from bot.core.lockfile import dump
from bot.world.store import digest_of
from tests.forges.server.state import Pull
from tests.forges.server.web import Server
from tests.forges.stand import BOT
from tests.stories.workshop import GATES, POLICY, rows, write_models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.forges.server.state import Hosted

MODELS = 50
TRAINED = f"https://example.org/acme/train@{'1f3c' * 10}"
LIGHT = """\
models: [m*]
ladder: [production]
artifacts: {flavors: [skops]}
gates:
  registration: [artifact]
  production: [lineage: {require: [code]}]
  opening: [artifact]
promotion: {merge: approved}
"""
"""What most requests are judged by: no gate of it runs a model."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stage in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    api: str
    token: str
    numbers: tuple[int, ...]
    """Requests that no gate runs a model for."""
    tried: tuple[int, ...]
    """Requests whose models run in the sandbox."""

    @property
    def environment(self) -> dict[str, str]:
        """What a verb is told to speak with this server."""
        return {"GITHUB_API_URL": self.api, "GITHUB_TOKEN": self.token}

    def requests(self) -> list[tuple[float, str, str]]:
        """Return what was asked of the API: when, the method and the path."""
        lines = (self.folder / "requests.jsonl").read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines]

    def close(self) -> None:
        """End it."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def opened(folder: Path, requests: int, tried: int) -> Opened:
    """Open a stage in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load_stage", str(folder), str(requests),
               str(tried)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).resolve().parent.parent, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    said = json.loads(process.stdout.readline())
    return Opened(process, folder, said["api"], said["token"], tuple(said["numbers"]),
                  tuple(said["tried"]))


class Stamped(list[tuple[str, str]]):
    """A log that writes every entry to a file as well, with its time."""

    def __init__(self, file: Path) -> None:
        """Begin the file."""
        self._file = file.open("w", buffering=1)

    def append(self, entry: tuple[str, str]) -> None:
        """Write one entry."""
        self._file.write(json.dumps([time.time(), *entry]) + "\n")


def main() -> None:
    """Serve."""
    folder, requests, tried = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with Server(folder / "server") as server:
        owner, bot = server.state.join("acme"), server.state.join(BOT, app=True)
        hosted = server.host(owner, "models")
        hosted.roles[BOT] = "write"
        heads = _import(hosted.path, _written(folder / "tree"), requests, tried)
        for number, sha in enumerate(heads, 1):
            hosted.pulls[number] = _pull(server, hosted, number, sha)
        server.log = Stamped(folder / "requests.jsonl")
        numbers = list(range(1, requests + 1))
        print(json.dumps({"api": server.api_url, "token": bot.token,
                          "numbers": numbers[tried:], "tried": numbers[:tried]}), flush=True)
        sys.stdin.read()


def _written(tree: Path) -> Path:
    """Write the files of the default branch, the lock aside."""
    for name in ("data", "models", "policies"):
        (tree / name).mkdir(parents=True)
    rows(2).to_parquet(tree / "data/holdout.parquet")
    write_models(tree / "models")
    (tree / "models/m.skops").write_bytes(b"no gate loads it")
    (tree / "policies/light.yaml").write_text(LIGHT)
    (tree / "policies/churn.yaml").write_text(POLICY.format(
        ladder="production", digest=digest_of(tree / "data/holdout.parquet").digest,
        flavors="skops", registration="artifact, unsafe_code", merge="approved",
        stages=f"  production:\n{GATES}"))
    return tree


def _locks(tree: Path, requests: int, tried: int) -> Iterator[bytes]:
    """Write the lock of the default branch, then that of each request."""
    def entry(name: str) -> Entry:
        uri = f"models/{name}.skops"
        artifact = Artifact(uri=uri, digest=digest_of(tree / uri).digest, flavor="skops")
        return Entry(artifact=artifact, lineage=Lineage(code=TRAINED))

    light, one, two = entry("m"), entry("1"), entry("2")
    names = [f"m{number:03}" for number in range(MODELS)]
    first = Model(versions={"1": light}, stages={"production": "1"})
    base = dict.fromkeys(names, first)
    base["churn"] = Model(versions={"1": one}, stages={"production": "1"})
    yield dump(base)
    better = Model(versions={"1": one, "2": two}, stages={"production": "2"})
    for number in range(1, requests + 1):
        if number <= tried:
            yield dump({**base, "churn": better})
        else:
            version = str(number + 1)
            model = Model(versions={"1": light, version: light}, stages={"production": version})
            yield dump({**base, names[number % MODELS]: model})


def _import(bare: Path, tree: Path, requests: int, tried: int) -> list[str]:
    """Bring the default branch and every head into a repository by one `git fast-import`."""
    locks = _locks(tree, requests, tried)
    stream = [*_commit("refs/heads/main", 1, None), *_file("models.lock", next(locks))]
    for path in sorted(one for one in tree.rglob("*") if one.is_file()):
        stream += _file(path.relative_to(tree).as_posix(), path.read_bytes())
    for number, lock in enumerate(locks, 1):
        stream += [*_commit(f"refs/heads/p{number}", number + 1, 1), *_file("models.lock", lock)]
        stream.append(b"reset refs/pull/%d/head\nfrom :%d\n\n" % (number, number + 1))
    marks = tree.parent / "marks"
    subprocess.run(["git", f"--git-dir={bare}", "fast-import", "--quiet",
                    f"--export-marks={marks}"], input=b"".join(stream), check=True)
    found = dict(line.split(" ") for line in marks.read_text().splitlines())
    return [found[f":{number + 1}"] for number in range(1, requests + 1)]


def _commit(ref: str, mark: int, parent: int | None) -> list[bytes]:
    onto = b"" if parent is None else b"from :%d\n" % parent
    who = b"committer somebody <somebody@localhost> 1767600000 +0000\n"
    return [b"commit %s\nmark :%d\n" % (ref.encode(), mark), who, b"data 7\nPromote\n", onto]


def _file(path: str, text: bytes) -> list[bytes]:
    return [b"M 100644 inline %s\ndata %d\n" % (path.encode(), len(text)), text, b"\n"]


def _pull(server: Server, hosted: Hosted, number: int, sha: str) -> Pull:
    said: dict[str, Any] = {"title": f"Promote {number}", "body": None, "base": "main"}
    at = server.state.now()
    author = server.state.accounts.get("ana") or server.state.join("ana")
    hosted.roles["ana"] = "write"
    return Pull(id=server.state.next_id(), number=number, author=author, head=f"p{number}",
                source=hosted, head_sha=sha, created=at, updated=at, **said)


if __name__ == "__main__":
    main()
