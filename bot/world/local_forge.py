"""A forge on one machine: a bare repository and a folder of pull requests.

It lands by real git and refuses what GitHub refuses, so the demo and the tests run the
whole loop without a network.  Whoever may write to the folder may write to the forge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.errors import ForbiddenChange, Problem
from bot.world.forge import (
    WRITERS,
    HeadMoved,
    NotMergeable,
    PullRequest,
    Review,
    Surveyed,
    is_bot,
)
from bot.world.local_forge_folder import Charter, Dossier
from bot.world.local_forge_git import Conflict
from bot.world.local_forge_talk import LocalTalk, absent, of_others

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalForge(LocalTalk):
    """A forge kept in `folder`; one instance acts for one person or bot."""

    @classmethod
    def create(
        cls, folder: Path, default_branch: str = "main", *, slug: str | None = None
    ) -> LocalForge:
        """Make an empty forge, or open the one that is there already."""
        forge = cls(folder)
        if not (folder / "forge.json").exists():
            for part in ("pulls", "statuses"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            name = slug or f"local/{folder.resolve().name}"
            forge._git.create(default_branch)
            charter = Charter(format=1, slug=name, default_branch=default_branch)
            forge._folder.write_charter(charter)
        return forge

    def acting_as(self, actor: str, email: str | None = None) -> LocalForge:
        """Return the same forge as somebody else uses it."""
        return replace(self, actor=actor, email=email or self.email)

    def slug(self) -> str:
        """Name the repository, `owner/name`."""
        return self._folder.charter().slug

    def remote(self) -> str:
        """Path of the bare repository."""
        self._folder.charter()
        return str(self._git.path)

    def git_environment(self) -> Mapping[str, str]:
        """Nothing: the folder's permissions decide."""
        return {}

    def default_branch(self) -> str:
        """Name the branch that production follows."""
        return self._folder.charter().default_branch

    def pull_request(self, number: int) -> PullRequest:
        """Read one pull request with its approvals."""
        self._folder.charter()
        pull = self._seen(self._folder.dossier(number))
        return replace(pull, twins=self._twins(pull)) if pull.open else pull

    def _twins(self, pull: PullRequest) -> tuple[int, ...]:
        """Name the other open requests with the same head for the same base."""
        alike = self._git.branches_at(pull.head_sha) - {pull.head}
        every = (self._folder.dossier(n) for n in self._folder.numbers()) if alike else ()
        wanted = (one for one in every if one.base == pull.base and one.head in alike)
        return tuple(one.number for one in wanted if self._seen(one).open)

    def asked_with(self, sha: str) -> tuple[PullRequest, ...]:
        """List the open pull requests whose head is exactly this commit."""
        found = (pull.number for pull in self.open_pull_requests() if pull.head_sha == sha)
        return tuple(self.pull_request(number) for number in found)

    def survey(self, context: str) -> tuple[Surveyed, ...]:
        """Look at every open pull request for the default branch and its status, oldest first."""
        branch = self.default_branch()
        pulls = (pull for pull in self.open_pull_requests() if pull.base == branch)
        return tuple(self._surveyed(pull, context) for pull in pulls)

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        """List the open pull requests, oldest first."""
        self._folder.charter()
        every = (self._seen(self._folder.dossier(number)) for number in self._folder.numbers())
        return tuple(pull for pull in every if pull.open)

    def propose(
        self, *, title: str, body: str, head: str, base: str, draft: bool = False
    ) -> PullRequest:
        """Open a pull request from a pushed branch; return the open one if there is one already."""
        with self._folder.turn():
            for pull in self.open_pull_requests():
                if (pull.head, pull.base) == (head, base):
                    return pull
            _, head_sha = self._tip(base), self._tip(head)
            if self._git.contains(base, head_sha):
                raise ForbiddenChange(
                    Problem(
                        what=f"there are no commits between {base} and {head}",
                        remedy="commit the change on its branch and push it first",
                    )
                )
            number = self._folder.next_number()
            self._git.follow(f"refs/pull/{number}/head", head)
            dossier = Dossier(
                number=number,
                title=title,
                body=body,
                author=self.actor,
                base=base,
                head=head,
                head_sha=head_sha,
                draft=draft,
            )
            self._folder.write_dossier(dossier)
            return self._seen(dossier)

    def merge(
        self,
        number: int,
        *,
        sha: str,
        title: str,
        message: str,
        base: str = "",
        again: Callable[[], None] | None = None,  # noqa: ARG002 -- it never has us wait
    ) -> str:
        """Squash-merge a pull request whose head is exactly `sha`; return the landed commit.

        Raises:
            HeadMoved: the head is another commit now.
            NotMergeable: conflicts, a moved or another base, a draft, or a closed pull request.
        """
        with self._folder.turn():
            pull = self.pull_request(number)
            if pull.head_sha != sha:
                raise HeadMoved(f"the head of {number} is {pull.head_sha}, not {sha}")
            if pull.merged_as is not None:
                return pull.merged_as
            if not pull.open:
                raise NotMergeable(f"pull request {number} is closed")
            if pull.draft:
                raise NotMergeable(f"pull request {number} is a draft")
            if base not in ("", pull.base):
                raise NotMergeable(f"pull request {number} is for {pull.base} now, not for {base}")
            return self._land(pull, f"{title}\n\n{message}".strip() + "\n")

    def _land(self, pull: PullRequest, message: str) -> str:
        at = self._tip(pull.base)
        tree = self._git.merged_tree(at, pull.head_sha)
        if isinstance(tree, Conflict):
            raise NotMergeable(f"conflicts with {pull.base} in {', '.join(tree.paths)}")
        landing = self._git.commit(tree, at, message)
        found = self._folder.dossier(pull.number)
        dossier = replace(found, landing=landing, head_sha=pull.head_sha)
        self._folder.write_dossier(dossier)
        if not self._git.advance(pull.base, to=landing, at=at):
            raise NotMergeable(f"{pull.base} was modified meanwhile; judge again")
        self._finish(replace(dossier, merged_as=landing))
        return landing

    def enqueue(self, number: int, *, sha: str) -> None:
        """Refuse: a local forge has no merge queue.

        Raises:
            HeadMoved: the head is another commit now.
            NotMergeable: always else.
        """
        pull = self.pull_request(number)
        if pull.head_sha != sha:
            raise HeadMoved(f"the head of {number} is {pull.head_sha}, not {sha}")
        raise NotMergeable("a local forge has no merge queue")

    def _finish(self, dossier: Dossier) -> None:
        self._git.fix(f"refs/pull/{dossier.number}/head", dossier.head_sha)
        self._folder.write_dossier(replace(dossier, open=False))

    def approve(self, number: int, reviewer: str) -> None:
        """Record that a person approves of the head as it is now.

        Raises:
            ForbiddenChange: the reviewer is the author.
        """
        with self._folder.turn():
            pull = self.pull_request(number)
            if reviewer.casefold() == pull.author.casefold():
                raise ForbiddenChange(
                    Problem(
                        what=f"{reviewer} cannot approve their own pull request {number}",
                        remedy="ask somebody else",
                    )
                )
            self._decide(number, reviewer, approval=self._review(pull, reviewer))

    def object_to(self, number: int, reviewer: str) -> None:
        """Record that a person asks for changes; their next decision takes it back."""
        with self._folder.turn():
            pull = self.pull_request(number)
            self._decide(number, reviewer, objection=self._review(pull, reviewer))

    def withdraw(self, number: int, reviewer: str) -> None:
        """Record that a person neither approves nor objects any longer."""
        with self._folder.turn():
            self._decide(number, reviewer)

    def _review(self, pull: PullRequest, reviewer: str) -> Review:
        teams = self._person(reviewer).teams
        return Review(reviewer=reviewer, sha=pull.head_sha, at=self.clock(), teams=teams)

    def _decide(
        self,
        number: int,
        reviewer: str,
        *,
        approval: Review | None = None,
        objection: Review | None = None,
    ) -> None:
        dossier = self._folder.dossier(number)
        approvals = (*of_others(dossier.approvals, reviewer), *filter(None, (approval,)))
        objections = (*of_others(dossier.objections, reviewer), *filter(None, (objection,)))
        self._folder.write_dossier(replace(dossier, approvals=approvals, objections=objections))

    def retarget(self, number: int, base: str) -> None:
        """Give an open pull request another base."""
        with self._folder.turn():
            self._folder.write_dossier(replace(self._folder.dossier(number), base=base))

    def close(self, number: int) -> None:
        """Close a pull request without merging it."""
        with self._folder.turn():
            pull = self.pull_request(number)
            if pull.open:
                self._finish(replace(self._folder.dossier(number), head_sha=pull.head_sha))

    def _seen(self, dossier: Dossier) -> PullRequest:
        head_sha, merged_as = dossier.head_sha, dossier.merged_as
        tip = self._git.branch(dossier.head) if dossier.open else None
        if tip is not None:
            # Our own landing, or the head itself, pushed to the base by hand.
            found = (c for c in (dossier.landing, tip) if c and self._git.contains(dossier.base, c))
            merged_as = next(found, None)
        return PullRequest(
            number=dossier.number,
            title=dossier.title,
            author=dossier.author,
            base=dossier.base,
            head=dossier.head,
            head_sha=tip or head_sha,
            open=tip is not None and merged_as is None,
            draft=dossier.draft,
            merged_as=merged_as,
            from_fork=False,
            approvals=tuple(
                one for one in self._of_writers(dossier.approvals) if not is_bot(one.reviewer)
            ),
            objections=self._of_writers(dossier.objections),
            url=self._folder.dossier_file(dossier.number).resolve().as_uri(),
            default_branch=self.default_branch(),
        )

    def _of_writers(self, reviews: tuple[Review, ...]) -> tuple[Review, ...]:
        return tuple(one for one in reviews if self.role(one.reviewer) in WRITERS)

    def _surveyed(self, pull: PullRequest, context: str) -> Surveyed:
        mark = self._mark(pull.head_sha, context)
        tree = self._git.merged_tree(self._tip(pull.base), pull.head_sha)
        reviews = (*pull.approvals, *pull.objections)
        return Surveyed(
            number=pull.number,
            author=pull.author,
            base=pull.base,
            head_sha=pull.head_sha,
            draft=pull.draft,
            from_fork=pull.from_fork,
            conflicting=isinstance(tree, Conflict),
            status=mark.status if mark else None,
            said_at=mark.at if mark else None,
            reviewed_at=max((one.at for one in reviews if one.at is not None), default=None),
        )

    def _tip(self, branch: str) -> str:
        tip = self._git.branch(branch)
        if tip is None:
            raise absent(f"there is no branch {branch} in {self.slug()}")
        return tip
