"""A repository's settings on GitHub, as far as the token may see them.

One question a setting, nothing hidden.  What the token may not see is `Unseen` with the reason,
never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from github import GithubException

from bot.world.github_connection import Connection
from bot.world.github_patience import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.world.doctor_diagnosis import Call

PAGE = 100
MOST_VARIABLES = 30
"""On one page, which is GitHub's own cap for variables."""
_HIDDEN = (401, 403, 404)
NOT_PROTECTED = "Branch not protected"


@dataclass(frozen=True, slots=True)
class Unseen:
    """A setting that could not be looked at."""

    because: str
    absent: bool = False
    """GitHub says that there is no such thing, or does not tell it apart from a hidden one."""


class Settings(Connection):
    """Asks and changes the settings of one repository."""

    def look(self, path: str, **query: Any) -> Any | Unseen:
        """Ask one question below the repository's address.

        Raises:
            Unavailable: GitHub did not answer.
        """
        with self.speaking(f"reading {path or 'the repository'}"):
            try:
                return self.repeat(lambda: self.rest("GET", path, query=query))
            except GithubException as error:
                if error.status not in _HIDDEN:
                    raise
                return Unseen(_because(error), absent=error.status == 404)

    def send(self, call: Call) -> Unseen | None:
        """Change one setting; None when it was done, else why it could not be.

        Raises:
            Unavailable: GitHub did not answer.
        """
        with self.speaking(call.does):
            try:
                self.repeat(lambda: self.rest(call.method, call.path, body=call.body))
            except GithubException as error:
                if error.status not in (*_HIDDEN, 409, 422):
                    raise
                return Unseen(_because(error))
            return None

    @cached_property
    def repository(self) -> Mapping[str, Any]:
        """The repository itself.

        Raises:
            NotARepository, Denied: it is not there for this token.
        """
        with self.speaking("reading the repository"):
            return dict(self.repeat(lambda: self.rest("GET", "")))

    def rules(self, branch: str) -> tuple[Mapping[str, Any], ...] | Unseen:
        """List the active rules of a branch, whether it exists yet or not."""
        found = self.look(f"/rules/branches/{quote(branch, safe='')}", per_page=PAGE)
        return found if isinstance(found, Unseen) else tuple(found)

    def rulesets(self) -> tuple[Mapping[str, Any], ...] | Unseen:
        """List the repository's own rulesets, briefly."""
        found = self.look("/rulesets", per_page=PAGE, includes_parents="false")
        return found if isinstance(found, Unseen) else tuple(found)

    def ruleset(self, identity: int) -> Mapping[str, Any] | Unseen:
        """Read one ruleset; who may bypass it is in it only for those who may change it."""
        found: Mapping[str, Any] | Unseen = self.look(f"/rulesets/{identity}")
        return found

    def protection(self, branch: str) -> Mapping[str, Any] | Unseen | None:
        """Read the classic protection of a branch; None when it has none."""
        found: Any = self.look(f"/branches/{quote(branch, safe='')}/protection")
        if isinstance(found, Unseen) and found.because.startswith(NOT_PROTECTED):
            return None
        answer: Mapping[str, Any] | Unseen = found
        return answer

    def environment(self, name: str) -> Mapping[str, Any] | Unseen:
        """Read an environment."""
        found: Mapping[str, Any] | Unseen = self.look(f"/environments/{quote(name, safe='')}")
        return found

    def branches_of(self, environment: str) -> tuple[str, ...] | Unseen:
        """List the branch patterns that may use an environment."""
        path = f"/environments/{quote(environment, safe='')}/deployment-branch-policies"
        found = self.look(path, per_page=PAGE)
        if isinstance(found, Unseen):
            return found
        return tuple(str(one["name"]) for one in found["branch_policies"])

    def secrets_of(self, environment: str | None) -> frozenset[str] | Unseen:
        """Name the secrets of an environment, or of the repository."""
        place = (
            "/actions" if environment is None else f"/environments/{quote(environment, safe='')}"
        )
        found = self.look(f"{place}/secrets", per_page=PAGE)
        if isinstance(found, Unseen):
            return found
        return frozenset(str(one["name"]) for one in found["secrets"])

    def variables(self, path: str) -> Mapping[str, str] | Unseen:
        """Read the variables that are kept at a path below the repository's address."""
        known: dict[str, str] = {}
        for page in count(1):
            found = self.look(path, per_page=MOST_VARIABLES, page=page)
            if isinstance(found, Unseen):
                return found
            known |= {str(one["name"]): str(one["value"]) for one in found["variables"]}
            if not found["variables"] or len(known) >= found["total_count"]:
                break
        return known

    def last_success(self, workflow: str, branch: str) -> datetime | Unseen | None:
        """Say when a workflow last ended well on a branch; None when it never did."""
        path = f"/actions/workflows/{quote(workflow, safe='')}/runs"
        found = self.look(path, branch=branch, status="success", per_page=1)
        if isinstance(found, Unseen):
            return found
        runs = found["workflow_runs"]
        return datetime.fromisoformat(runs[0]["created_at"]) if runs else None


def _because(error: GithubException) -> str:
    accepted = (error.headers or {}).get("x-accepted-github-permissions", "")
    asks = f"; it asks for {accepted}" if error.status == 403 and accepted else ""
    return f"{said(error)} ({error.status}){asks}"
