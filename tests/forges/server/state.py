"""What the test server remembers: accounts, repositories, and what was said about them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .app import App, Minted
    from .settings import Settings
    from .storage import Kept

EPOCH = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody with a token; an app's installation may not ask who it is."""

    login: str
    id: int
    token: str
    app: bool = False


@dataclass(kw_only=True)
class Said:
    """A comment on a pull request."""

    id: int
    number: int
    author: Account | None
    body: str
    created: str
    updated: str
    reactions: list[tuple[str, str]] = field(default_factory=list)
    """Who reacted, and how."""


@dataclass(kw_only=True)
class Matter:
    """An issue."""

    id: int
    number: int
    author: Account
    title: str
    body: str
    created: str
    updated: str
    open: bool = True


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """One review: a state that GitHub names and the commit it was about."""

    id: int
    author: Account | None
    state: str
    sha: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Marked:
    """One status of a commit."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    creator: Account
    at: str


@dataclass(kw_only=True)
class Pull:
    """A pull request."""

    id: int
    number: int
    title: str
    body: str | None
    author: Account
    base: str
    head: str
    source: Hosted | None
    """The repository the head is in; None once that fork was deleted."""
    head_sha: str
    created: str
    updated: str
    draft: bool = False
    open: bool = True
    merged_as: str | None = None
    merged_by: Account | None = None
    closed: str | None = None
    reviews: list[Reviewed] = field(default_factory=list)
    seen_at: tuple[str | None, str | None] | None = None
    """The tips of head and base when it was last brought up to date."""


@dataclass(kw_only=True, eq=False)
class Hosted:
    """A repository: a bare one on disk and everything around it."""

    id: int
    owner: Account
    name: str
    path: Path
    parent: Hosted | None = None
    default_branch: str = "main"
    private: bool = False
    roles: dict[str, str] = field(default_factory=dict)
    """Login to a role: admin, maintain, write, triage, read, or one of `custom`."""
    custom: dict[str, str] = field(default_factory=dict)
    """Roles that the organisation made up, and the one each builds on."""
    teams: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """`org/slug` to the logins of its members."""
    teams_withheld: bool = False
    """Whether the token may not see teams, as a workflow's own may not."""
    required: tuple[str, ...] = ()
    """Status contexts that must be `success` before a merge."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Said] = field(default_factory=dict)
    statuses: list[Marked] = field(default_factory=list)
    pushes: list[tuple[str, str, str, Account, str]] = field(default_factory=list)
    """What git was sent: branch, commit before and after, by whom and when."""
    issues: dict[int, Matter] = field(default_factory=dict)
    has_issues: bool = True
    artifacts: dict[int, Kept] = field(default_factory=dict)
    queue: list[int] | None = None
    """Numbers in the merge queue, first to land first; None where there is no queue."""
    merged_trees: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """What base and head merge into, by their commits; git is asked once."""
    undecided: set[int] = field(default_factory=set)
    """Pull requests that are not known to conflict or not until they are asked about again."""

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"

    def role(self, account: Account | None) -> str:
        """Say what an account may do here: admin, write, read or none."""
        name = self.role_name(account)
        return {"maintain": "write", "triage": "read"}.get(name, self.custom.get(name, name))

    def role_name(self, account: Account | None) -> str:
        """Name the role of an account, which may be a made-up one."""
        login = account.login if account else ""
        fallback = "none" if self.private else "read"
        return "admin" if login == self.owner.login else self.roles.get(login, fallback)

    def next_number(self) -> int:
        """Return the number of the next pull request or issue."""
        return max((*self.pulls, *self.issues), default=0) + 1


class State:
    """Everything on the server; one lock, a clock that counts requests, ids that only grow."""

    def __init__(self, folder: Path) -> None:
        """Keep bare repositories under `folder`."""
        self.folder = folder
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[str, Hosted] = {}
        self.renamed: dict[str, str] = {}
        """Former names to present ones."""
        self.apps: list[App] = []
        self.tokens: dict[str, Minted] = {}
        """Tokens of installations."""
        self.settings: dict[str, Settings] = {}
        """What administrators clicked, by repository."""
        self.ahead = timedelta()
        """How far this server's clock is ahead of the machine's."""
        # Ids of comments have outgrown 32 bits; ours begin there too.
        self._ids = count(3_000_000_001)
        self._seconds = count(1)

    def next_id(self) -> int:
        """Return an id that was never used."""
        return next(self._ids)

    def now(self) -> str:
        """Tell the time, one second later at every question."""
        return f"{EPOCH + timedelta(seconds=next(self._seconds)):%Y-%m-%dT%H:%M:%SZ}"

    def time(self) -> datetime:
        """Tell the time by which tokens end, and that every answer's `Date` shows."""
        return datetime.now(UTC) + self.ahead

    def join(self, login: str, *, app: bool = False) -> Account:
        """Open an account and give it a token."""
        token = f"{'ghs' if app else 'ghp'}_{login.replace('[bot]', '').replace('-', '')}{'0' * 20}"
        account = Account(login=login, id=self.next_id(), token=token, app=app)
        self.accounts[login] = account
        return account

    def holder(self, token: str) -> Account | None:
        """Say whose token this is; one that has ended is nobody's."""
        if token in self.tokens:
            minted = self.tokens[token]
            return minted.account if self.time() < minted.until else None
        if token.count(".") == 2:
            return Account(login="an app by its signed word", id=0, token=token, app=True)
        return next((one for one in self.accounts.values() if one.token == token), None)
