"""Making an entry: what a new version's artifact and lineage are, hashed now."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, get_args

import click

from bot.cli.forges import BARE
from bot.core.errors import Fault, NotARepository, Problem, UnsafeFile
from bot.core.figures import size
from bot.core.lock import Flavor
from bot.core.proposal import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.cli.worktree import Worktree
    from bot.core.questions import Weight
    from bot.world.store import Access

SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
SUFFIXES = {
    ".onnx": "onnx",
    ".skops": "skops",
    ".joblib": "joblib",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".ubj": "xgboost",
    ".json": "xgboost",
    ".txt": "lightgbm",
}
BIG = 50_000_000
"""Bytes from which hashing is worth a word on a terminal."""


class CannotBeHad(click.ClickException):
    """Bytes or rows that a person named cannot be had; leaves as a judgement of them would."""

    def __init__(self, problem: Problem, fault: Fault) -> None:
        """Take what is wrong, and the fault whose value is the exit code."""
        super().__init__(str(problem))
        self.exit_code = fault.value  # type: ignore[misc]  # click reads it from here

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence as every refusal is printed."""
        click.echo(self.message, file=file, err=file is None)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Bytes with their address in the lock and their digest."""

    uri: str
    weight: Weight


def weigh(worktree: Worktree, named: str, fault: Fault) -> Weighed:
    """Hash a path of the repository, or what an https or s3 address holds, which is fetched once.

    Raises:
        CannotBeHad: nothing is there, or an address does not give it; leaves as `fault`.
        UnsafeFile: it is no plain file or folder of this repository.
    """
    if SCHEME.match(named):
        with _progress(f"fetching and hashing {named.split('?', 1)[0]}", BIG):
            return Weighed(named, fetched(named, fault))
    from bot.world.store import digest_of

    path = Path(named).absolute()
    uri = _within(worktree.root, path, named)
    _require_there(path, uri, fault)
    with _progress(f"hashing {uri}", _bytes(path)):
        return Weighed(uri, digest_of(path))


def flavor_of(named: str, given: str | None) -> str:
    """Return the flavor that was given, else the one that the name tells.

    Raises:
        click.UsageError: it cannot be told from the name.
    """
    if given is not None:
        return given
    if (Path(named) / "MLmodel").is_file():
        return "mlflow"
    found = SUFFIXES.get(PurePosixPath(named.split("?", 1)[0]).suffix.lower())
    if found is None:
        raise click.UsageError(
            f"the name of {named} does not tell how it is loaded; "
            f"add --flavor, one of {', '.join(get_args(Flavor))}"
        )
    return found


def data_digest(named: str | None) -> str | None:
    """Return a digest as it is given, or hash the file or folder that is named.

    Raises:
        CannotBeHad: nothing is there.
        UnsafeFile: it is no plain file or folder.
    """
    if named is None or DIGEST.match(named):
        return named
    from bot.world.store import digest_of

    path = Path(named)
    _require_there(path, named, Fault.DATA_UNREACHABLE)
    with _progress(f"hashing {named}", _bytes(path)):
        return digest_of(path).digest


def code_of(worktree: Worktree) -> tuple[str | None, str]:
    """Name the commit that is checked out, as `https://…@<40 hex>`.

    A clone without a remote `origin` is named by its folder, as one with a local `origin` is.

    Returns:
        The name, or None and the reason why there is none.
    """
    head, origin = worktree.head, worktree.origin
    if head is None:
        return None, "this repository has no commit yet; commit, or give --code REPO@SHA"
    dirty = worktree.asked(
        "status", "--porcelain", "--untracked-files=no", "--", ".", f":(top,exclude){LOCK}"
    )
    if dirty:
        return None, "the working tree has uncommitted changes; commit, or give --code REPO@SHA"
    return f"{public(origin) if origin else worktree.root.name}@{head}", ""


def public(origin: str) -> str:
    """Write a remote's address without user, password or local path, as https where it can be."""
    match = re.fullmatch(r"(?:ssh://)?git@([\w.-]+)[:/](.+?)(?:\.git)?/?", origin)
    if match:
        return f"https://{match[1]}/{match[2]}"
    if SCHEME.match(origin) is None or origin.startswith("file:"):
        # A path says where this machine keeps it; the lock is read on others.
        path = PurePosixPath(origin)
        return path.parent.name if path.name == BARE else path.name.removesuffix(".git")
    return re.sub(r"^([a-z+]+://)[^@/]*@", r"\1", origin).removesuffix(".git")


def _require_there(path: Path, named: str, fault: Fault) -> None:
    if not os.path.lexists(path):
        raise CannotBeHad(
            Problem(what="nothing is there", remedy="check the path", file=named), fault
        )


def _within(root: Path, path: Path, named: str) -> str:
    """Return a path as the lock writes it.

    Raises:
        UnsafeFile: it lies outside the repository.
    """
    with contextlib.suppress(ValueError):
        uri = path.parent.resolve().joinpath(path.name).relative_to(root.resolve()).as_posix()
        if uri != ".":
            return uri
    raise UnsafeFile(
        Problem(
            what=f"{named} is not a file or folder inside this repository",
            remedy="commit it here, or upload it and give its https:// or s3:// address",
        )
    )


def fetched(uri: str, fault: Fault, access: Access | None = None) -> Weight:
    """Hash what an address holds, without keeping it.

    Raises:
        CannotBeHad: it may not or cannot be read; leaves as `fault`.
    """
    import tempfile

    from bot.world.store import Store
    from bot.world.store_pour import Caps, pour
    from bot.world.store_sources import NotFetched, shown

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), Path(folder), access)
        try:
            source = store._source(uri)  # noqa: SLF001 -- the store has no public name for it yet
            return pour(source, None, Caps(2**63, 100_000))
        except NotFetched as error:
            problem = Problem(what=error.reason, remedy=error.remedy, file=shown(uri))
            raise CannotBeHad(problem, fault) from None


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


@contextlib.contextmanager
def _progress(words: str, weight: int) -> Iterator[None]:
    """Show that long work goes on; nothing when it is short or nobody watches."""
    if weight < BIG or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{words} ({size(weight)})"):
        yield


def require_committed(worktree: Worktree, commit: str, uri: str) -> None:
    """Insist that a file a proposal names is on the branch it is proposed to.

    Raises:
        NotARepository: it is not committed there, so that no bot could fetch it.
    """
    if SCHEME.match(uri) or any(worktree.repository.tree(commit, uri)):
        return
    raise NotARepository(
        Problem(
            what=f"{uri} is not committed on the default branch",
            remedy="commit it there first, since a promotion changes models.lock alone; "
            "or upload it and give its https:// or s3:// address",
        )
    )
