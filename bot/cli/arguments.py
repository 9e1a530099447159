"""What several verbs take: names that a lock accepts, moments, and the options of a proposal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import click

from bot.cli.forges import forge_option

Verb = TypeVar("Verb", bound=Callable[..., Any])


class Text(click.ParamType[Any]):
    """Text that can be written down: a shell may pass bytes that are no UTF-8."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, or refuse it."""
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail("this text is not UTF-8", param, ctx)
        return text


TEXT = Text()


class Matching(click.ParamType[Any]):
    """Text of a given form."""

    def __init__(self, name: str, pattern: str, form: str) -> None:
        self.name, self.form = name, form
        self.pattern = re.compile(pattern)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, or say what it should be."""
        text = TEXT.convert(value, param, ctx)
        if not self.pattern.fullmatch(text):
            self.fail(f"{text[:80]!r} is no {self.name}; {self.form}", param, ctx)
        return text


# The patterns are those of bot.core.lock; a test compares them.  They are repeated because
# importing that module costs more than `--help` may take.
MODEL = Matching("model name", r"[a-z0-9][a-z0-9._-]{0,63}", "use a-z, 0-9, '.', '_', '-'")
STAGE = Matching("stage", r"[a-z0-9][a-z0-9._-]{0,63}", "use a-z, 0-9, '.', '_', '-'")
VERSION = Matching(
    "version", r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", "use letters, digits, '.', '_', '+', '-'"
)
LINE = Matching("line of text", r"[^\x00-\x1f\x7f]{1,500}", "write 1 to 500 characters on one line")


class Instant(click.ParamType[Any]):
    """A moment with its zone, or `now`."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read ISO 8601."""
        if isinstance(value, datetime):
            return value
        if value == "now":
            return datetime.now(UTC).replace(microsecond=0)
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is no moment; write 2026-11-23T09:00:00Z, or now", param, ctx)
        return moment


class Calendar(click.ParamType[Any]):
    """A day."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read ISO 8601."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day; write 2026-11-23", param, ctx)


def proposal_options(command: Verb) -> Verb:
    """Add what every verb takes that edits the lock: `--pr`, `--json` and the forge."""
    pr = click.option(
        "--pr",
        is_flag=True,
        help="Open a pull request from the default branch; your files stay as they are.",
    )
    return pr(json_option(forge_option(command)))


def json_option(command: Verb) -> Verb:
    """Add `--json`; the verb receives `as_json`."""
    option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    return option(command)


def by_option(command: Verb) -> Verb:
    """Add `--by`; the verb receives `by`."""
    option = click.option(
        "--by", type=LINE, metavar="WHO", help="Who decides.  Default: git's user.name."
    )
    return option(command)
