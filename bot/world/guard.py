"""The guard: every commit that changed the lock is accounted for, or somebody is told.

A commit is accounted for by a seal, by a record that is sealed now, or by a finding that was
told before.  The whole history is looked at every time: git and the audit branch hold all of
it, and nothing is asked of the forge about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.action import ConfirmLanding
from bot.core.errors import Incident, Stop
from bot.core.finding import ALLOWED, Finding, Kind
from bot.core.guarding import Step, suspects
from bot.core.proposal import LOCK
from bot.report.incident import accepted, raised
from bot.world.guard_beginning import begun, place
from bot.world.guard_facts import found, message_of
from bot.world.guard_ledger import candidates, read_ledger
from bot.world.guard_merges import Line
from bot.world.perform import Performer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from bot.world.forge import Forge
    from bot.world.guard_ledger import Ledger
    from bot.world.perform_audit import AuditBranch
    from bot.world.repository import Repository

TIP = "refs/lockstep/guarded"
MOST = 20_000
"""Commits of the lock that are looked at."""
AT_ONCE = 10
"""Findings that are told in one run; the next run tells the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What a run of the guard saw."""

    branch: str
    tip: str | None
    """None while there is no such branch."""
    commits: int = 0
    """Commits that changed the lock since Lockstep guards."""
    sealed: tuple[str, ...] = ()
    """Landings that this run accounted for by a record."""
    findings: tuple[Finding, ...] = ()
    """What this run told."""
    more: int = 0
    """Findings that the next run tells."""
    red: tuple[str, ...] = ()
    """Commits that no decision accounts for, whenever that was told; oldest first."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Guards a branch of one forge."""

    forge: Forge
    repository: Repository
    branch: str
    """The default branch."""
    say: Callable[[str], None] = lambda _: None
    dry_run: bool = False
    """Look, and neither seal nor tell."""

    def walk(self, *, since: str | None = None, only: Collection[str] = ()) -> Guarded:
        """Look at every commit of the branch that changed the lock.

        Args:
            since: Tell of what came after this commit alone; what is accounted for turns green.
            only: Tell of these commits alone, in the same way.

        Raises:
            Unavailable: the forge did not answer.
        """
        self._fetch()
        tip = self.repository.resolve(TIP)
        if tip is None:
            return Guarded(branch=self.branch, tip=None)
        landed = reversed(self.repository.history(tip, LOCK, most=MOST))
        history = tuple(Step(one.commit, one.oid or "none") for one in landed)
        ledger = read_ledger(self._audit)
        at, founding = begun(history, ledger, self.branch, tip, self._audit)
        steps = history[at:]
        sealed = tuple(self._sealed(steps, ledger))
        ledger = self._newer(ledger)
        sound = ledger.sound | set(sealed)
        line = Line(self.repository, tip, ledger.landings(self.branch) | set(sealed))
        merges = frozenset(line.kept(steps, sound, ledger.findings))
        sound |= merges
        asked = self._asked(steps, tip, since, only)
        suspected = self._suspected(steps, history[at - 1].lock if at else "none", ledger, sound)
        told = [founding] if founding else []
        told += (one for one in suspected if asked is None or one.commit in asked)
        told += () if only else self._gone_for_good(history, line, ledger)
        stops = self._tell_all(told[:AT_ONCE])
        self._turn_green(asked or (), sound)
        if stops:
            raise stops[0]
        return Guarded(
            branch=self.branch,
            tip=tip,
            commits=len(steps),
            sealed=sealed,
            findings=tuple(told[:AT_ONCE]),
            more=len(told[AT_ONCE:]),
            red=self._red(steps, ledger, told),
        )

    def _tell_all(self, findings: Sequence[Finding]) -> list[Stop]:
        """Tell of each finding, whatever became of the one before it; return what stopped some."""
        stops: list[Stop] = []
        for finding in findings:
            try:
                self._tell(finding)
            except Stop as stop:
                stops.append(stop)
        return stops

    @property
    def _performer(self) -> Performer:
        return Performer(self.forge, self.repository, self.say)

    @property
    def _audit(self) -> AuditBranch:
        return self._performer.audit

    def _sealed(self, steps: Sequence[Step], ledger: Ledger) -> Iterator[str]:
        """Account for landings that no run sealed: cut short, by a person or by a queue."""
        landings = self._performer.landings
        for commit, number in () if self.dry_run else ledger.untold:
            self._again(ConfirmLanding(number=number, landed=commit))
        for step in steps:
            if step.commit in ledger.seals or step.commit in ledger.findings:
                continue
            records = candidates(self._audit, message_of(self.repository, step.commit))
            if self.dry_run:
                if landings.accounting.match(step.commit, records, self.branch) is not None:
                    yield step.commit
                continue
            try:
                if landings.seal(step.commit, records, self.branch):
                    self.say(f"sealed {step.commit[:12]}")
                    yield step.commit
            except Incident as incident:
                self.say(str(incident))

    def _newer(self, ledger: Ledger) -> Ledger:
        """Read the ledger again where it was written to meanwhile."""
        return ledger if self._audit.tip() == ledger.tip else read_ledger(self._audit)

    def _again(self, action: ConfirmLanding) -> None:
        """Tell of an incident whose run was cut short."""
        try:
            self._performer.landings.confirm(action)
        except Incident as incident:
            self.say(str(incident))

    def _suspected(
        self, steps: Sequence[Step], begin: str, ledger: Ledger, sound: Collection[str]
    ) -> Iterator[Finding]:
        for one in suspects(steps, begin=begin, sealed=sound, known=ledger.findings):
            kind = Kind.WAITED if self._waited(one.kind, one.commit) else one.kind
            yield found(kind, one.commit, self.branch, self.repository, before=one.before)

    def _waited(self, kind: Kind, commit: str) -> bool:
        """Tell whether what was pushed had passed, and something kept it from merging."""
        if kind is not Kind.BY_HAND:
            return False
        records = candidates(self._audit, message_of(self.repository, commit))
        return self._performer.landings.accounting.waited(commit, records, self.branch)

    def _gone_for_good(
        self, history: Sequence[Step], line: Line, ledger: Ledger
    ) -> tuple[Finding, ...]:
        """Find what was dropped; nothing while the branch moves, which the next run looks at.

        The branch was fetched before the audit branch: a landing in between is in the one alone.
        """
        dropped = tuple(self._dropped(history, line, ledger))
        if dropped:
            self._fetch()
        return dropped if self.repository.resolve(TIP) == line.tip else ()

    def _fetch(self) -> None:
        self.repository.fetch(self.forge.remote(), f"+refs/heads/{self.branch}*:{TIP}*")

    def _dropped(self, history: Sequence[Step], line: Line, ledger: Ledger) -> Iterator[Finding]:
        """Find sealed landings that a forced push took out, or whose lock a merge left out."""
        there = {step.commit for step in history}
        beside = []
        for commit, seal in ledger.seals.items():
            if seal.get("branch") != self.branch or commit in there:
                continue
            kept = self.repository.resolve(commit)
            if kept is not None and self.repository.merge_base(kept, line.tip) == kept:
                beside.append(kept)
            elif commit not in ledger.told:
                yield self._gone(commit, line.tip, int(seal["request"]))
        for commit in line.left_out(one for one in beside if one in line.landings):
            if commit not in ledger.told:
                yield self._gone(commit, line.tip, int(ledger.seals[commit]["request"]))

    def _gone(self, commit: str, tip: str, request: int) -> Finding:
        if self.repository.resolve(commit) is None:
            return Finding(
                kind=Kind.DROPPED, commit=commit, branch=self.branch, request=request, tip=tip
            )
        return found(Kind.DROPPED, commit, self.branch, self.repository, tip=tip)

    def _asked(
        self, steps: Sequence[Step], tip: str, since: str | None, only: Collection[str]
    ) -> tuple[str, ...] | None:
        """Name the commits that were asked for; None for all."""
        if only:
            return tuple(step.commit for step in steps if step.commit in only)
        if since is None:
            return None
        return tuple(step.commit for step in steps[place(steps, since, tip, self.repository) :])

    def _tell(self, finding: Finding) -> None:
        self.say(f"{finding.commit[:12]}: {finding.kind.value}")
        if not self.dry_run:
            self._performer.perform(raised(finding))

    def _turn_green(self, asked: Sequence[str], sound: Collection[str]) -> None:
        for commit in () if self.dry_run else asked:
            if commit in sound:
                green = accepted(commit, self.branch, "Accounted for by its record.")
                self._performer.perform((green,))

    def _red(
        self, steps: Sequence[Step], ledger: Ledger, told: Sequence[Finding]
    ) -> tuple[str, ...]:
        now = {commit for one in told if one.red for commit in (*one.before, one.commit)}
        known = {commit for commit, kind in ledger.findings.items() if kind not in ALLOWED}
        gone = [one.commit for one in told if one.kind is Kind.DROPPED]
        return (*(step.commit for step in steps if step.commit in known | now), *gone)
