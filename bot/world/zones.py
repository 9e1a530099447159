"""The worlds of the two zones: where models run and nothing is trusted, and where it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core.bundle import MODELS
from bot.core.evidence import Evidence
from bot.core.handover import Handover, handover
from bot.core.questions import Scanned
from bot.core.zones import zones
from bot.world.here import DOCUMENTATION, packaged_templates
from bot.world.testimony import Testimony

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot.core.action import Action
    from bot.core.evidence import Need
    from bot.core.proposal import Proposal, Request
    from bot.world.here import Hosted


@dataclass
class Predicting:
    """Zone 1: reads, and furnishes a room in which models may answer; writes nothing to a forge."""

    world: Hosted
    room: Path
    """An empty folder."""
    cache: Path | None = None
    """None keeps nothing for another run, and no labels."""
    version: str = ""
    documentation: str = DOCUMENTATION
    templates: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    """Questions that wait in the room."""
    _proposal: Proposal | None = None

    def __post_init__(self) -> None:
        """Be of the version of the world around it."""
        self.version = self.world.version

    def read(self, request: Request) -> Proposal:
        """Read as the world around it does."""
        self._proposal = self.world.read(request)
        return self._proposal

    def gather(self, needs: frozenset[Need[Any]]) -> Evidence:
        """Fetch what models need; nothing is answered yet."""
        from bot.world.room import furnish

        assert self._proposal is not None, "it is read first"  # noqa: S101 -- narrows a type
        wanted = [need for need in needs if isinstance(need, (*MODELS, Scanned))]
        if not self._proposal.standing.open:
            wanted = []
        self.asked = sum(isinstance(need, MODELS) for need in wanted)
        cache = self.cache or self.room / "bytes"
        furnish(
            self.room, wanted if self.asked else [], self.world.store(cache),
            head=self._proposal.head_sha, base=self._proposal.base_sha, version=self.version,
            say=self.world.say, cache=self.cache,
        )  # fmt: skip
        return Evidence()

    def perform(self, actions: tuple[Action, ...]) -> None:
        """Do nothing: this zone has no say."""


@dataclass
class Judging:
    """Zone 2: judges what zone 1 left, says it, and hands over what only zone 3 may do."""

    world: Hosted
    fetch: Callable[[], Mapping[str, bytes]]
    """Brings the bundle; asked only when a model had to run."""
    version: str = ""
    documentation: str = DOCUMENTATION
    templates: Mapping[str, str] = field(default_factory=packaged_templates)
    handed: Handover | None = None
    """What waits for zone 3, if anything does."""
    _proposal: Proposal | None = None

    def __post_init__(self) -> None:
        """Be of the version of the world around it."""
        self.version = self.world.version

    def read(self, request: Request) -> Proposal:
        """Read as the world around it does."""
        self._proposal = self.world.read(request)
        return self._proposal

    def gather(self, needs: frozenset[Need[Any]]) -> Evidence:
        """Answer every need here, but those for which a model had to run."""
        assert self._proposal is not None, "it is read first"  # noqa: S101 -- narrows a type
        told = Testimony(
            self.fetch, self.version, self._proposal.head_sha, self._proposal.base_sha
        )  # fmt: skip
        return self.world.gather(needs, told)

    def perform(self, actions: tuple[Action, ...]) -> None:
        """Say what may be said at once; what waits is handed over."""
        assert self._proposal is not None, "it is read first"  # noqa: S101 -- narrows a type
        published, kept = zones(actions)
        self.world.perform(published)
        group = getattr(self.world, "group", None)
        named = group.ref if group else ""
        self.handed = handover(self._proposal, kept, self.version, named) if kept else None
