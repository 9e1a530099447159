"""The bench an edit is made on: a lock, and the commit whose policies and history count.

Without `--pr` it is the lock of the working tree, held against HEAD.  With `--pr` it is the lock
at the tip of the forge's default branch, and the working tree stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.cli.edit import Draft
from bot.cli.worktree import Worktree
from bot.core.lockfile import changed
from bot.core.proposal import LARGEST, LOCK

if TYPE_CHECKING:
    from bot.core.history import Snapshot
    from bot.core.lock import Model
    from bot.core.policyfile import Policy
    from bot.world.forge import Forge, PullRequest
    from bot.world.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An edit in words, for the commit, the pull request and the terminal."""

    draft: Draft
    model: Model
    """As it is to be."""
    title: str
    """`Promote credit 4 to staging`."""
    words: tuple[str, ...]
    """Parts of the branch's name."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A lock to edit."""

    worktree: Worktree
    repository: Repository
    commit: str | None
    """HEAD or the tip of the default branch; None before the first commit."""
    text: bytes
    """The lock as it is."""
    forge: Forge | None
    """Where the edit is proposed; None when it is written to the working tree."""
    _read: dict[str, tuple[Snapshot, ...]] = field(default_factory=dict)
    """Histories that were read already."""

    @classmethod
    def here(cls, *, pr: bool, forge: str | None, repo: str | None) -> Bench:
        """Set up the bench in the current clone.

        Raises:
            NotARepository, UnsafeFile: there is no clone, or its lock is no plain file.
            click.UsageError: `--pr`, and it is not clear where.
        """
        worktree = Worktree.here()
        if not pr:
            repository = worktree.repository
            head, text = repository.resolve("HEAD"), worktree.read_lock()
            return cls(worktree=worktree, repository=repository, commit=head, text=text, forge=None)
        from bot.cli.forges import open_forge
        from bot.world.proposing import reaching, tip_of

        opened = open_forge(forge, repo, origin=worktree.origin, actor=worktree.person[0])
        repository = reaching(worktree.repository, opened)
        tip = tip_of(repository, opened)
        return cls(
            worktree=worktree,
            repository=repository,
            commit=tip,
            text=cls._lock_at(repository, tip),
            forge=opened,
        )

    @staticmethod
    def _lock_at(repository: Repository, commit: str) -> bytes:
        blob = repository.blob(commit, LOCK, most=LARGEST)
        return b"" if blob is None else blob.text

    def draft(self, name: str) -> Draft:
        """Cut out the model that is edited.

        Raises:
            NotCanonical, Malformed, UnknownName: the lock cannot be edited as it is.
        """
        return Draft.of(self.text, name)

    def policy(self, model: str) -> Policy:
        """Find the policy that judges a model, as it is committed.

        Raises:
            PolicyMissing: none covers it, or more than one.
            Malformed, UnknownName: a policy cannot be read.
        """
        from bot.core.policyfile import FOLDER, parse_policies, policy_for
        from bot.gates import GATES
        from bot.world.reading import MOST_POLICY

        files = {}
        if self.commit is not None:
            files = self.repository.files(self.commit, FOLDER, suffix=".yaml", most=MOST_POLICY)
        return policy_for(model, parse_policies(files, GATES))

    def stage(self, policy: Policy, stage: str) -> str:
        """Return a stage of a policy's ladder.

        Raises:
            UnknownName: the ladder has no such rung.
        """
        from bot.cli.edit import near
        from bot.core.errors import Problem, UnknownName

        if stage in policy.ladder:
            return stage
        raise UnknownName(
            Problem(
                what=f"there is no stage '{stage}' on the ladder {', '.join(policy.ladder)}",
                remedy=near(stage, policy.ladder),
                file=policy.path,
            )
        )

    def snapshots(self, model: str) -> tuple[Snapshot, ...]:
        """Read the landed history of a model, newest first."""
        from bot.world.past import read_snapshots

        if self.commit is None:
            return ()
        if model not in self._read:
            self._read.update(read_snapshots(self.repository, self.commit, (model,)))
        return self._read[model]

    def by(self, named: str | None) -> str:
        """Say who decides.

        Raises:
            click.UsageError: nobody is named, and git has no user.name.
        """
        who = named or self.worktree.person[0]
        if who is None:
            raise click.UsageError("say who decides with --by, or set git config user.name")
        return who

    def land(self, change: Change, policy: Policy | None) -> PullRequest | None:
        """Write the edit to the working tree, or propose it.

        Raises:
            ForbiddenChange: the lock may not change in this way; nothing is written.
            Malformed, UnknownName: the model would contradict itself.
        """
        text = change.draft.with_model(change.model)
        self._vet(change.draft.name, text, policy)
        if self.forge is None:
            self.worktree.write_lock(text, over=self.text)
            return None
        from bot.world.proposing import Offer, Person, branch_for, propose

        name, email = self.worktree.person
        assert self.commit is not None, "a tip was fetched"  # noqa: S101 -- narrows a type
        offer = Offer(
            tip=self.commit,
            lock=text,
            branch=branch_for(*change.words),
            title=change.title,
            body=_body(change),
            author=Person(name=name or "lockstep", email=email or "lockstep@localhost"),
        )
        return propose(offer, self.repository, self.forge)

    def _vet(self, model: str, text: bytes, policy: Policy | None) -> None:
        """Refuse now what would be refused on the pull request, gates aside."""
        from bot.core.history import past
        from bot.core.transition import transitions

        base = b"" if self.commit is None else self._lock_at(self.repository, self.commit)
        pairs = changed(base, text, LOCK)
        windows = {model: policy.head.rollback.window} if policy else {}
        transitions(
            {model: pairs[model]} if model in pairs else {},
            past(model, self.snapshots(model)),
            file=LOCK,
            today=datetime.now(UTC).date(),
            windows=windows,
        )


def report(change: Change, pull: PullRequest | None, *, as_json: bool, **facts: Any) -> None:
    """Say what was done and what comes next."""
    if as_json:
        import json

        found = {"title": change.title, "model": change.draft.name, **facts}
        if pull is not None:
            found["pull_request"] = {"number": pull.number, "url": pull.url, "branch": pull.head}
        click.echo(json.dumps(found, ensure_ascii=False))
    elif pull is None:
        click.echo(f"{LOCK}: {change.title}")
        click.echo(f'next: lockstep check, then git commit {LOCK} -m "{change.title}"')
    else:
        click.echo(change.title)
        click.echo(f"proposed as #{pull.number}: {pull.url}")


def _body(change: Change) -> str:
    """Write the pull request's text; what a person wrote stands in a block of its own."""
    lines = [f"{change.title}.", "", f"This changes `{LOCK}` and nothing else.", ""]
    if change.reason:
        lines += ["```text", change.reason.replace("```", "'''"), "```", ""]
    lines += ["The gates in `policies/` judge it; their report follows as a comment."]
    return "\n".join(lines)
