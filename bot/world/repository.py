"""A repository is read by full object ids and names checked here, and pushed to forward only.

Every revision position is closed by `--end-of-options` and every path follows `--`.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import NotARepository, Problem, Unavailable, UnsafeFile
from bot.core.proposal import Blob, Touched
from bot.world.git import BRANCH, OBJECT, Failed, checked, run
from bot.world.git_log import Landed, landings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PLAIN = "100644"


@dataclass(frozen=True, slots=True)
class Repository:
    """A local git repository, bare or not, that may be fetched into and pushed from."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to every command that meets a remote, such as an authentication header."""

    @classmethod
    def at(cls, folder: Path) -> Repository:
        """Open the repository that holds a folder.

        Raises:
            NotARepository: there is none.
        """
        try:
            top = run(folder, ["rev-parse", "--path-format=absolute", "--git-common-dir"])
        except Failed as failed:
            raise NotARepository(
                Problem(
                    what=f"{folder.name or folder} is not in a git repository ({failed.said})",
                    remedy="run inside a clone, or `git init` first",
                )
            ) from None
        return cls(Path(top.decode().strip()))

    @classmethod
    def create(cls, folder: Path, environment: Mapping[str, str] | None = None) -> Repository:
        """Make an empty bare repository to fetch into; an existing one is kept."""
        folder.mkdir(parents=True, exist_ok=True)
        run(folder, ["init", "--quiet", "--bare", "."])
        return cls(folder, environment or {})

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        remote: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run one plumbing command and return what it printed.

        Raises:
            Failed: git ended with an error.
        """
        environment = {**(self.environment if remote else {}), **(extra or {})}
        return run(self.folder, list(arguments), stdin, environment)

    def resolve(self, name: str) -> str | None:
        """Return the commit a branch or an object id names, or None."""
        if not (OBJECT.match(name) or BRANCH.match(name) or name == "HEAD"):
            return None
        try:
            found = self.run(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
            )
        except Failed:
            return None
        return found.decode().strip()

    def commit(self, name: str) -> str:
        """Return the commit a branch or an object id names.

        Raises:
            NotARepository: there is no such commit.
        """
        found = self.resolve(name)
        if found is None:
            raise NotARepository(
                Problem(
                    what=f"there is no commit '{name[:80]}'",
                    remedy="name a branch or a full commit id, or fetch it",
                )
            )
        return found

    def tree(self, tree: str, path: str = "") -> Iterator[tuple[str, str, int, str]]:
        """Walk the files of a commit or tree below a path: (mode, object id, bytes, path)."""
        command = ["ls-tree", "-r", "-z", "-l", "--full-tree", checked(tree)]
        listed = self.run(*command, *(["--", path] if path else []))
        for line in listed.split(b"\0")[:-1]:
            about, _, name = line.partition(b"\t")
            mode, _, oid, size = about.split()
            path = name.decode("utf-8", "surrogateescape")
            yield mode.decode(), oid.decode(), 0 if size == b"-" else int(size), path

    def blob(self, tree: str, path: str, *, most: int) -> Blob | None:
        """Read a plain file of a commit or tree; None when it is not there.

        Raises:
            UnsafeFile: it is a symlink, a submodule, a folder, executable, or over `most` bytes.
        """
        for mode, oid, size, name in self.tree(tree, path):
            if name != path:
                raise _unsafe(path, "it is a folder")
            if mode != PLAIN:
                raise _unsafe(path, _kind(mode))
            if size > most:
                raise _unsafe(path, f"it has {size:,} bytes, more than {most:,}")
            return Blob(text=self.run("cat-file", "blob", oid), oid=oid)
        return None

    def files(self, tree: str, folder: str, *, suffix: str, most: int) -> dict[str, bytes]:
        """Read the plain files of a folder that end in a suffix, by path."""
        found: dict[str, bytes] = {}
        for _, _, _, name in self.tree(tree, f"{folder}/"):
            if name.endswith(suffix):
                blob = self.blob(tree, name, most=most)
                if blob is not None:
                    found[name] = blob.text
        return found

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor, or None when the histories are unrelated."""
        try:
            return self.run("merge-base", checked(one), checked(other)).decode().strip()
        except Failed:
            return None

    def touched(self, base: str, head: str) -> tuple[Touched, ...]:
        """List the paths that differ between two commits, with the mode they have in `head`."""
        raw = self.run(
            "diff-tree",
            "-r",
            "-z",
            "--raw",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            checked(base),
            checked(head),
        ).split(b"\0")
        changed = []
        for about, name in zip(raw[:-1:2], raw[1::2], strict=False):
            _, mode, _, _, _ = about.decode().lstrip(":").split()
            changed.append(Touched(path=name.decode("utf-8", "replace"), mode=mode))
        return tuple(changed)

    def merged(self, base: str, head: str) -> str | None:
        """Merge two commits in memory; return the tree, or None when they conflict."""
        try:
            done = self.run(
                "merge-tree",
                "--write-tree",
                "--name-only",
                "--no-messages",
                checked(base),
                checked(head),
            )
        except Failed as failed:
            if failed.status == 1:
                return None
            raise
        return done.decode().split("\n", 1)[0].strip()

    def history(self, tip: str, path: str, *, most: int = -1) -> tuple[Landed, ...]:
        """List the first-parent commits that changed a path, newest first; all by default."""
        raw = self.run(
            "log",
            "--first-parent",
            "-m",
            f"--max-count={most}",
            "-z",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--format=%x01%H %ct",
            "--end-of-options",
            checked(tip),
            "--",
            path,
        )
        return tuple(landings(raw))

    def contents(self, oids: Sequence[str]) -> Iterator[bytes]:
        """Read many blobs with one process, in the order asked."""
        asked = "".join(f"{checked(oid)}\n" for oid in oids).encode()
        stream = self.run("cat-file", "--batch", stdin=asked)
        at = 0
        for _ in oids:
            end = stream.index(b"\n", at)
            size = int(stream[at:end].split()[2])
            yield stream[end + 1 : end + 1 + size]
            at = end + size + 2

    def fetch(self, remote: str, *refspecs: str) -> None:
        """Bring objects from a remote.

        Raises:
            Unavailable: the remote did not give them.
        """
        try:
            self.run(
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--force",
                "--end-of-options",
                remote,
                *refspecs,
                remote=True,
            )
        except Failed as failed:
            raise Unavailable(f"git fetch: {failed.said}") from None

    def push(self, remote: str, oid: str, branch: str) -> bool:
        """Move a remote branch forward to a commit; False when it is elsewhere by now.

        Raises:
            Unavailable: the remote did not answer.
        """
        try:
            self.run(
                "push",
                "--quiet",
                "--porcelain",
                "--end-of-options",
                remote,
                f"{checked(oid)}:refs/heads/{branch}",
                remote=True,
            )
        except Failed as failed:
            if failed.status == 1:
                return False
            raise Unavailable(f"git push: {failed.said}") from None
        return True

    def append(
        self, parent: str | None, files: Mapping[str, bytes], message: str, when: datetime
    ) -> str:
        """Write a commit that adds files to those of `parent`; no branch moves."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if parent is not None:
                self.run("read-tree", checked(parent), extra=index)
            lines = []
            for path, text in files.items():
                oid = self.run("hash-object", "-w", "--stdin", stdin=text).decode().strip()
                lines.append(f"{PLAIN} {oid}\t{path}\n")
            self.run(
                "update-index", "--add", "--index-info", stdin="".join(lines).encode(), extra=index
            )
            tree = self.run("write-tree", extra=index).decode().strip()
        parents = ["-p", parent] if parent else []
        stamp = f"{int(when.timestamp())} +0000"
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (
                ("NAME", "lockstep"),
                ("EMAIL", "lockstep@localhost"),
                ("DATE", stamp),
            )
        }
        return (
            self.run("commit-tree", tree, *parents, stdin=message.encode(), extra=who)
            .decode()
            .strip()
        )


def _kind(mode: str) -> str:
    kinds = {
        "120000": "it is a symlink",
        "160000": "it is a submodule",
        "100755": "it is executable",
    }
    return kinds.get(mode, "it is not a plain file")


def _unsafe(path: str, what: str) -> UnsafeFile:
    return UnsafeFile(Problem(what=what, remedy="make it a plain file of a sane size", file=path))
