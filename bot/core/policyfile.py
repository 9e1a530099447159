"""A policy file is read with the gate table as an argument; exactly one must match a model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bot.core.document import Items, Reading, Table, Text, read
from bot.core.errors import PolicyMissing, Problem
from bot.core.policy import BESIDE_THE_LADDER, Head
from bot.core.trial import Asked
from bot.core.verdict import Waiver
from bot.core.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pydantic import BaseModel

    from bot.core.document import Node
    from bot.core.policy import ArtifactRules, Dataset, Freeze, PromotionRules, SandboxRules

FOLDER = "policies"
PROOF = {"lower_bound_gain": "improve_by"}
"""What the fast track calls a setting of the comparing gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which gates guard which stage of which models, and what happens afterwards."""

    path: str
    digest: str
    """sha256 of the file."""
    head: Head
    asked: Mapping[str, tuple[Asked, ...]]
    """Gates by section: a stage, `registration` or `opening`."""
    fast_track: Asked | None = None
    """The proof that lets a challenger skip rungs."""
    freeze_places: tuple[str, ...] = ()
    """`policies/x.yaml:30:5`, where each freeze stands, in their order."""

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

    def frozen_at(self, today: date) -> str:
        """Say where the freeze that holds today is written; empty when none does."""
        pairs = zip(self.head.freezes, self.freeze_places, strict=False)
        return next((place for f, place in pairs if f.since <= today <= f.until), "")


def parse_policy(text: bytes, path: str, gates: Mapping[str, type[BaseModel]]) -> Policy:
    """Read one policy.

    Raises:
        Malformed, UnknownName: every problem of the file, with its place.
    """
    root = read(text, path)
    reading = Reading()
    asked: dict[str, tuple[Asked, ...]] = {}
    head = fast = None
    if isinstance(root, Table):
        head = reading.load(root.without("gates"), Head)
        asked = _sections(root.get("gates"), head, reading, gates)
        fast = _fast_track(root, head, reading, gates)
        _known_waivers(root, head, reading, gates)
    else:
        reading.refuse(root.mark, "this is not a policy", "begin with `models: [name]`")
    reading.settle()
    assert head is not None, "settled without a problem"  # noqa: S101 -- narrows a type
    return Policy(
        path=path,
        digest=f"sha256:{hashlib.sha256(text).hexdigest()}",
        head=head,
        asked=asked,
        fast_track=fast,
        freeze_places=_places(root, "freezes"),
    )


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
            hard=bool(getattr(choice.settings, "hard", False)),
        )


def _fast_track(
    root: Table, head: Head | None, reading: Reading, gates: Mapping[str, type[BaseModel]]
) -> Asked | None:
    """Read the proof of the fast track as the comparing gate it is."""
    fast = head.promotion.fast_track if head else None
    if head is None or fast is None:
        return None
    when = _at(root, "promotion", "fast_track", "when")
    for rung in set(fast.skip) - set(head.ladder[:-1]):
        what = f"the fast track cannot skip '{rung}'"
        reading.refuse(when.mark, what, suggestion(rung, head.ladder[:-1]), unknown=True)
    if fast.when.data not in head.data:
        what = f"the fast track asks for the dataset '{fast.when.data}'"
        reading.refuse(when.mark, what, suggestion(fast.when.data, head.data), unknown=True)
    pairs = ((replace(key, text=PROOF.get(key.text, key.text)), value) for key, value in when.pairs)
    gate = reading.load(Table(tuple(pairs), when.mark), gates["compare"])
    if gate is None:
        return None
    return Asked(name="compare", gate=gate, place=str(when.mark), compares=True)  # type: ignore[arg-type]  # a gate of the table


def _known_waivers(
    root: Table, head: Head | None, reading: Reading, gates: Mapping[str, type[BaseModel]]
) -> None:
    """Refuse a waiver of a gate that does not exist: it would never be used."""
    for rule in head.waivers if head else ():
        if rule.gate not in gates:
            mark = (root.key("waivers") or root).mark
            what = f"a waiver names the unknown gate '{rule.gate}'"
            reading.refuse(mark, what, suggestion(rule.gate, gates), unknown=True)


def _at(node: Node, *keys: str) -> Table:
    """Walk to a table that is known to be there."""
    for key in keys:
        node = (isinstance(node, Table) and node.get(key)) or Table((), node.mark)
    return node if isinstance(node, Table) else Table((), node.mark)


def _places(root: Node, key: str) -> tuple[str, ...]:
    """Say where each entry of a list stands."""
    listed = root.get(key) if isinstance(root, Table) else None
    return tuple(str(item.mark) for item in listed.items) if isinstance(listed, Items) else ()


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
