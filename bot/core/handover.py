"""A handover carries what was decided from the zone that judged to the zone that lands it.

Its bytes are canonical JSON (RFC 8785), and their digest crosses on a way of its own.  Reading
is strict: what is not exactly as we write it is not acted on.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

from bot.core.action import ConfirmLanding, MergePullRequest, SetStatus, StoreOrder, StoreRecord
from bot.core.errors import Malformed, Problem
from bot.core.plainjson import NotPlain, read_json
from bot.core.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.action import Action
    from bot.core.proposal import Proposal, Standing

FORMAT = 1
FILE = "decision.json"
LARGEST = 16_000_000
KINDS = {
    kind.__name__: kind
    for kind in (ConfirmLanding, MergePullRequest, SetStatus, StoreOrder, StoreRecord)
}
"""Every action that may be handed over."""
_MORE = ("approved_by", "reviews")
"""Of what people said, there may be more by now."""
_TEXTS = ("lockstep", "repository", "head", "base", "branch", "day", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Actions that wait, and everything they rest on that may change until they are done."""

    lockstep: str
    repository: str
    number: int
    head: str
    base: str
    branch: str
    day: str
    """Waivers, freezes and reviews are by the day; another day is another judgement."""
    group: str = ""
    """Branch of the merge queue's group that was judged; empty where it was a request."""
    standing: Mapping[str, Any]
    """What the forge and people said, as JSON."""
    actions: tuple[Action, ...]

    @property
    def bytes(self) -> bytes:
        """The handover as it is written and hashed."""
        import rfc8785

        content = {name: getattr(self, name) for name in (*_TEXTS, "number", "standing")}
        written = [_action(action) for action in self.actions]
        return rfc8785.dumps({"format": FORMAT, **content, "actions": written})


def handover(
    proposal: Proposal, actions: Sequence[Action], version: str, group: str = ""
) -> Handover:
    """Write down what waits, beside what it rests on."""
    assert proposal.request.number is not None, "a forge was asked"  # noqa: S101 -- narrows a type
    return Handover(
        lockstep=version,
        repository=proposal.repository,
        number=proposal.request.number,
        head=proposal.head_sha,
        base=proposal.base_sha,
        branch=proposal.branch,
        day=proposal.today.isoformat(),
        group=group,
        standing=standing(proposal.standing),
        actions=tuple(actions),
    )


def standing(said: Standing) -> Mapping[str, Any]:
    """Write what the forge and people say as JSON values."""
    written: Mapping[str, Any] = _plain(said)
    return written


def expired(handed: Handover, repository: str, version: str, today: date) -> str:
    """Say why a judgement is not to be acted on, whatever the request is by now."""
    if repository != handed.repository or version != handed.lockstep:
        return "it was judged by another version, or elsewhere"
    return "" if today.isoformat() == handed.day else "it was judged on another day"


def outdated(handed: Handover, proposal: Proposal, version: str) -> str:
    """Say what changed since the judgement, as far as it rests on it; empty when nothing did.

    More approvals than were there then take nothing away; any other change is judged anew.
    """
    now = standing(proposal.standing)
    then = handed.standing
    if why := expired(handed, proposal.repository, version, proposal.today):
        return why
    if proposal.head_sha != handed.head:
        return "the head moved since it was judged"
    if {proposal.branch, proposal.default_branch} != {handed.branch}:
        return "it is for another base than it was judged for"
    if proposal.base_sha != handed.base:
        return "the base moved since it was judged"
    changed = [
        name
        for name in sorted(now.keys() | then.keys())
        if not _stands(then.get(name), now.get(name), more=name in _MORE)
    ]
    words = ", ".join(name.replace("_", " ") for name in changed)
    return f"what it rested on changed since it was judged: {words}" if changed else ""


def _stands(then: Any, now: Any, *, more: bool) -> bool:
    if more and isinstance(then, list) and isinstance(now, list):
        return all(one in now for one in then)
    return bool(then == now)


def digest_of(text: bytes) -> str:
    """Name the bytes of a handover: `sha256:…`."""
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def read(text: bytes, digest: str) -> Handover:
    """Read a handover whose digest is known.

    Raises:
        Malformed: the bytes are others, or not as we write them.
    """
    if digest_of(text) != digest:
        raise _refused("it has another digest than the job that judged gave it")
    try:
        found = _handover(_typed(read_json(text, most=LARGEST), dict))
        canonical = found.bytes == text
    except NotPlain as error:
        raise _refused(str(error)) from None
    except (KeyError, TypeError, ValueError):
        raise _refused("it is not a decision as this version writes it") from None
    if not canonical:
        raise _refused("it is not canonical")
    return found


def _refused(what: str) -> Malformed:
    remedy = "judge again: lockstep judge writes the file and prints its digest"
    return Malformed(Problem(what=what, remedy=remedy, file=FILE))


def _handover(content: dict[str, Any]) -> Handover:
    if content.pop("format") != FORMAT:
        raise TypeError
    texts = {name: _typed(content.pop(name), str) for name in _TEXTS}
    number = _typed(content.pop("number"), int)
    said = _typed(content.pop("standing"), dict)
    actions = tuple(_read_action(_typed(one, dict)) for one in _typed(content.pop("actions"), list))
    if content:
        raise TypeError
    return Handover(number=number, standing=said, actions=actions, **texts)


def _action(action: Action) -> dict[str, Any]:
    if type(action).__name__ not in KINDS:
        raise TypeError(f"{type(action).__name__} is not handed over")
    values = {field.name: getattr(action, field.name) for field in fields(action)}
    return {"action": type(action).__name__, **{k: _written(v) for k, v in values.items()}}


def _written(value: Any) -> Any:
    match value:
        case Record():
            return dict(value.content)
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case tuple():
            return list(value)
        case _:
            return value


def _read_action(content: dict[str, Any]) -> Action:
    kind = KINDS[content.pop("action")]
    known = {field.name: str(field.type) for field in fields(kind)}
    if known.keys() != content.keys():
        raise TypeError
    action: Action = kind(**{name: _value(known[name], content[name]) for name in known})
    return action


def _value(kind: str, value: Any) -> Any:
    """Read a field of an action by the type its class states."""
    match kind:
        case "str":
            return _typed(value, str)
        case "int":
            return _typed(value, int)
        case "bytes":
            return base64.b64decode(_typed(value, str), validate=True)
        case "Record":
            return Record(content=_typed(value, dict))
        case "tuple[str, ...]":
            return tuple(_typed(one, str) for one in _typed(value, list))
        case _ if kind.startswith("Literal[") and repr(_typed(value, str)) in kind:
            return value
        case _:
            raise TypeError


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _plain(value: Any) -> Any:  # noqa: PLR0911 -- one arm a kind of value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        # What a comparison leaves out is no part of the value.
        told = [field.name for field in fields(value) if field.compare]
        return {name: _plain(getattr(value, name)) for name in told}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(_plain(one) for one in value)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    raise TypeError(f"{type(value).__name__} is not handed over")
