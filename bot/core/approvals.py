"""An approval counts while the evidence it was given on is today's.

Which evidence that was is read from the stored records of the request.  Where none was stored
before an approval, the report of the bot can only keep it from counting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.core.case import fold_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.core.proposal import Standing
    from bot.core.trial import Trial

UNNAMED = "the evidence key is another one"
UNRECORDED = "what the report said then was never recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A review that approves of exactly the judged head."""

    by: str
    at: datetime | None = None
    """When it was given; None takes it as given before the first evaluation."""
    teams: tuple[str, ...] = ()
    """Teams on whose behalf it was given, `org/slug`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A recorded verdict that kept a request out."""

    title: str
    outcome: str
    """`failed`, `errored` or `inconclusive`."""
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a stored record says its verdicts rested on."""

    at: datetime
    head: str
    keys: frozenset[str]
    """Evidence keys of its cases."""
    rests: Mapping[str, str]
    """What the keys are made of, by a name for people: `policy policies/x.yaml` and its digest."""
    outcome: str = ""
    """What was decided: `passed`, `overridden`, `failed`, `errored` or `inconclusive`."""
    against: tuple[Against, ...] = ()
    """The verdicts that kept it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the bot's report on a request shows."""

    since: datetime
    """When there was a report first."""
    edited_at: datetime
    """When it came to say what it says now; by the forge's clock, as approvals are."""
    key: str
    """The evidence keys, folded, that it is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """An approval that counts no more."""

    by: str
    changed: str
    """What is another than when it was given."""


def standing_approvals(trials: Sequence[Trial], standing: Standing) -> tuple[Approval, ...]:
    """List the approvals that were given on today's evidence."""
    return tuple(one for one in _given(standing) if not _changed(one, trials, standing))


def lapsed(trials: Sequence[Trial], standing: Standing) -> tuple[Lapsed, ...]:
    """List the approvals that were given on other evidence, with what changed since."""
    found = ((one, _changed(one, trials, standing)) for one in _given(standing))
    return tuple(Lapsed(by=one.by, changed=changed) for one, changed in found if changed)


def recorded(content: Any) -> Recorded | None:
    """Read what a stored record rested on; None when it is not a record."""
    try:
        judgements = content["judgements"]
        rests = {f"policy {path}": str(digest) for path, digest in content["policies"].items()}
        for judgement in judgements:
            rests |= _rest(_told(judgement), judgement["challenger"], judgement["champion"])
            rests |= {f"data {name}": str(digest) for name, digest in judgement["data"].items()}
        return Recorded(
            at=datetime.fromisoformat(content["at"]),
            head=str(content["head"]["commit"]),
            keys=frozenset(str(one["key"]) for one in judgements if one["key"]),
            rests=rests,
            outcome=str(content.get("decision", {}).get("outcome", "")),
            against=tuple(found for judgement in judgements for found in _against(judgement)),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _against(judgement: Any) -> Iterator[Against]:
    for one in judgement.get("verdicts", ()):
        permitted = one["observed"] or one["waived_by"] or one["overridden_by"]
        if one["outcome"] != "passed" and not permitted:
            yield Against(
                title=str(one["title"]), outcome=str(one["outcome"]), because=str(one["because"])
            )


def _given(standing: Standing) -> tuple[Approval, ...]:
    """Take the names of approvals whose moment is not known as well."""
    known = {one.by for one in standing.reviews}
    return (
        *standing.reviews,
        *(Approval(by=name) for name in standing.approved_by if name not in known),
    )


def _changed(approval: Approval, trials: Sequence[Trial], standing: Standing) -> str:
    """Say what changed since an approval was given; empty when nothing did.

    The evidence in force was that of the last record before it, else of the first one after it:
    who approves before the first evaluation approves of what that evaluates.
    """
    history = sorted(standing.recorded, key=lambda one: one.at)
    # A forge tells whole seconds.
    moments = [(one.at.replace(microsecond=0), one) for one in history]
    before = [one for at, one in moments if approval.at is not None and at <= approval.at]
    today = frozenset(trial.case.key for trial in trials if trial.case)
    if not before and _unrecorded(approval, today, standing.shown):
        return UNRECORDED
    then = before[-1] if before else next(iter(history), None)
    if then is None or (today and then.keys == today):
        return ""
    now = _rests(trials)
    names = sorted(
        name for name in now.keys() | then.rests if now.get(name) != then.rests.get(name)
    )
    if names:
        return f"{', '.join(names)} changed since"
    # Without evidence, as when a version retires, there is no key to have changed.
    return UNNAMED if then.keys != today else ""


def _unrecorded(approval: Approval, today: frozenset[str], shown: Shown | None) -> bool:
    """Tell whether a report was there to approve of that is neither recorded nor today's."""
    if shown is None or approval.at is None or approval.at < shown.since.replace(microsecond=0):
        return False
    return shown.key != fold_keys(today) or shown.edited_at > approval.at


def _rests(trials: Sequence[Trial]) -> dict[str, str]:
    found = {f"policy {trial.policy}": trial.policy_digest for trial in trials}
    for trial in trials:
        case = trial.case
        if case is None:
            continue
        about = case.model, getattr(trial.transition, "stage", None) or ""
        champion = case.champion.entry.artifact.digest if case.champion else None
        found |= _rest(about, case.challenger.entry.artifact.digest, champion)
        found |= {f"data {name}": data.digest for name, data in case.data.items()}
    return found


def _told(judgement: Any) -> tuple[str, str]:
    """Read model and stage out of a recorded judgement."""
    told = dict(line.split(": ", 1) for line in judgement["transition"]["about"])
    return told["Model"], told.get("Stage", "")


def _rest(about: tuple[str, str], challenger: str | None, champion: str | None) -> dict[str, str]:
    if challenger is None:
        return {}
    place = f"of {about[0]}" + (f" in {about[1]}" if about[1] else "")
    return {
        f"the challenger {place}": challenger,
        f"the champion {place}": champion or "",
    }
