"""The worlds a request can be handled in: a working tree, or a forge.

Both gather in the same way; they differ in what they read and in what they may do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import __version__
from bot.core.action import MergePullRequest
from bot.core.errors import Moved
from bot.world.perform import Performed, Performer
from bot.world.reading import read_request, read_working_tree, standing_of
from bot.world.store import Store
from bot.world.store_committed import Committed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.core.action import Action
    from bot.core.evidence import Evidence, Need
    from bot.core.proposal import Blob, Proposal, Request, Standing, Touched
    from bot.world.forge import Forge, PullRequest
    from bot.world.models import Models
    from bot.world.repository import Repository

DOCUMENTATION = "https://github.com/lockstep-bot/lockstep/blob/main/docs"


def quiet(_: str) -> None:
    """Say nothing."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Choose the cache: LOCKSTEP_CACHE, else the user's cache folder."""
    named = environment.get("LOCKSTEP_CACHE")
    home = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(named) if named else Path(home) / "lockstep"


def packaged_templates() -> dict[str, str]:
    """Read the templates that the program ships with."""
    package = Path(__file__).resolve().parent.parent
    beside = package / "templates"
    folder = beside if beside.is_dir() else package.parent / "templates"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass
class WorkingTree:
    """A clone with an edited lock; judging it changes nothing anywhere."""

    root: Path
    repository: Repository
    base: str
    lock: Blob | None
    touched: tuple[Touched, ...]
    cache: Path = field(default_factory=cache_folder)
    say: Callable[[str], None] = quiet
    version: str = __version__
    documentation: str = DOCUMENTATION
    templates: Mapping[str, str] = field(default_factory=packaged_templates)

    def read(self, request: Request) -> Proposal:
        """Read the working tree's lock against the base."""
        return read_working_tree(
            request,
            self.root.name,
            self.repository,
            base=self.base,
            lock=self.lock,
            touched=self.touched,
        )

    def gather(self, needs: frozenset[Need[Any]]) -> Evidence:
        """Answer every need, with addresses relative to the working tree."""
        from bot.world.gather import gather

        return gather(needs, Store(self.root, self.cache), self.cache, self.version, self.say)

    def perform(self, actions: tuple[Action, ...]) -> None:
        """Do nothing: a working tree has no pull request."""


@dataclass
class Hosted:
    """A pull request on a forge, judged from committed files alone."""

    forge: Forge
    repository: Repository
    """A bare clone that the bot may fetch into."""
    cache: Path = field(default_factory=cache_folder)
    say: Callable[[str], None] = quiet
    dry_run: bool = False
    version: str = __version__
    documentation: str = DOCUMENTATION
    templates: Mapping[str, str] = field(default_factory=packaged_templates)
    known: PullRequest | None = None
    """The request, when it was looked at a moment ago; `read` takes it once."""
    performed: Performed = field(default_factory=Performed)
    """What came of the actions: the landed commit, or a place in the merge queue."""
    _base: str = ""
    _rested_on: Standing | None = None
    _judged: PullRequest | None = None
    asks_who_pushed: bool = True
    """Ask the forge who pushed the head before an approval lets it land."""
    _pushers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Who pushed a head, where that was asked."""

    def read(self, request: Request) -> Proposal:
        """Fetch the pull request and read it."""
        self.say(f"reading pull request {request.number}")
        known, self.known = self.known, None
        if known is None or known.number != request.number:
            assert request.number is not None, "a forge is asked"  # noqa: S101 -- narrows a type
            known = self.forge.pull_request(request.number)
        known = self._with_pushers(known)
        proposal = read_request(known, self.forge, self.repository)
        self._base, self._rested_on, self._judged = proposal.base_sha, proposal.standing, known
        return proposal

    def store(self, cache: Path) -> Store:
        """Open a store whose addresses are relative to the base commit."""

        def committed(path: str) -> Committed:
            return Committed(self.repository, self._base, path)

        return Store(committed, cache)

    def gather(self, needs: frozenset[Need[Any]], models: Models | None = None) -> Evidence:
        """Answer every need; models run here, unless others have had them answer."""
        from bot.world.gather import gather

        return gather(needs, self.store(self.cache), self.cache, self.version, self.say, models)

    def perform(self, actions: tuple[Action, ...], fresh: PullRequest | None = None) -> None:
        """Bring about every action, or none in a dry run.

        Args:
            actions: In order.
            fresh: The request, when it was looked at a moment ago and nothing has run since.

        Raises:
            Moved: head, base or standing moved, or an approval does not count after all.
        """
        if self.dry_run:
            return
        if any(isinstance(one, MergePullRequest) for one in actions):
            self._ask_who_pushed()
        performer = Performer(
            self.forge,
            self.repository,
            self.say,
            standing=self._standing_now,
            rested_on=self._rested_on,
            fresh=fresh,
            known=self._judged,
        )
        self.performed = performer.perform(actions)

    def _standing_now(self, pull: PullRequest) -> Standing:
        """Read again what people say about a request; the audit branch was fetched just now."""
        known = self._with_pushers(pull)
        return standing_of(known, self.repository, self._base, datetime.now(UTC))

    def _with_pushers(self, pull: PullRequest) -> PullRequest:
        """Count who is known to have pushed the head among those who made it."""
        return replace(pull, made_by=(*pull.made_by, *self._pushers.get(pull.head_sha, ())))

    def _ask_who_pushed(self) -> None:
        """Let nobody's approval land what they pushed; a commit's own names are for anybody.

        Raises:
            Moved: one who approved has pushed the head; judged again, that counts no more.
        """
        pull, said = self._judged, self._rested_on
        if pull is None or said is None or not (self.asks_who_pushed and said.approved_by):
            return
        if pull.head_sha in self._pushers:
            return
        self._pushers[pull.head_sha] = pushers = self.forge.pushers(pull) or ()
        if {one.casefold() for one in pushers} & {one.casefold() for one in said.approved_by}:
            raise Moved("who pushed the head approved of it, which does not count")
