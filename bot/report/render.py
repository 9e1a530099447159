"""Views become Markdown and HTML here; the only importer of Jinja.

Templates print values and nothing else.  What they print passes the Markdown filter unless
it is `Safe`, and an operation on a `Safe` text gives an ordinary one, so that a mistake in
a template shows as doubled escapes and never as a hole.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.core.actions import MARKER
from bot.report import markdown
from bot.report.ladder import RUNGS, lower

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.report.strip import Strip
    from bot.report.values import View

COMMENT = "comment.md"
PAGE = "page.html"
BUDGET = (60_000, 240_000)
"""Characters and bytes of a comment; GitHub takes 65,536 characters."""


class Safe(str):
    """Text of our own, or text that has passed the filter."""

    __slots__ = ()


def comment(view: View, templates: Mapping[str, str], *, budget: tuple[int, int] = BUDGET) -> str:
    """Write the comment of a pull request, on the highest rung that fits the budget.

    Args:
        view: What to show.
        templates: Sources by name; `comment.md` is read.
        budget: Most characters and most bytes.
    """
    text = ""
    for rung in RUNGS:
        text = _marked(view, _markdown(lower(view, rung), templates, _strip_as_text))
        if len(text) <= budget[0] and len(text.encode()) <= budget[1]:
            break
    return text


def summary(view: View, templates: Mapping[str, str]) -> str:
    """Write the same report without marker and without a budget, for a run's own page."""
    return _markdown(view, templates, _strip_as_text)


def page(view: View, templates: Mapping[str, str]) -> str:
    """Write a report as one HTML page that needs nothing but itself."""
    from markdown_it import MarkdownIt

    body = (
        MarkdownIt("commonmark", {"html": True})
        .enable(["table", "strikethrough"])
        .render(_markdown(view, templates, _strip_as_drawing))
    )
    body = body.replace("<li>[x] ", '<li class="done">').replace("<li>[ ] ", '<li class="open">')
    body = body.replace("<table>", '<div class="wide"><table>')
    body = body.replace("</table>", "</table></div>")
    return _pages(_frozen(templates)).get_template(PAGE).render(view=view, body=Safe(body))


def marked(text: str) -> dict[str, Any] | None:
    """Read the marker of a comment; None when its first line is not exactly one."""
    first = text.split("\n", 1)[0]
    if not first.startswith(MARKER) or not first.endswith(" -->"):
        return None
    try:
        content = json.loads(base64.b64decode(first[len(MARKER) : -len(" -->")], validate=True))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _marked(view: View, body: str) -> str:
    """Put the marker before a body; its digest leaves out the footer, which names the moment."""
    lasting = body.rsplit("\n<sub>", 1)[0]
    content = {**view.marker, "body": hashlib.sha256(lasting.encode()).hexdigest()}
    # Sorted keys, no spaces: with strings and integers alone this is RFC 8785.
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{MARKER}{base64.b64encode(canonical.encode()).decode()} -->\n{body}"


def _markdown(
    view: View, templates: Mapping[str, str], draw: Callable[[Strip | None], Safe]
) -> str:
    template = _comments(_frozen(templates), draw).get_template(COMMENT)
    return re.sub(r"\n{3,}", "\n\n", template.render(view=view)).strip() + "\n"


def _frozen(templates: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(templates.items()))


@lru_cache(maxsize=8)
def _comments(
    templates: tuple[tuple[str, str], ...], draw: Callable[[Strip | None], Safe]
) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(templates)),
        undefined=StrictUndefined,
        finalize=_filtered,
        # Markdown, not HTML: `finalize` escapes what is printed.
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters = {
        "cell": lambda text: Safe(markdown.cell(text)),
        "code": lambda text: Safe(markdown.code(text)),
        "whole": lambda text: Safe(markdown.whole(text)),
        "fence": lambda lines: Safe(markdown.fence(lines, "diff")),
        "raw": lambda text: Safe(markdown.raw(text)),
        "target": lambda address: Safe(markdown.target(address)),
        "full": lambda text: Safe(markdown.full(text)),
        "strip": draw,
    }
    return environment


@lru_cache(maxsize=8)
def _pages(templates: tuple[tuple[str, str], ...]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(templates)), undefined=StrictUndefined, autoescape=True
    )
    environment.filters = {"safe": environment.filters["safe"]}
    return environment


def _filtered(value: object) -> str:
    """Filter what a template prints; the hook of every expression."""
    if isinstance(value, Safe):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return markdown.sentence(str(value))


def _strip_as_text(strip: Strip | None) -> Safe:
    return Safe(f"`{strip.text}`" if strip else "")


def _strip_as_drawing(strip: Strip | None) -> Safe:
    """Draw a strip as inline SVG of 120 by 14 units with its words as title."""
    if strip is None:
        return Safe("")
    ends = "M{lower:.1f} 3V11M{lower:.1f} 7H{upper:.1f}M{upper:.1f} 3V11"
    ends = ends if strip.lower < strip.upper else ""
    x = {name: 6 + 108 * getattr(strip, name) for name in ("lower", "value", "upper", "limit")}
    return Safe(
        f'<svg class="strip" viewBox="0 0 120 14" role="img">'
        f"<title>Against the limit: {strip.words}</title>"
        f'<path class="axis" d="M2 7H118"/><path class="limit" d="M{x["limit"]:.1f} 0V14"/>'
        f'<path class="interval" d="{ends.format_map(x)}"/>'
        f'<circle cx="{x["value"]:.1f}" cy="7" r="3"/></svg>'
    )
