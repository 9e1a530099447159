"""How a judged request ends a run: what is shown, and the exit code."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, assert_never

import click

from bot import __version__
from bot.core.errors import ERRORED, FAILED, INCONCLUSIVE, PASSED
from bot.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.core.errors import Refusal
    from bot.flow import Conclusion


def exit_code(conclusion: Conclusion) -> int:
    """Choose the exit code of a run; evidence that is absent names its own."""
    decision = conclusion.decision
    if decision.refusal is not None:
        return decision.refusal.exit_code
    match decision.outcome:
        case Outcome.PASSED:
            return PASSED
        case Outcome.FAILED:
            return FAILED
        case Outcome.INCONCLUSIVE:
            return INCONCLUSIVE
        case Outcome.ERRORED:
            faults = [
                verdict.fault
                for judgement in conclusion.judgements
                for verdict in judgement.verdicts
                if verdict.fault is not None and verdict.counts is Outcome.ERRORED
            ]
            return faults[0].value if faults else ERRORED
        case _:
            assert_never(decision.outcome)


def show(conclusion: Conclusion) -> None:
    """Print the report for a person."""
    from rich.console import Console

    from bot.report.terminal import show as show_view

    show_view(conclusion.report.view, Console())


def show_json(conclusion: Conclusion, landed: str | None = None) -> None:
    """Print the record of the decision for a script, with the commit it landed as."""
    from bot.core.account import account

    record = account(conclusion.decision, conclusion.judgements, conclusion.proposal, __version__)
    content = dict(record.content)
    refusal = conclusion.decision.refusal
    if refusal is not None:
        content["problems"] = problems(refusal)
    if landed is not None:
        content["landed"] = landed
    content["exit_code"] = exit_code(conclusion)
    click.echo(json.dumps(content, indent=2))


def problems(refusal: Refusal) -> list[dict[str, Any]]:
    """List what was refused, for a script."""
    return [
        {
            "file": one.file,
            "line": one.line,
            "column": one.column,
            "what": one.what,
            "remedy": one.remedy,
        }
        for one in refusal.problems
    ]


def write_page(conclusion: Conclusion, file: Path, templates: dict[str, str]) -> None:
    """Write the report as one HTML page."""
    from bot.report.render import page

    file.write_text(page(conclusion.report.view, templates), encoding="utf-8")


def progress() -> Callable[[str], None]:
    """Say what is going on, on a terminal; be silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda words: click.secho(f"… {words}", err=True, dim=True)
