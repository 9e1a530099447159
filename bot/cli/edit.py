"""An edit changes one model of a lock; the other models keep their text to the byte.

Everything here is pure: a draft goes in, a model comes out, or a refusal that names the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.canonical import EMPTY, join, natural
from bot.core.errors import ForbiddenChange, Problem, UnknownName
from bot.core.figures import short
from bot.core.lock import Model
from bot.core.lockfile import Block, blocks, changed, dump_model, locator, model_in
from bot.core.proposal import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.errors import Refusal
    from bot.core.lock import Entry, Hold, Release


MANY = 12
"""More names than this are not listed in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One model of a lock that is about to be edited."""

    text: bytes
    """The whole lock."""
    name: str
    model: Model | None
    """As it is now; None when the lock does not have it yet."""

    @classmethod
    def of(cls, text: bytes, name: str) -> Draft:
        """Cut one model out of a lock.

        Raises:
            NotCanonical: the lock is not canonical, and an edit would touch other lines.
            Malformed, UnknownName: the model cannot be read.
        """
        held = blocks(text, LOCK) if text else {}
        return cls(text=text, name=name, model=model_in(text, name, LOCK) if name in held else None)

    def require(self) -> Model:
        """Return the model, which must be there.

        Raises:
            UnknownName: the lock does not have it.
        """
        if self.model is None:
            names = blocks(self.text, LOCK) if self.text else {}
            remedy = near(self.name, names) or "see `lockstep status`, or register a first version"
            raise UnknownName(
                Problem(what=f"there is no model '{self.name}'", remedy=remedy, file=LOCK)
            )
        return self.model

    @property
    def known(self) -> Model:
        """The model, which must be there; raises as `require`."""
        return self.require()

    def version(self, version: str) -> Entry:
        """Return a registered version.

        Raises:
            UnknownName: it is not registered.
        """
        entry = self.known.versions.get(version)
        if entry is None:
            raise self.refusal(
                UnknownName,
                f"{self.name} has no version '{version}'",
                near(version, self.known.versions) or "register it first",
                "versions",
            )
        return entry

    def refusal(self, kind: type[Refusal], what: str, remedy: str, *path: str) -> Refusal:
        """Refuse an edit at the place of a fact."""
        mark = locator(self.text, LOCK)(self.name, path) if self.text else None
        line, column = (mark.line, mark.column) if mark else (None, None)
        return kind(Problem(what=what, remedy=remedy, file=LOCK, line=line, column=column))

    def with_model(self, model: Model) -> bytes:
        """Write the lock with the model as it is to be; what comes out is checked once more.

        Raises:
            Malformed, UnknownName: the model contradicts itself.
        """
        held = dict(blocks(self.text, LOCK)) if self.text else {}
        held[self.name] = Block(self.name, dump_model(self.name, model), 0)
        text = join({name: block.text for name, block in held.items()})
        changed(self.text or EMPTY, text, LOCK)
        return text


def registered(draft: Draft, version: str, entry: Entry) -> Model:
    """Add a version.

    Raises:
        ForbiddenChange: the version is there already.
    """
    if draft.model is None:
        return Model(versions={version: entry})
    held = draft.model.versions.get(version)
    if held is not None:
        raise draft.refusal(
            ForbiddenChange,
            f"{draft.name} {version} already exists with digest {short(held.artifact.digest)}",
            f"versions are immutable; register '{following(draft.model.versions)}'",
            "versions",
            version,
        )
    return _with(draft.model, versions={**draft.model.versions, version: entry})


def following(versions: Iterable[str]) -> str:
    """Suggest the next version: the highest one with its last number one higher."""
    highest = max(versions, key=natural, default="0")
    head = highest.rstrip("0123456789")
    digits = highest[len(head) :]
    return f"{head}{int(digits) + 1:0{len(digits)}d}" if digits else f"{highest}.1"


def promoted(draft: Draft, version: str, stage: str) -> Model:
    """Let a registered version serve a stage.

    Raises:
        UnknownName: there is no such model or version.
        ForbiddenChange: it serves the stage already, or is retired.
    """
    model = draft.known
    draft.version(version)
    if model.stages.get(stage) == version:
        raise draft.refusal(
            ForbiddenChange,
            f"{draft.name} {version} serves {stage} already",
            "there is nothing to promote",
            "stages",
            stage,
        )
    if version in model.retired:
        raise draft.refusal(
            ForbiddenChange,
            f"version '{version}' is retired ({model.retired[version]})",
            "name another version",
            "retired",
            version,
        )
    return _with(model, stages={**model.stages, stage: version})


def rolled_back(draft: Draft, stage: str, version: str, hold: Hold | None) -> Model:
    """Return a stage to an earlier version, and hold the one that leaves.

    A hold on the whole stage that is there already stays: it forbids more.

    Raises:
        UnknownName, ForbiddenChange: as `promoted`.
    """
    model = promoted(draft, version, stage)
    there = model.holds.get(stage)
    if hold is None or (there is not None and there.version is None):
        return model
    return _with(model, holds={**model.holds, stage: hold})


def held(draft: Draft, stage: str, hold: Hold) -> Model:
    """Hold a stage, or one version of it.

    Raises:
        UnknownName: there is no such model or version.
        ForbiddenChange: the stage is held already.
    """
    model = draft.known
    if hold.version is not None:
        draft.version(hold.version)
    if stage in model.holds:
        raise draft.refusal(
            ForbiddenChange,
            f"{draft.name} is held at {stage} already: {model.holds[stage].reason}",
            f"end that hold first: lockstep release {draft.name} --stage {stage} --reason …",
            "holds",
            stage,
        )
    return _with(model, holds={**model.holds, stage: hold})


def opened(draft: Draft, stage: str) -> Model:
    """End the hold on a stage.

    Raises:
        UnknownName: there is no such model, or it is not held there.
    """
    model = draft.known
    if stage not in model.holds:
        remedy = near(stage, model.holds) or "it has no holds"
        raise draft.refusal(UnknownName, f"{draft.name} is not held at {stage}", remedy, "holds")
    return _with(model, holds={at: hold for at, hold in model.holds.items() if at != stage})


def freed(draft: Draft, version: str, release: Release) -> Model:
    """Let a version that was rolled back be proposed again; holds on it alone end with it.

    Raises:
        UnknownName: there is no such model or version.
        ForbiddenChange: it is released already, for the same reason.
    """
    model = draft.known
    draft.version(version)
    if model.released.get(version) == release:
        raise draft.refusal(
            ForbiddenChange,
            f"{draft.name} {version} is released already",
            "give the reason of this release",
            "released",
            version,
        )
    holds = {at: hold for at, hold in model.holds.items() if hold.version != version}
    return _with(model, holds=holds, released={**model.released, version: release})


def near(name: str, known: Iterable[str]) -> str:
    """Say the nearest known name, or all of them when they are few; else nothing."""
    from bot.core.wording import suggestion

    names = list(known)
    if len(names) > MANY:
        names = [one for one in names if one[:1] == name[:1]]
        said = suggestion(name, names)
        return said if said.startswith("did") else ""
    return suggestion(name, names) if names else ""


def _with(model: Model, **facts: object) -> Model:
    return model.model_copy(update=facts)
