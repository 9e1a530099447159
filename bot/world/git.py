"""Git, run as plumbing alone: no hooks, no filters, no configuration of the repository's authors.

The only importer of GitPython.  Its dynamic `repo.git.*` calls are not used: they let an
argument become an option.
"""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING

from git.cmd import Git
from git.exc import CommandError, GitCommandNotFound

from bot.core.errors import NotARepository, Problem, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OBJECT = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?\Z")
BRANCH = re.compile(r"(?!.*(\.\.|//|@\{|\.lock(/|$)))[A-Za-z0-9][A-Za-z0-9._/+-]{0,200}(?<![./])\Z")
SAFE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    # Unlike `protocol.allow`, no setting of a repository takes this back.
    "GIT_ALLOW_PROTOCOL": "file:http:https",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C.UTF-8",
}
QUIET = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.attributesFile=/dev/null",
    "-c",
    "core.quotePath=false",
    "-c",
    "transfer.fsckObjects=true",
    "-c",
    "log.showSignature=false",
    "-c",
    "gc.auto=0",
)


class Failed(Unavailable):
    """A git command ended with an error that nobody expected here."""

    def __init__(self, status: int, said: str) -> None:
        """Keep the exit status and the first line of what git said."""
        self.status = status
        self.said = said.strip().splitlines()[0][:300] if said.strip() else f"exit status {status}"
        super().__init__(f"git: {self.said}")


def run(
    folder: Path,
    arguments: list[str],
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run one git command in a folder and return what it printed.

    Raises:
        Failed: git ended with an error.
        NotARepository: git or the folder is not there.
    """
    with tempfile.TemporaryFile() as given:
        given.write(stdin or b"")
        given.seek(0)
        try:
            status, out, err = Git(str(folder)).execute(
                ["git", *QUIET, *arguments],
                istream=given,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env={**SAFE, **(environment or {})},
            )
        except GitCommandNotFound:
            raise NotARepository(
                Problem(
                    what="git cannot be run here", remedy="install git and name an existing folder"
                )
            ) from None
        except CommandError as error:
            raise Failed(1, str(error)) from None
    if status:
        raise Failed(int(status), str(err))
    return bytes(out)


def checked(oid: str) -> str:
    """Return an object id, or refuse what could be read as an option."""
    if not OBJECT.match(oid):
        raise NotARepository(
            Problem(what=f"'{oid[:80]}' is not a full object id", remedy="resolve the name first")
        )
    return oid
