"""The story of Lockstep: how one request goes from its event to its effects.

Three effects (read, gather, perform); everything between them is pure.  A dry run prints
the actions, a simulation replaces the evidence, a replay feeds the evidence of a record.
Read next, in this order: core/lock, core/transition, core/policyfile, core/planning,
core/trial, core/decision, core/actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.actions import actions
from bot.core.decision import Decision, Rules, decide, refuse
from bot.core.docket import open_court, rules_of
from bot.core.errors import Refusal
from bot.core.planning import plan
from bot.core.trial import Judgement, Trial, judge, needs_of
from bot.gates import GATES
from bot.report import Report, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.action import Action
    from bot.core.evidence import Evidence, Need
    from bot.core.proposal import Proposal, Request


class World(Protocol):
    """The three effects, and what the program itself brings along."""

    version: str
    """Version of Lockstep."""
    templates: Mapping[str, str]
    """Template sources by name."""
    documentation: str
    """Address under which each gate's page is found."""

    def read(self, request: Request) -> Proposal:
        """Read both locks, the base's policies, history and standing."""

    def gather(self, needs: frozenset[Need[Any]]) -> Evidence:
        """Find out every fact, once."""

    def perform(self, actions: tuple[Action, ...]) -> None:
        """Bring about every effect; probe, do, probe, so that doing it twice is doing it once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """One request carried to its end."""

    proposal: Proposal
    judgements: tuple[Judgement, ...]
    decision: Decision
    report: Report


def handle(request: Request, world: World) -> Conclusion:
    """Carry one request from its event to its effects."""
    proposal = world.read(request)
    judgements, decision = deliberate(proposal, world)
    report = render(
        decision,
        judgements,
        proposal,
        templates=world.templates,
        documentation=world.documentation,
        version=world.version,
    )
    effects = actions(decision, judgements, proposal, report.comment, report.status, world.version)
    world.perform(effects)
    return Conclusion(proposal=proposal, judgements=judgements, decision=decision, report=report)


def rehearse(request: Request, world: World) -> None:
    """Carry one request as far as its questions: all that the zone does where models run."""
    proposal = world.read(request)
    try:
        trials, _ = summon(proposal, world)
    except Refusal:
        # Another zone says why; here nothing is asked.
        trials = ()
    world.gather(needs_of(trials))


def deliberate(proposal: Proposal, world: World) -> tuple[tuple[Judgement, ...], Decision]:
    """Judge a proposal; input that cannot be judged is refused, with a decision of its own."""
    try:
        trials, rules = summon(proposal, world)
    except Refusal as refusal:
        return (), refuse(refusal)
    judgements = judge(trials, world.gather(needs_of(trials)))
    return judgements, decide(judgements, proposal.standing, rules)


def summon(proposal: Proposal, world: World) -> tuple[tuple[Trial, ...], Rules]:
    """Set every transition of a proposal on trial, by the rules of the base.

    Raises:
        Refusal: the input cannot be judged.
    """
    court, changes = open_court(proposal, GATES, version=world.version)
    trials = plan(changes, court)
    return trials, rules_of(trials, court)
