"""`lockstep status`: which version serves each stage, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.arguments import MODEL, json_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.cli.worktree import Worktree
    from bot.core.history import Snapshot
    from bot.core.lock import Model
    from bot.core.serving import Serving

MANY = 50
"""More models than this are shown without their history, unless it is asked for."""


@click.command(
    "status",
    epilog="Example: lockstep status credit-risk",
    short_help="Show which version serves each stage, and since when.",
)
@click.argument("model", type=MODEL, required=False)
@click.option("--since", is_flag=True, help=f"Read the history of more than {MANY} models too.")
@json_option
def command(*, model: str | None, since: bool, as_json: bool) -> None:
    """Show which version serves each stage, since when, and by which commit, at HEAD.

    Without MODEL every model is shown; the history is then read when there are at most 50.
    """
    from bot.cli import show
    from bot.cli.worktree import Worktree

    worktree = Worktree.here()
    tip = worktree.head
    text = _committed(worktree, tip)
    models = _models(text, model)
    past: Mapping[str, Sequence[Snapshot]] = {}
    if tip is not None and models and (since or len(models) <= MANY):
        from bot.world.past import read_snapshots

        past = read_snapshots(worktree.repository, tip, tuple(models))
    rows = [row for name, one in models.items() for row in _rows(name, one, past.get(name))]
    _account(rows, worktree)
    if as_json:
        show.as_json({"commit": tip, "stages": rows})
    else:
        _print(rows, dated=bool(past))
    if worktree.read_lock() != text:
        click.echo("models.lock has changes that are not committed; `lockstep check`", err=True)


def _committed(worktree: Worktree, tip: str | None) -> bytes:
    """Return the lock as it is committed; empty when there is none."""
    from bot.core.proposal import LARGEST, LOCK

    blob = None if tip is None else worktree.repository.blob(tip, LOCK, most=LARGEST)
    return b"" if blob is None else blob.text


def _models(text: bytes, named: str | None) -> Mapping[str, Model | Serving]:
    """Read one model, or all.

    Raises:
        UnknownName: there is no such model.
        Malformed: the lock cannot be read.
    """
    from bot.cli.edit import Draft
    from bot.core.proposal import LOCK
    from bot.core.serving import serving

    if named is not None:
        return {named: Draft.of(text, named).known}
    return serving(text, LOCK)


def _rows(
    name: str, model: Model | Serving, past: Sequence[Snapshot] | None
) -> list[dict[str, Any]]:
    """Describe each stage, and each hold on a stage that nobody serves."""
    from bot.core.history import since, trailers

    rows = []
    for stage in dict.fromkeys((*model.stages, *model.holds)):
        hold, giver = model.holds.get(stage), since(past or (), stage)
        said = trailers(giver.message) if giver else {}
        row: dict[str, Any] = {
            "model": name,
            "stage": stage,
            "version": model.stages.get(stage),
            "traffic": model.traffic.get(stage),
            "hold": hold.model_dump(mode="json", exclude_none=True) if hold else None,
        }
        if past is not None:
            row |= {
                "since": giver.at.isoformat() if giver else None,
                "commit": giver.commit if giver else None,
                "request": said.get("Triggered-by", (None,))[-1],
                "recorded": "Record" in said if giver else None,
            }
        rows.append(row)
    return rows or [{"model": name, "stage": None, "version": None, "traffic": None, "hold": None}]


def _account(rows: Sequence[dict[str, Any]], worktree: Worktree) -> None:
    """Add what the audit branch says of each commit, as far as this clone has fetched it."""
    from bot.core.finding import ALLOWED
    from bot.world.guard_ledger import known_here

    dated = [row for row in rows if row.get("commit")]
    if not dated:
        return
    ledger = known_here(worktree.repository)
    for row in dated:
        finding, seal = ledger.findings.get(row["commit"]), ledger.seals.get(row["commit"])
        row["red"] = finding is not None and finding not in ALLOWED
        if seal is not None and not row["recorded"]:
            row["recorded"], row["request"] = True, row["request"] or f"#{seal['request']}"


def _print(rows: Sequence[dict[str, Any]], *, dated: bool) -> None:
    from bot.cli import show

    if not rows:
        click.echo("no model is registered yet; `lockstep register MODEL VERSION --artifact …`")
        return
    head = ["MODEL", "STAGE", "VERSION", *(["SINCE", "COMMIT", "BY"] if dated else []), ""]
    show.table(head, [_cells(row, dated=dated) for row in rows])
    if not dated:
        click.echo(f"more than {MANY} models: add --since for when, or name a model")


def _cells(row: dict[str, Any], *, dated: bool) -> list[str]:
    cells = [row["model"], row["stage"] or "-", row["version"] or "-"]
    if dated:
        by = row.get("request") or ("by hand" if row.get("recorded") is False else "-")
        cells += [(row.get("since") or "-")[:10], (row.get("commit") or "-")[:10], by]
    notes = ["✗ the guard told of its commit"] if row.get("red") else []
    notes += [] if row["traffic"] is None else [f"{row['traffic']}% of traffic"]
    if row["hold"]:
        hold = row["hold"]
        what = f"{hold['version']} held" if "version" in hold else "held"
        until = f" until {hold['until']}" if "until" in hold else ""
        notes.append(f"{what}{until} by {hold['by']}: {hold['reason']}")
    return [*cells, "; ".join(notes)]
