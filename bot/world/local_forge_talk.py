"""What is said at a local forge: comments, reactions, statuses, issues, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import NotARepository, Problem
from bot.world.forge import Comment, Issue, Status, fitting, says_the_same
from bot.world.local_forge_folder import Dossier, Folder, Marked, Matter, Person, Remark
from bot.world.local_forge_git import Bare

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.world.forge import PullRequest, Reaction, Review, Role

_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def now() -> datetime:
    """Tell the time, to the second, as GitHub does."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class LocalTalk:
    """The words kept in `folder`; one instance speaks for one person or bot."""

    folder: Path
    actor: str = "lockstep[bot]"
    """The login that proposes, comments and merges through this instance."""
    email: str = "lockstep@localhost"
    clock: Callable[[], datetime] = field(default=now, compare=False)

    @property
    def _folder(self) -> Folder:
        return Folder(self.folder)

    @property
    def _git(self) -> Bare:
        roles = ("AUTHOR", "COMMITTER")
        names = {f"GIT_{role}_NAME": self.actor for role in roles}
        emails = {f"GIT_{role}_EMAIL": self.email for role in roles}
        return Bare(self.folder.resolve() / "repository.git", names | emails)

    def reports(self, number: int, marker: str) -> tuple[Comment, ...]:
        """List our own comments whose first line starts with `marker`, oldest first."""
        dossier = self._folder.dossier(number)
        return tuple(
            self._shown(dossier, remark)
            for remark in dossier.remarks
            if remark.author == self.actor and remark.body.startswith(marker)
        )

    def comment(self, number: int, body: str) -> Comment:
        """Add a comment, unless we said exactly this already."""
        with self._folder.turn():
            dossier = self._folder.dossier(number)
            for remark in dossier.remarks:
                if remark.author == self.actor and says_the_same(remark.body, body):
                    return self._shown(dossier, remark)
            return self._said(dossier, body)

    def say(self, number: int, body: str) -> Comment:
        """Add a comment as a person does: who says the same twice has said it twice."""
        with self._folder.turn():
            return self._said(self._folder.dossier(number), body)

    def _said(self, dossier: Dossier, body: str) -> Comment:
        remark = Remark(id=dossier.next_remark, author=self.actor, body=body, at=self.clock())
        remarks = (*dossier.remarks, remark)
        self._folder.write_dossier(replace(dossier, remarks=remarks, next_remark=remark.id + 1))
        return self._shown(dossier, remark)

    def edit_comment(self, number: int, comment: Comment, body: str) -> Comment:
        """Replace a comment's text; a comment that was deleted meanwhile is added anew."""
        with self._folder.turn():
            dossier = self._folder.dossier(number)
            ours = _own(dossier, comment, self.actor)
            if ours is not None:
                edited = replace(ours, body=body, edited_at=self.clock())
                self._folder.write_dossier(_with(dossier, edited))
                return self._shown(dossier, edited)
        return self.comment(number, body)

    def delete_comment(self, number: int, comment: Comment) -> None:
        """Remove one of our own comments (a duplicate); already gone is fine."""
        with self._folder.turn():
            dossier = self._folder.dossier(number)
            gone = _own(dossier, comment, self.actor)
            remarks = tuple(remark for remark in dossier.remarks if remark != gone)
            self._folder.write_dossier(replace(dossier, remarks=remarks))

    def react(self, number: int, comment: int, reaction: Reaction) -> None:
        """React to somebody's comment; once is enough, and a deleted comment is fine."""
        with self._folder.turn():
            dossier = self._folder.dossier(number)
            for remark in dossier.remarks:
                ours = (self.actor, reaction)
                if remark.id == comment and ours not in remark.reactions:
                    reacted = replace(remark, reactions=(*remark.reactions, ours))
                    self._folder.write_dossier(_with(dossier, reacted))

    def reactions(self, number: int, comment: int) -> tuple[tuple[str, str], ...]:
        """List who reacted to a comment, and how, oldest first."""
        remarks = self._folder.dossier(number).remarks
        return next((remark.reactions for remark in remarks if remark.id == comment), ())

    def status(self, sha: str, context: str) -> Status | None:
        """Read the latest status of a commit under a context; upper and lower case are one."""
        mark = self._mark(sha, context)
        return mark.status if mark else None

    def set_status(
        self,
        sha: str,
        status: Status,
        again: Callable[[], None] | None = None,  # noqa: ARG002 -- it never has us wait
    ) -> None:
        """Set the status of a commit; a description is cut to 140 characters."""
        if not _SHA.fullmatch(sha) or not self._git.commit_exists(sha):
            raise absent(f"there is no commit {sha} in {self._folder.charter().slug}")
        fitted = replace(status, description=fitting(status.description))
        with self._folder.turn():
            if self.status(sha, status.context) != fitted:
                said = self._folder.marks(sha)
                self._folder.write_marks(sha, (*said, Marked.of(fitted, self.clock())))

    def _mark(self, sha: str, context: str) -> Marked | None:
        marks = self._folder.marks(sha) if _SHA.fullmatch(sha) else ()
        same = [mark for mark in marks if mark.context.casefold() == context.casefold()]
        return same[-1] if same else None

    def issue(self, *, marker: str, title: str, body: str) -> Issue:
        """Open an issue, unless one of ours is open whose first line is `marker`; return it."""
        with self._folder.turn():
            for matter in self._folder.matters():
                first = matter.body.partition("\n")[0].strip()
                if matter.open and matter.author == self.actor and first == marker.strip():
                    return self._issue(matter)
            number = self._folder.next_number()
            matter = Matter(number=number, author=self.actor, title=title, body=body)
            self._folder.write_matter(matter)
            return self._issue(matter)

    def issues(self) -> tuple[Issue, ...]:
        """List the open issues, oldest first."""
        return tuple(self._issue(matter) for matter in self._folder.matters() if matter.open)

    def close_issue(self, number: int) -> None:
        """Close an issue."""
        with self._folder.turn():
            for matter in self._folder.matters():
                if matter.number == number:
                    self._folder.write_matter(replace(matter, open=False))

    def role(self, login: str) -> Role:
        """Say what somebody may do here; the folder's permissions let everybody write."""
        return self._person(login).role

    def pushers(self, pull: PullRequest) -> None:
        """Tell nothing: whoever may write to the folder pushes, and git keeps no account of it."""

    def grant(self, login: str, role: Role, *, teams: tuple[str, ...] = ()) -> None:
        """Say what somebody may do from now on, and which teams they are in."""
        with self._folder.turn():
            others = [p for p in self._folder.people() if p.login.casefold() != login.casefold()]
            self._folder.write_people((*others, Person(login=login, role=role, teams=teams)))

    def _person(self, login: str) -> Person:
        self._folder.charter()
        known = (p for p in self._folder.people() if p.login.casefold() == login.casefold())
        return next(known, Person(login=login, role="write"))

    def _issue(self, matter: Matter) -> Issue:
        url = self._folder.matter_file(matter.number).resolve().as_uri()
        return Issue(number=matter.number, title=matter.title, body=matter.body, url=url)

    def _shown(self, dossier: Dossier, remark: Remark) -> Comment:
        file = self._folder.dossier_file(dossier.number).resolve()
        url = f"{file.as_uri()}#remark-{remark.id}"
        return Comment(
            id=remark.id, body=remark.body, url=url, at=remark.at, edited_at=remark.edited_at
        )


def absent(what: str, remedy: str = "push it first") -> NotARepository:
    """Say that something is not at this forge."""
    return NotARepository(Problem(what=what, remedy=remedy))


def _own(dossier: Dossier, comment: Comment, actor: str) -> Remark | None:
    ours = (r for r in dossier.remarks if (r.id, r.author) == (comment.id, actor))
    return next(ours, None)


def _with(dossier: Dossier, changed: Remark) -> Dossier:
    remarks = tuple(changed if r.id == changed.id else r for r in dossier.remarks)
    return replace(dossier, remarks=remarks)


def of_others(reviews: tuple[Review, ...], reviewer: str) -> tuple[Review, ...]:
    """Leave out the reviews of one person."""
    return tuple(one for one in reviews if one.reviewer.casefold() != reviewer.casefold())
