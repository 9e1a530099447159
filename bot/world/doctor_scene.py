"""What the doctor looks at and with what; what several themes ask for is looked at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from bot.core.errors import Stop
from bot.core.policyfile import FOLDER
from bot.core.proposal import LARGEST, LOCK
from bot.world.doctor_app import Speaker, named_by, written_for
from bot.world.doctor_policies import read_rulebook
from bot.world.doctor_rules import read_rules
from bot.world.doctor_ruleset import ACTIONS_APP, Wanted
from bot.world.reading import MOST_POLICY
from bot.world.store import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from bot.world.doctor_policies import Rulebook
    from bot.world.doctor_rules import BranchRules
    from bot.world.forge import Forge
    from bot.world.github_app import Installation
    from bot.world.github_settings import Settings, Unseen
    from bot.world.repository import Repository
    from bot.world.store import Store

WORKFLOWS = ".github/workflows"
MOST_WORKFLOW = 512 * 1024


@dataclass
class Scene:
    """What there is to look at, and with what."""

    repository: Repository
    tip: str | None
    """The commit that is looked at: the tip of the default branch; None before the first."""
    branch: str
    store: Store
    cache: Path
    version: str
    now: datetime
    say: Callable[[str], None]
    drill: bool = False
    forge: Forge | None = None
    settings: Settings | None = None
    """None when the repository is not on GitHub, or there is no token."""
    installation: Installation | None = None
    app: int | None = None
    """The app's id, where a person named it."""
    on_github_com: bool = True
    action: str | None = None
    """What missing workflows are to use."""
    access: Access = field(default_factory=Access)
    _rules: dict[str, BranchRules | Unseen] = field(default_factory=dict)

    def blob(self, path: str, most: int) -> bytes:
        """Read a file of the commit; empty when it is not there.

        Raises:
            UnsafeFile: it is no plain file of a sane size.
        """
        found = self.tip and self.repository.blob(self.tip, path, most=most)
        return found.text if found else b""

    def look_anew(self) -> None:
        """Forget what may have been mended since."""
        self._rules.clear()

    def rules(self, branch: str) -> BranchRules | Unseen:
        """Ask for the rules of a branch, once.

        Raises:
            Unavailable: GitHub did not answer.
        """
        assert self.settings is not None, "left out without them"  # noqa: S101 -- narrows a type
        if branch not in self._rules:
            self._rules[branch] = read_rules(self.settings, branch)
        return self._rules[branch]

    @cached_property
    def book(self) -> tuple[Rulebook, bytes, tuple[str, ...]]:
        """The lock and the policies, the lock's text, and the policies' paths; read once."""
        lock, files = self.blob(LOCK, LARGEST), {}
        if self.tip:
            files = self.repository.files(self.tip, FOLDER, suffix=".yaml", most=MOST_POLICY)
        return read_rulebook(lock, files), lock, tuple(files)

    @cached_property
    def workflows(self) -> Mapping[str, str]:
        """Every workflow of the commit, by path."""
        found: dict[str, bytes] = {}
        for suffix in (".yml", ".yaml") if self.tip else ():
            found |= self.repository.files(
                str(self.tip), WORKFLOWS, suffix=suffix, most=MOST_WORKFLOW
            )
        return {path: text.decode("utf-8", "replace") for path, text in found.items()}

    @property
    def speaker(self) -> Speaker:
        """Who speaks for the bot: whom the key or a person names, else whom the rules do."""
        app = self.app
        if self.installation is not None:
            try:
                app = self.installation.installed.app_id
            except Stop:
                app = self.app
        if app is not None:
            return Speaker(identity="app", app=app)
        written = written_for(self.workflows)
        if written == "token" or self.settings is None:
            return Speaker(identity=written or "token")
        return named_by(self.rules(self.branch), self.branch) or Speaker(
            identity=written or "token"
        )

    @property
    def wanted(self) -> Wanted:
        """What the rules are to say."""
        app = self.speaker.app
        # On an Enterprise server the app of Actions has another id, so anybody's status counts.
        source = app or (ACTIONS_APP if self.on_github_com else None)
        approved = any(policy.promotion.merge == "approved" for policy in self.book[0].policies)
        return Wanted(branch=self.branch, app=app, source=source, approved=approved)
