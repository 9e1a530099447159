"""A command is what a person asks for by a comment: its first line, and nothing that is quoted.

The comment is read as the Markdown it is.  It holds a command when it begins with a paragraph
whose first line begins with `/lockstep`; after a quote, code, HTML, a heading or a list it holds
none, for what follows those may still be inside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from markdown_it import MarkdownIt

CALL = "/lockstep"
LONGEST_COMMENT = 65_536
LONGEST = 2_000
"""Characters of a command; a longer line is not read."""
LONGEST_REASON = 500
LONGEST_SHOWN = 40
"""Characters of what somebody wrote that a sentence quotes."""
OURS = "<!-- lockstep:"
"""How everything begins that we write ourselves."""
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")
_LINES = re.compile(r"\r\n?|\n")
_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*")+')
_SHOWN_AS_TEXT = frozenset(
    {"text_special", "em_open", "em_close", "strong_open", "strong_close", "html_inline"}
)
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_DASHES = ("--", "\u2014", "\u2013")
"""Some keyboards write two hyphens as a dash."""
OPTIONS = ("--gate", "--reason")


class Verb(Enum):
    """What can be asked for."""

    HELP = "help"
    STATUS = "status"
    EVALUATE = "evaluate"
    HOLD = "hold"
    RELEASE = "release"
    MERGE = "merge"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a verb is written, and what it is for."""

    written: str
    """The line to paste, with places in capital letters: `hold REASON`."""
    about: str


FORMS: Mapping[Verb, Form] = {
    Verb.STATUS: Form(
        written="/lockstep status",
        about="say the verdict and what the request waits for",
    ),
    Verb.EVALUATE: Form(
        written="/lockstep evaluate",
        about="judge it again",
    ),
    Verb.HOLD: Form(
        written="/lockstep hold REASON",
        about="keep it from merging until somebody releases it",
    ),
    Verb.RELEASE: Form(
        written="/lockstep release",
        about="end every hold on it",
    ),
    Verb.MERGE: Form(
        written="/lockstep merge SHA",
        about="merge exactly this head, where the policy says `merge: manual`",
    ),
    Verb.OVERRIDE: Form(
        written='/lockstep override --gate GATE --reason "REASON"',
        about="take it upon yourself that a gate says no; not on your own request, and for a while",
    ),
    Verb.HELP: Form(
        written="/lockstep help",
        about="list these commands",
    ),
}
"""Every verb, in the order of the help; help, documentation and suggestions come from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that was understood."""

    verb: Verb
    reason: str = ""
    sha: str = ""
    """For a merge: 7 or more digits of the head, in lower case."""
    gate: str = ""
    """For an override: the name of a gate, or its title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misunderstood:
    """A line that was meant as a command and is none."""

    because: str
    paste: str
    """The exact line that was probably meant."""
    verb: Verb = Verb.HELP
    gate: str = ""
    """What was given of an override, right or wrong; which gates ask here is not known."""
    reason: str = ""


def parse(body: str, gates: Iterable[str]) -> Command | Misunderstood | None:
    """Read the command of a comment; None when it holds none.

    Args:
        body: The comment as it was written; anything.
        gates: Names of the gates there are.
    """
    if len(body) > LONGEST_COMMENT or body.startswith(OURS) or CALL not in body.casefold():
        return None
    line = _first_line(body)
    if line is None or not re.match(rf"{CALL}(?:\s|$)", line, re.IGNORECASE):
        return None
    words = line.split(maxsplit=2)
    if len(line) > LONGEST:
        verb = _nearest(words[1:2])
        because = f"a command has at most {LONGEST:,} characters, and a reason {LONGEST_REASON}"
        return Misunderstood(because=because, paste=FORMS[verb].written, verb=verb)
    text = _plain(line)
    if text is None:
        return Misunderstood(
            because="a command is plain text; code, links and images in it are not read",
            paste=FORMS[_nearest(words[1:2])].written,
            verb=_nearest(words[1:2]),
        )
    return _read(text.translate(_QUOTES)[len(CALL) :].strip(), tuple(gates))


@cache
def _markdown() -> tuple[MarkdownIt, MarkdownIt]:
    """Return a reader of blocks, which leaves their text alone, and a reader of one line."""
    from markdown_it import MarkdownIt

    blocks = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
    return blocks, MarkdownIt("commonmark")


def _first_line(body: str) -> str | None:
    """Return the first line of the comment where a paragraph begins with it, as written."""
    tokens = _markdown()[0].parse(body)
    if not tokens or tokens[0].type != "paragraph_open":
        return None
    # A definition of a link leaves no token, but it is a line.
    before = _LINES.split(body)[: tokens[0].map[0]] if tokens[0].map else ()
    if any(line.strip() for line in before):
        return None
    return tokens[1].content.split("\n", 1)[0].strip()


def _plain(line: str) -> str | None:
    """Return the words of a line as they are shown; None when some of them are not plain text."""
    (inline,) = _markdown()[1].parseInline(line)
    kept = []
    for token in inline.children or []:
        if token.type == "text":
            kept.append(token.content)
        elif token.type not in _SHOWN_AS_TEXT:
            return None
    return " ".join("".join(c if c.isprintable() else " " for c in "".join(kept)).split())


def _read(  # noqa: PLR0911 -- one arm for each verb
    rest: str, gates: tuple[str, ...]
) -> Command | Misunderstood:
    """Read what follows the call."""
    word, _, more = rest.partition(" ")
    verb = next((verb for verb in Verb if verb.value == word.casefold()), None)
    if not word:
        return Command(verb=Verb.HELP)
    if verb is None:
        near = _nearest([word])
        return Misunderstood(
            because=f"there is no command `{_shown(word)}`", paste=FORMS[near].written, verb=near
        )
    match verb:
        case Verb.HOLD:
            return _hold(_unquoted(more))
        case Verb.MERGE:
            return _merge(more)
        case Verb.OVERRIDE:
            return _override(more, gates)
        case Verb.HELP | Verb.STATUS | Verb.EVALUATE | Verb.RELEASE:
            if more:
                because = f"`{verb.value}` takes nothing after it"
                return Misunderstood(because=because, paste=FORMS[verb].written, verb=verb)
            return Command(verb=verb)
    assert_never(verb)


def _hold(reason: str) -> Command | Misunderstood:
    if reason and len(reason) <= LONGEST_REASON:
        return Command(verb=Verb.HOLD, reason=reason)
    because = "a hold says why" if not reason else _too_long(reason)
    return Misunderstood(because=because, paste=FORMS[Verb.HOLD].written, verb=Verb.HOLD)


def _merge(more: str) -> Command | Misunderstood:
    if _SHA.fullmatch(more):
        return Command(verb=Verb.MERGE, sha=more.casefold())
    because = "a merge names the head it is for, by 7 or more digits of its commit and nothing else"
    return Misunderstood(because=because, paste=FORMS[Verb.MERGE].written, verb=Verb.MERGE)


def _override(more: str, gates: tuple[str, ...]) -> Command | Misunderstood:
    """Read the options; of what is wrong the first is told, with the line that mends all of it."""
    given, wrong = _options(more)
    gate, reason = given.get("--gate", ""), given.get("--reason", "")
    known = gate.split(" ", 1)[0] in gates
    if not wrong and gate and not known:
        wrong = f"there is no gate `{_shown(gate)}`"
    if not wrong:
        missing = [name for name in OPTIONS if not given.get(name)]
        wrong = f"an override names its {missing[0].removeprefix('--')}" if missing else ""
    if not wrong and len(reason) > LONGEST_REASON:
        wrong = _too_long(reason)
    if not wrong:
        return Command(verb=Verb.OVERRIDE, gate=gate, reason=reason)
    bare = [word for word in more.split() if word in gates]
    near = gate if known else (get_close_matches(gate, gates, n=1) or bare or ["GATE"])[0]
    paste = override_line(near, reason)
    return Misunderstood(
        because=wrong, paste=paste, verb=Verb.OVERRIDE, gate=near[:LONGEST_SHOWN], reason=reason
    )


def override_line(gate: str, reason: str = "") -> str:
    """Write an override to paste; what is not known of it is a place in capital letters."""
    named = f'"{gate}"' if " " in gate else gate
    return f'{CALL} override --gate {named} --reason "{reason[:LONGEST_REASON] or "REASON"}"'


def _too_long(reason: str) -> str:
    return f"a reason has at most {LONGEST_REASON} characters, and this one {len(reason):,}"


def _options(more: str) -> tuple[dict[str, str], str]:
    """Read `--name value` pairs, and say the first thing wrong with them."""
    given: dict[str, str] = {}
    wrong = "a quotation mark is not closed" if more.count('"') % 2 else ""
    last = ""
    tokens = iter(_TOKEN.findall(more if not wrong else more.replace('"', " ")))
    for token in tokens:
        if not token.startswith(_DASHES):
            if last == "--reason":
                wrong = wrong or "a reason of several words stands in quotation marks"
                given[last] += f" {_unquoted(token)}"
            else:
                wrong = wrong or f"`{_shown(token)}` belongs to no option"
            continue
        name, equals, value = ("--" + token.lstrip("".join(_DASHES))).partition("=")
        name = name.casefold()
        if name not in OPTIONS:
            near = (get_close_matches(name, OPTIONS, n=1) or OPTIONS)[0]
            wrong = wrong or f"there is no option `{_shown(name)}`; did you mean `{near}`?"
            name = near
        elif name in given:
            wrong = wrong or f"`{name}` stands there twice"
        last = name
        given[name] = _unquoted(value if equals else next(tokens, ""))
    return given, wrong


def _unquoted(text: str) -> str:
    """Take off one pair of quotation marks, and every other that is left."""
    return " ".join(text.replace('"', " ").split())


def _nearest(words: list[str]) -> Verb:
    names = [verb.value for verb in Verb]
    near = get_close_matches(words[0][:LONGEST_SHOWN].casefold() if words else "", names, n=1)
    return Verb(near[0]) if near else Verb.HELP


def _shown(word: str) -> str:
    """Shorten what somebody wrote to what a sentence can quote."""
    return word.replace("`", "'")[:LONGEST_SHOWN]
