"""`lockstep log`: the history of the lock, one transition a line, newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.cli.arguments import MODEL, json_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.cli.worktree import Worktree
    from bot.core.history import Snapshot, Term

LIMIT = 50
BY_HAND = "by hand: no decision is recorded"


@click.command(
    "log",
    epilog="Example: lockstep log credit-risk --limit 10",
    short_help="Show the history of the lock, one transition a line.",
)
@click.argument("model", type=MODEL, required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=LIMIT, show_default=True, help="Most lines."
)
@json_option
def command(*, model: str | None, limit: int, as_json: bool) -> None:
    """Show what landed, newest first: one transition a line, with its decision and record.

    With MODEL its reigns follow: who served which stage, from when until when.  A commit that
    changed the lock without a recorded decision is named as done by hand.
    """
    from bot.cli import show
    from bot.cli.worktree import Worktree
    from bot.core.history import terms

    worktree = Worktree.here()
    tip = worktree.head
    found, order = ({}, []) if tip is None else _snapshots(worktree, tip, model, limit)
    lines = _accounted(_lines(found, order)[:limit], worktree)
    reigns = [] if model is None else list(terms(model, found.get(model, ())))
    if as_json:
        now = datetime.now(UTC)
        show.as_json({"log": lines, "reigns": [_reign(term, now) for term in reigns]})
        return
    _print(lines, named=model is None)
    if reigns:
        click.echo()
        _print_reigns(reigns)


def _snapshots(
    worktree: Worktree, tip: str, model: str | None, limit: int
) -> tuple[dict[str, tuple[Snapshot, ...]], list[str]]:
    """Read one model's history, or that of the models the newest commits changed.

    Returns:
        Snapshots by model, and the commits to show, newest first.

    Raises:
        UnknownName: the model neither is nor was in the lock.
    """
    from bot.cli.edit import Draft
    from bot.core.proposal import LARGEST, LOCK
    from bot.world.past import read_snapshots, recent

    repository = worktree.repository
    if model is None:
        commits, names = recent(repository, tip, limit)
        return read_snapshots(repository, tip, names), commits
    found = read_snapshots(repository, tip, (model,))
    if not found[model]:
        blob = repository.blob(tip, LOCK, most=LARGEST)
        Draft.of(blob.text if blob else b"", model).require()
    return found, [one.commit for one in found[model]]


def _lines(found: Mapping[str, Sequence[Snapshot]], order: Sequence[str]) -> list[dict[str, Any]]:
    """Write each transition as a row, in the order of the commits."""
    place = {commit: number for number, commit in enumerate(order)}
    rows = [row for name, past in found.items() for row in _told(name, past)]
    return sorted(
        (row for row in rows if row["commit"] in place), key=lambda row: place[row["commit"]]
    )


def _told(name: str, past: Sequence[Snapshot]) -> list[dict[str, Any]]:
    from bot.core.history import turns, words

    return [
        {
            "at": turn.at.isoformat(),
            "commit": turn.commit,
            "model": name,
            "transition": type(move).__name__,
            "words": words(move),
            "decision": turn.decision,
            "record": turn.record,
            "request": turn.request,
            "by_hand": turn.by_hand,
        }
        for turn in turns(name, past)
        for move in turn.moves
    ]


def _accounted(lines: list[dict[str, Any]], worktree: Worktree) -> list[dict[str, Any]]:
    """Add what the audit branch says of each commit, as far as this clone has fetched it."""
    from bot.core.finding import ALLOWED
    from bot.world.guard_ledger import known_here

    ledger = known_here(worktree.repository)
    for line in lines:
        seal, finding = ledger.seals.get(line["commit"]), ledger.findings.get(line["commit"])
        line["sealed"] = (
            None if seal is None else {"request": seal["request"], "record": seal["record"]}
        )
        line["finding"] = None if finding is None else finding.value
        line["red"] = finding is not None and finding not in ALLOWED
    return lines


def _reign(term: Term, now: datetime) -> dict[str, Any]:
    return {
        "stage": term.stage,
        "version": term.version,
        "since": term.since.isoformat(),
        "until": term.until.isoformat() if term.until else None,
        "days": round(term.days(now), 2),
        "left_by_rollback": term.left_by_rollback,
    }


def _print(lines: Sequence[dict[str, Any]], *, named: bool) -> None:
    from bot.cli import show

    if not lines:
        click.echo("nothing has landed in models.lock yet")
        return
    rows = []
    for line in lines:
        how = _how(line)
        who = [line["model"]] if named else []
        rows.append([line["at"][:10], line["commit"][:10], *who, line["words"], how])
    show.table(["DAY", "COMMIT", *(["MODEL"] if named else []), "TRANSITION", "DECISION"], rows)


def _how(line: Mapping[str, Any]) -> str:
    """Say by which decision a line came to be, or that none is recorded."""
    if line["red"]:
        return f"✗ {line['finding']}: the guard told of it"
    if not line["by_hand"]:
        parts = (line["request"], line["decision"], f"record {line['record'][:19]}…")
        return ", ".join(part for part in parts if part)
    if line["sealed"] is not None:
        sealed = line["sealed"]
        return f"request {sealed['request']}, sealed, record {sealed['record'][:12]}…"
    return line["finding"] or BY_HAND


def _print_reigns(reigns: Sequence[Term]) -> None:
    from bot.cli import show

    now = datetime.now(UTC)
    rows = [
        [
            term.stage,
            term.version,
            show.day(term.since),
            show.day(term.until) if term.until else "today",
            f"{term.days(now):.1f}",
            "rolled back" if term.left_by_rollback else "",
        ]
        for term in reigns
    ]
    show.table(["STAGE", "CHAMPION", "FROM", "UNTIL", "DAYS", ""], rows)
