"""What a command is weighed against: how its request would be judged, and what was said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from bot.core.actions import MARKER
from bot.core.case import fold_keys
from bot.core.command import override_line
from bot.core.docket import open_court, rules_of
from bot.core.figures import count
from bot.core.planning import plan
from bot.core.verdict import Outcome
from bot.core.waiting import waiting
from bot.gates import GATES
from bot.report import replies
from bot.report.landed import QUEUED
from bot.report.render import marked
from bot.world.reading import read_request

if TYPE_CHECKING:
    from bot.core.approvals import Against
    from bot.core.decision import Rules
    from bot.core.planning import Court
    from bot.core.proposal import Proposal
    from bot.core.trial import Asked, Trial
    from bot.core.waiting import Waiting
    from bot.world.forge import Forge, PullRequest
    from bot.world.repository import Repository

REFUSING = frozenset(one.name.lower() for one in Outcome if one is not Outcome.PASSED)


class NotDone(Exception):  # noqa: N818 -- named as it reads
    """A command is refused; carries why, and a line that would be carried out."""

    def __init__(self, because: str, paste: str = "") -> None:
        """Take both as they are told."""
        super().__init__(because)
        self.because, self.paste = because, paste


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """How a request would be judged now, and what the published report says of that."""

    proposal: Proposal
    court: Court
    trials: tuple[Trial, ...]
    verdict: str = ""
    """What our report says of exactly this head and this evidence; empty when none is about it."""
    queued: bool = False
    """Our report says that it waits in the merge queue."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every evidence key."""
        return tuple(trial.case.key for trial in self.trials if trial.case)

    @property
    def rules(self) -> Rules:
        """What the policies say about merging."""
        return rules_of(self.trials, self.court)

    @property
    def waits(self) -> tuple[Waiting, ...]:
        """What keeps it from merging once its gates pass; nothing where nothing is promoted."""
        return waiting(self.trials, self.proposal.standing, self.rules) if self.trials else ()

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every gate that is asked."""
        return tuple(ask for trial in self.trials for ask in trial.asked)

    @property
    def against(self) -> tuple[Against, ...]:
        """The gates that the report says keep it out, but for what was overridden since."""
        if self.verdict not in REFUSING:
            return ()
        records = self.proposal.standing.recorded
        about = [
            one for one in records if one.keys == set(self.keys) and one.outcome == self.verdict
        ]
        last = max(about, key=lambda one: one.at, default=None)
        taken_on = {ask.gate.title for ask in self.asked if ask.overridden}
        found = last.against if last else ()
        return tuple(one for one in found if one.title not in taken_on)

    @property
    def overridable(self) -> tuple[Asked, ...]:
        """The gates that somebody may override, where that would change anything."""
        titles = {one.title for one in self.against}
        may = tuple(ask for ask in self.asked if ask.overridable and not ask.overridden)
        return tuple(ask for ask in may if not titles or ask.gate.title in titles)

    def override_of(self, gate: str, reason: str = "") -> str:
        """Write the override that was probably meant; empty when none would be carried out."""
        names = {ask.name for ask in self.overridable}
        known = names | {ask.gate.title for ask in self.overridable}
        if not names:
            return ""
        near = [gate] if gate in known else get_close_matches(gate, sorted(known), n=1)
        lone = list(names) if len(names) == 1 else ["GATE"]
        return override_line((near or lone)[0], reason)


def open_docket(pull: PullRequest, forge: Forge, repository: Repository, version: str) -> Docket:
    """Read how a request would be judged now.

    Raises:
        Refusal: it cannot be judged.
    """
    proposal = read_request(pull, forge, repository)
    court, changes = open_court(proposal, GATES, version=version)
    bare = Docket(proposal=proposal, court=court, trials=plan(changes, court))
    ours = forge.reports(pull.number, MARKER)[:1]
    body = ours[0].body if ours else ""
    told = marked(body) or {}
    of_this = told.get("head") == pull.head_sha
    same = of_this and told.get("key") == fold_keys(bare.keys)
    return replace(
        bare,
        verdict=str(told.get("verdict", "")) if same else "",
        queued=of_this and QUEUED in body,
    )


def may_merge(docket: Docket) -> None:
    """Let only an order to merge pass that would change something.

    Raises:
        NotDone: the gates say no, or the policy asks for something else.
    """
    if not docket.trials:
        raise NotDone("it promotes nothing, and Lockstep merges promotions only")
    against = docket.against
    if docket.verdict in REFUSING and (against or not any(a.overridden for a in docket.asked)):
        raise NotDone(_kept_out(docket))
    mode = docket.rules.merge
    if mode == "manual":
        return
    waits = docket.waits
    ends = waits[0].sentence if waits else "it merges by itself once its gates pass"
    how = {"approved": "by approval", "auto": "by itself"}[mode]
    raise NotDone(f"the policy says `merge: {mode}`: it merges {how}, not by command; {ends}")


def _kept_out(docket: Docket) -> str:
    """Say which gate keeps a request out, and what ends that."""
    against, words = docket.against, replies.AGAINST[docket.verdict]
    if not against:
        return f"its gates {words}; the report says which, and what would end it"
    first, more = against[0], len(against) - 1
    others = f" (and {count(more, 'other gate')})" if more else ""
    gate = replies.against_of(first)
    titles = {one.title for one in against}
    hard = [a for a in docket.asked if a.gate.title in titles and not a.overridable]
    way = replies.MENDED[docket.verdict]
    line = "" if hard else docket.override_of(first.title)
    over = f", or somebody else who may write comments `{line}`" if line else ""
    return f"{gate}{others}; {way}{over}"


def may_override(docket: Docket, gate: str) -> tuple[Trial, ...]:
    """Return the trials that ask a gate which somebody may override.

    Raises:
        NotDone: nobody may, or it would change nothing.
    """
    asked = [(trial, ask) for trial in docket.trials for ask in trial.asked]
    meant = [(trial, ask) for trial, ask in asked if gate in (ask.name, ask.gate.title)]
    paste = docket.override_of(gate)
    if not meant:
        hard = "" if paste else "; every gate here is hard, and nobody overrides those"
        raise NotDone(f"nothing asks the gate {gate} here{hard}", paste)
    if not any(ask.overridable for _, ask in meant):
        raise NotDone(f"the gate {gate} is hard; nobody overrides it")
    if not docket.verdict:
        raise NotDone(
            "no report of exactly this head and this evidence is there to override; "
            "have it judged, read the report, and order it again",
            "/lockstep evaluate",
        )
    against = {one.title for one in docket.against}
    says_no = any(ask.overridden or ask.gate.title in against for _, ask in meant)
    if not says_no and (against or docket.verdict == "passed"):
        raise NotDone(
            f"the gate {gate} keeps nothing out, so there is nothing to override",
            paste if against else "",
        )
    return tuple(trial for trial, _ in meant)
