"""Verdicts as tables: gates with failures first, slices with the worst first."""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.transition import Registration
from bot.core.verdict import Outcome, worst
from bot.report.change import change
from bot.report.numbers import Figures, ends, figures, judged, percent, plural
from bot.report.strip import ranges, strip
from bot.report.values import Block, Row, Section, Slices, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.trial import Judgement
    from bot.core.verdict import Measure, Verdict
    from bot.report.strip import Key, Range

    Pair = tuple[Verdict, Measure | None]

FEWEST_ROWS = 20
"""Slices of fewer rows are counted and not shown: their values could be about one person."""
MOST_SLICES = 200
LONG_TABLE = 12
"""Gates beyond which those that pass are folded away."""
ALOUD = "sandbox layer missing"
"""How a note begins that is never folded away."""
RESULTS = {
    Outcome.PASSED: ("✅", "pass"),
    Outcome.INCONCLUSIVE: ("❔", "inconclusive"),
    Outcome.ERRORED: ("⛔", "error"),
    Outcome.FAILED: ("❌", "fail"),
}


def sections(judgements: Sequence[Judgement], documentation: str) -> tuple[Section, ...]:
    """Group judgements by model, the model with the worst outcome first."""
    by_model: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_model.setdefault(judgement.trial.transition.model, []).append(judgement)
    ordered = sorted(by_model.items(), key=lambda item: -worst(j.outcome for j in item[1]))
    return tuple(_section(model, own, documentation) for model, own in ordered)


def _section(model: str, judgements: list[Judgement], documentation: str) -> Section:
    verdicts = [verdict for judgement in judgements for verdict in judgement.verdicts]
    notes = dict.fromkeys(note for verdict in verdicts for note in verdict.notes)
    return Section(
        model=model,
        tables=tuple(_table(j, documentation) for j in _telling_first(judgements) if j.verdicts),
        slices=_slices(verdicts, documentation),
        warnings=tuple(note for note in notes if note.startswith(ALOUD)),
        notes=tuple(note for note in notes if not note.startswith(ALOUD)),
    )


def _telling_first(judgements: list[Judgement]) -> list[Judgement]:
    """Put the worst first, and what was only registered after what wants to serve."""
    return sorted(
        judgements,
        key=lambda judgement: (
            -judgement.outcome,
            isinstance(judgement.trial.transition, Registration),
        ),
    )


def _table(judgement: Judgement, documentation: str) -> Table:
    pairs = [(verdict, _leading(verdict)) for verdict in judgement.verdicts]
    pairs.sort(key=lambda pair: (-pair[0].outcome, -pair[0].counts, not _broken(pair[0])))
    scales = ranges(measure for _, measure in pairs if measure is not None)
    visible, folded = pairs, pairs[:0]
    if len(pairs) > LONG_TABLE:
        visible = [pair for pair in pairs if pair[0].outcome is not Outcome.PASSED]
        folded = [pair for pair in pairs if pair[0].outcome is Outcome.PASSED]
    return Table(
        subject=change(judgement.trial).subject,
        blocks=_said_once(_blocks(visible, scales, documentation)),
        folded=_blocks(folded, scales, documentation),
        folded_words=f"{plural(len(folded), 'gate')} passed" if folded else "",
    )


def _broken(verdict: Verdict) -> bool:
    """Say whether answers depend on their order or state: no figure beside it means anything."""
    return verdict.gate == "outputs" and verdict.outcome is Outcome.FAILED


def _blocks(
    pairs: Sequence[Pair], scales: Mapping[Key, Range], documentation: str
) -> tuple[Block, ...]:
    """Part gates with numbers from gates without; the part with the worst gate stands first."""
    blocks = []
    for measured in (True, False):
        own = [pair for pair in pairs if (pair[1] is not None) is measured]
        measures = [measure for _, measure in own if measure is not None]
        blocks.append(
            Block(
                measured=measured,
                compared=any(m.champion is not None or m.difference is not None for m in measures),
                confidence=_confidence(measures),
                rows=tuple(_row(verdict, m, scales, documentation) for verdict, m in own),
            )
        )
    filled = [block for block in blocks if block.rows]
    return tuple(sorted(filled, key=_first))


def _said_once(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Let one error that keeps several gates from judging be said by the first of them."""
    causes: dict[tuple[str, str], list[str]] = {}
    for row in (row for block in blocks for row in block.rows):
        if row.outcome is Outcome.ERRORED:
            causes.setdefault((row.because, row.advice), []).append(row.title)

    def told(row: Row) -> Row:
        titles = causes.get((row.because, row.advice), [row.title])
        if row.outcome is not Outcome.ERRORED or titles[0] == row.title:
            return replace(row, affected=", ".join(titles))
        return replace(row, because=f"as {titles[0]}", advice="", repeated=True)

    return tuple(replace(block, rows=tuple(told(row) for row in block.rows)) for block in blocks)


def _first(block: Block) -> tuple[int, bool, str]:
    row = block.rows[0]
    broken = row.gate == "outputs" and row.outcome is Outcome.FAILED
    return -row.outcome, not broken, row.word


def _confidence(measures: Sequence[Measure]) -> str:
    levels = {measure.confidence for measure in measures if measure.confidence is not None}
    return f"{percent(levels.pop())} bounds" if len(levels) == 1 else "bounds"


def _leading(verdict: Verdict) -> Measure | None:
    """Pick the measure that stands for a verdict: its worst, then the one nearest its limit."""
    shown = [measure for measure in verdict.measured if not _hidden(measure)]
    return min(shown, key=_badness, default=None)


def _badness(measure: Measure) -> tuple[int, float]:
    outcome = Outcome.PASSED if measure.outcome is None else measure.outcome
    return -outcome, _margin(measure)


def _margin(measure: Measure) -> float:
    """Measure how far the deciding bound lies on the right side of the limit."""
    quantity = judged(measure)
    if quantity is None or measure.limit is None:
        return float("inf")
    lower, upper = ends(quantity)
    return lower - measure.limit if measure.direction == "higher" else measure.limit - upper


def _hidden(measure: Measure) -> bool:
    return measure.outcome is not None and measure.n is not None and measure.n < FEWEST_ROWS


def _row(
    verdict: Verdict, measure: Measure | None, scales: Mapping[Key, Range], documentation: str
) -> Row:
    mark, word = RESULTS[verdict.outcome]
    failing = verdict.outcome is not Outcome.PASSED
    return Row(
        title=verdict.title,
        gate=verdict.gate,
        address=f"{documentation}/gates.md#{verdict.gate}",
        outcome=verdict.outcome,
        mark=mark,
        word=word + (_aside(verdict) if failing else ""),
        figures=figures(measure) if measure else Figures(),
        strip=strip(measure, scales) if measure else None,
        because=verdict.because,
        required="" if verdict.outcome is Outcome.ERRORED else verdict.required,
        advice=(verdict.remedy or verdict.unblock) if failing else "",
        permission=_permission(verdict),
        place=verdict.place,
        method=measure.method if measure else "",
        details=verdict.details + _further(verdict, measure),
    )


def _aside(verdict: Verdict) -> str:
    """Say why a gate that does not pass does not decide."""
    if verdict.waived:
        return " (waived)"
    return " (observed)" if verdict.observed else " (overridden)" if verdict.overridden else ""


def _permission(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.PASSED:
        return ""
    if verdict.waived is not None:
        waiver = verdict.waived
        return f"Waived by {waiver.by} until {waiver.until}: {waiver.reason}"
    if verdict.overridden is not None:
        over = verdict.overridden
        return f"Overridden by {over.by} until {over.until:%Y-%m-%d %H:%M} UTC: {over.reason}"
    return ""


def _further(verdict: Verdict, leading: Measure | None) -> tuple[str, ...]:
    """Put measures that are neither the leading one nor slices into sentences."""
    others = [m for m in verdict.measured if m is not leading and m.outcome is None]
    return tuple(f"{m.name}: {_sentence(figures(m), m.note)}" for m in others[:MOST_SLICES])


def _sentence(shown: Figures, note: str) -> str:
    named = (
        ("challenger", shown.challenger),
        ("champion", shown.champion),
        ("difference", shown.difference),
        ("limit", shown.limit),
        ("n =", shown.n),
        ("", note),
    )
    return ", ".join(f"{name} {text}".strip() for name, text in named if text)


def _slices(verdicts: Sequence[Verdict], documentation: str) -> Slices | None:
    cut = [(v, m) for v in verdicts for m in v.measured if m.outcome is not None]
    if not cut:
        return None
    shown = [(v, m) for v, m in cut if not _hidden(m)]
    worst = heapq.nsmallest(MOST_SLICES, shown, key=lambda pair: _badness(pair[1]))
    scales = ranges(measure for _, measure in worst)
    left_out = []
    if len(shown) > len(worst):
        left_out.append(f"{len(shown) - len(worst):,} more, none of them worse.")
    if len(cut) > len(shown):
        hidden = plural(len(cut) - len(shown), "slice")
        left_out.append(f"{hidden} of fewer than {FEWEST_ROWS} rows not shown.")
    return Slices(
        title=f"Slices ({len(cut):,})",
        rows=tuple(_slice_row(v, m, scales, documentation) for v, m in worst),
        left_out=tuple(left_out),
    )


def _slice_row(
    verdict: Verdict, measure: Measure, scales: Mapping[Key, Range], documentation: str
) -> Row:
    outcome = measure.outcome or Outcome.PASSED
    mark, word = RESULTS[outcome]
    return Row(
        title=measure.name,
        gate=verdict.gate,
        address=f"{documentation}/gates.md#{verdict.gate}",
        outcome=outcome,
        mark=mark,
        word=word,
        figures=figures(measure),
        strip=strip(measure, scales),
        because=measure.note,
        required="",
        advice="",
        permission="",
        place=verdict.place,
        method=measure.method,
        details=(),
    )
