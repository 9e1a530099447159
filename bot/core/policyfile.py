"""A policy file is read with the gate table as an argument; exactly one must match a model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from bot.core.document import Items, Reading, Table, Text, read
from bot.core.errors import PolicyMissing, Problem
from bot.core.lock import Name, Value
from bot.core.policy import (
    ArtifactRules,
    Dataset,
    Freeze,
    PromotionRules,
    RollbackRules,
    SandboxRules,
    WaiverRule,
)
from bot.core.trial import Asked
from bot.core.verdict import Waiver
from bot.core.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pydantic import BaseModel

    from bot.core.document import Node

FOLDER = "policies"
BESIDE_THE_LADDER = ("registration", "opening")

Glob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9*?][a-z0-9._*?-]{0,63}$")]


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Head(Value):
    """A policy without its gates, as it is written."""

    models: Annotated[tuple[Glob, ...], BeforeValidator(_tuple), Field(min_length=1)]
    """Names or patterns of the models this policy covers."""
    ladder: Annotated[tuple[Name, ...], BeforeValidator(_tuple), Field(min_length=1)]
    """The stages in order; the last one serves."""
    mode: Literal["enforce", "observe"] = "enforce"
    """`observe` reports and decides nothing."""
    data: dict[Name, Dataset] = Field(default_factory=dict)
    """Datasets by the name gates use."""
    artifacts: ArtifactRules = ArtifactRules()
    sandbox: SandboxRules = SandboxRules()
    promotion: PromotionRules = PromotionRules()
    rollback: RollbackRules = RollbackRules()
    waivers: Annotated[tuple[WaiverRule, ...], BeforeValidator(_tuple)] = ()
    freezes: Annotated[tuple[Freeze, ...], BeforeValidator(_tuple)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which gates guard which stage of which models, and what happens afterwards."""

    path: str
    digest: str
    """sha256 of the file."""
    head: Head
    asked: Mapping[str, tuple[Asked, ...]]
    """Gates by section: a stage, `registration` or `opening`."""

    @property
    def ladder(self) -> tuple[str, ...]:
        """The stages in order."""
        return self.head.ladder

    @property
    def data(self) -> Mapping[str, Dataset]:
        """Datasets by name."""
        return self.head.data

    @property
    def artifacts(self) -> ArtifactRules:
        """Which artifacts may be loaded."""
        return self.head.artifacts

    @property
    def sandbox(self) -> SandboxRules:
        """What must hold around a model."""
        return self.head.sandbox

    @property
    def promotion(self) -> PromotionRules:
        """What happens when every gate passes."""
        return self.head.promotion

    def gates(self, section: str) -> tuple[Asked, ...]:
        """Return the gates of a section, in the order of the file."""
        return self.asked.get(section, ())

    def every_gate(self) -> Iterator[Asked]:
        """Walk all gates of all sections."""
        for section in self.asked.values():
            yield from section

    def covers(self, model: str) -> bool:
        """Tell whether the policy is about a model."""
        return any(fnmatchcase(model, glob) for glob in self.head.models)

    def waiver(self, gate: str, model: str, today: date) -> Waiver | None:
        """Find an unexpired waiver of a gate for a model."""
        for rule in self.head.waivers:
            if (rule.gate, rule.model) == (gate, model) and today <= rule.until:
                return Waiver(
                    gate=gate, model=model, by=rule.by, reason=rule.reason, until=rule.until
                )
        return None

    def frozen(self, today: date) -> Freeze | None:
        """Find the freeze that holds today."""
        return next((f for f in self.head.freezes if f.since <= today <= f.until), None)


def parse_policy(text: bytes, path: str, gates: Mapping[str, type[BaseModel]]) -> Policy:
    """Read one policy.

    Raises:
        Malformed, UnknownName: every problem of the file, with its place.
    """
    root = read(text, path)
    reading = Reading()
    asked: dict[str, tuple[Asked, ...]] = {}
    head = None
    if isinstance(root, Table):
        head = reading.load(root.without("gates"), Head)
        asked = _sections(root.get("gates"), head, reading, gates)
    else:
        reading.refuse(root.mark, "this is not a policy", "begin with `models: [name]`")
    reading.settle()
    assert head is not None, "settled without a problem"  # noqa: S101 -- narrows a type
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return Policy(path=path, digest=digest, head=head, asked=asked)


def _sections(
    node: Node | None, head: Head | None, reading: Reading, gates: Mapping[str, type[BaseModel]]
) -> dict[str, tuple[Asked, ...]]:
    if node is None or (isinstance(node, Text) and node.empty):
        return {}
    if not isinstance(node, Table):
        reading.refuse(node.mark, "`gates` is a table of stages", "write `gates: {stage: [gate]}`")
        return {}
    known = (*BESIDE_THE_LADDER, *(head.ladder if head else ()))
    sections = {}
    for key, value in node.pairs:
        if head is not None and key.text not in known:
            reading.refuse(
                key.mark, f"unknown stage '{key.text}'", suggestion(key.text, known), unknown=True
            )
        sections[key.text] = tuple(_asked(key.text, value, head, reading, gates))
    return sections


def _asked(
    section: str,
    node: Node,
    head: Head | None,
    reading: Reading,
    gates: Mapping[str, type[BaseModel]],
) -> Iterator[Asked]:
    for choice in reading.choices(_listed(node), gates, kind="gate"):
        compares = bool(getattr(choice.settings, "compares", False))
        if compares and section in BESIDE_THE_LADDER:
            reading.refuse(
                choice.mark,
                f"{choice.name} compares with a champion, and in `{section}` there is none",
                "ask an absolute gate such as metric",
            )
        data = getattr(choice.settings, "data", None)
        if head is not None and isinstance(data, str) and data not in head.data:
            reading.refuse(
                choice.mark,
                f"{choice.name} asks for the dataset '{data}'",
                suggestion(data, head.data)
                if head.data
                else f"describe it under `data: {{{data}: …}}`",
                unknown=True,
            )
        observe = "observe" in (getattr(choice.settings, "mode", None), head and head.mode)
        yield Asked(
            name=choice.name,
            gate=choice.settings,  # type: ignore[arg-type]  # a gate of the table
            place=str(choice.mark),
            observe=observe,
            compares=compares,
        )


def _listed(node: Node) -> Node:
    """Read one gate without a dash as a list of one."""
    return Items((node,), node.mark) if isinstance(node, Table) and len(node.pairs) == 1 else node


def parse_policies(
    files: Mapping[str, bytes], gates: Mapping[str, type[BaseModel]]
) -> tuple[Policy, ...]:
    """Read every policy, in the order of their paths."""
    return tuple(parse_policy(files[path], path, gates) for path in sorted(files))


def policy_for(model: str, policies: Sequence[Policy]) -> Policy:
    """Find the one policy that covers a model.

    Raises:
        PolicyMissing: none does, or more than one.
    """
    found = [policy for policy in policies if policy.covers(model)]
    if len(found) == 1:
        return found[0]
    raise PolicyMissing(_ambiguous(model, found))


def _ambiguous(model: str, found: Iterable[Policy]) -> Problem:
    paths = ", ".join(policy.path for policy in found)
    if paths:
        return Problem(
            what=f"{model} is covered by {paths}",
            file=FOLDER,
            remedy="narrow `models:` until exactly one policy matches",
        )
    return Problem(
        what=f"no policy covers {model}",
        file=FOLDER,
        remedy=f"add policies/{model}.yaml with `models: [{model}]` in a pull request "
        "of its own, or run `lockstep init`",
    )
