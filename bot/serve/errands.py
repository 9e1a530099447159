"""An errand is what an event asks for: one verb of the command line, about one thing.

The server knows no other way to act.  What it does is what a person or a workflow could type,
so there is one place where a request is judged, and a job can be repeated by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, assert_never

from bot.core.event import (
    CommentCreated,
    Ignored,
    PullRequestChanged,
    Pushed,
    QueueAsked,
    RunCompleted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.core.event import Event

Kind = Literal["evaluate", "command", "queue", "guard", "sweep"]
URGENCY: dict[Kind, int] = {"command": 0, "guard": 0, "queue": 0, "evaluate": 1, "sweep": 2}
"""Smaller goes first: a person's hold does not wait for a sweep's thousand requests."""
FOUND = 2
"""Urgency of an evaluation that a sweep found."""
COMMAND = "/lockstep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One verb to run, and what it is about."""

    kind: Kind
    repository: str
    about: str
    """`pull/7`, `branch/main` or `sweep`: errands about one thing run one at a time."""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name what is run one at a time."""
        return f"{self.repository.casefold()}#{self.about}"

    @property
    def replaces(self) -> bool:
        """Tell whether a newer errand says all that an older one of the key would."""
        return self.kind in {"evaluate", "guard", "sweep"}


def errand_of(
    event: Event, repository: str, payload: Mapping[str, Any], *, forks: bool = False
) -> Errand | Ignored:
    """Say what an event asks for.

    Args:
        event: What happened.
        repository: Where, `owner/name`.
        payload: All that GitHub said about it.
        forks: Whether requests from forks are judged before somebody who may write asks for it.
    """
    match event:
        case PullRequestChanged():
            waits = Ignored(because="a request from a fork waits for /lockstep evaluate")
            judged = forks or not event.from_fork
            return evaluation(repository, event.number) if judged else waits
        case CommentCreated():
            return _ordered(event, repository, payload)
        case Pushed():
            return _pushed(event, repository, payload)
        case QueueAsked():
            group = f"{event.head_ref}@{event.head_sha}"
            detail = {"number": event.number, "group": group}
            return Errand(kind="queue", repository=repository, about=event.head_ref, detail=detail)
        case RunCompleted():
            return Ignored(because="a workflow's run is for the workflows to carry")
        case Ignored():
            return event
        case _:
            assert_never(event)


def _ordered(
    event: CommentCreated, repository: str, payload: Mapping[str, Any]
) -> Errand | Ignored:
    if event.by_bot or COMMAND not in event.body.casefold():
        return Ignored(because="the comment orders nothing")
    detail = {"payload": payload, "number": event.number}
    about = f"pull/{event.number}"
    return Errand(kind="command", repository=repository, about=about, detail=detail)


def _pushed(event: Pushed, repository: str, payload: Mapping[str, Any]) -> Errand | Ignored:
    """Guard the default branch; what is pushed elsewhere comes as a pull request."""
    about = payload.get("repository")
    default = about.get("default_branch") if isinstance(about, dict) else None
    if event.branch != default:
        return Ignored(because="the push is not to the default branch")
    return Errand(kind="guard", repository=repository, about=f"branch/{event.branch}")


def evaluation(repository: str, number: int) -> Errand:
    """Ask for one pull request to be judged."""
    return Errand(
        kind="evaluate",
        repository=repository,
        about=f"pull/{number}",
        detail={"number": number},
    )


def sweeping(repository: str) -> Errand:
    """Ask for a look at everything that events may have missed."""
    return Errand(kind="sweep", repository=repository, about="sweep")


def command_line(errand: Errand, folder: Path, *, forks: bool = False) -> list[str]:
    """Write an errand as a verb with its arguments.

    Args:
        errand: What to do.
        folder: An empty folder of the job's own, for what the verb reads from a file.
        forks: Whether a sweep looks for requests from forks as well.
    """
    detail = errand.detail
    match errand.kind:
        case "evaluate":
            verb = ["evaluate", str(detail["number"]), "--json"]
        case "queue":
            verb = ["evaluate", str(detail["number"]), "--group", str(detail["group"]), "--json"]
        case "command":
            file = folder / "event.json"
            file.write_text(json.dumps(detail["payload"]), encoding="utf-8")
            verb = ["command", "--event", str(file)]
        case "guard":
            # The whole history: a push that was forced away names a parent that is gone.
            verb = ["guard", "--json"]
        case "sweep":
            verb = ["sweep", "--json", *(["--forks"] if forks else [])]
        case _:
            assert_never(errand.kind)
    return [*verb, "--repo", errand.repository]
