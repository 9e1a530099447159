"""The one filter between text from outside and Markdown.

Whatever a string holds, it comes out as one line of inert text: no markup of its own, no
mention, no reference to an issue, no link, no control character, and of bounded length.
A pair of backticks in a sentence is honoured as a code span, which is inert as well.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import zip_longest

CELL = 120
"""Characters of outside text that one cell shows."""
SENTENCE = 400
"""Characters of outside text that one sentence shows."""
DIFF = 160
"""Characters that one line of a diff shows."""
EMPTY = "\N{EN DASH}"
ZERO = "\N{ZERO WIDTH SPACE}"
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
_MARKS = re.compile(
    r"([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})"
    r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_CLOSING = re.compile(
    r"\b(clos|fix|resolv)(?=(?:e[sd]?|ed|es)?:?\s+(?:\S*#|GH-|https?:))", re.IGNORECASE
)
_TAG = re.compile(r"<(?=!|/?(?:details|summary|sub|br)\b)", re.IGNORECASE)
_COMMAND = re.compile(r":(?=:)|#(?=#\[)")
_SHORTCODE = re.compile(r":(?=[\w+-]+:)")
_ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "|": "&#124;",
    "[": "&#91;",
    "]": "&#93;",
    "!": "&#33;",
}
_SPECIAL = re.compile(r"[&<>|\[\]!]")
_PUNCTUATION = re.compile(r"[\\*~$`]|(?<![^\W_])_|_(?![^\W_])")
_FIRST = re.compile(r"^(?=[#=/:]|[+-](?:\s|$)|--)")
_PLACE = re.compile(r"(?<![\w/.@#:-])[\w./-]*\w\.(?:yaml|lock):\d+(?::\d+)?(?![\w/@])")
"""A place in a file, such as `policies/x.yaml:12:7`, which people copy."""
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")


def clean(text: str) -> str:
    """Take out what is not visible text: ANSI, control, bidi and format characters, line ends."""
    text = _ANSI.sub("", text)
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category in {"Zl", "Zp", "Zs"} or character in "\t\n\r\v\f\x85":
            kept.append(" ")
        elif category not in {"Cc", "Cf", "Cs"}:
            kept.append(character)
    return _MARKS.sub(r"\1", re.sub(" +", " ", "".join(kept))).strip()


def on_screen(text: str) -> str:
    """Write outside text as one line of a screen or of a job's log.

    A runner of GitHub Actions obeys `::` at the start of a line of a log and `##[` anywhere in it;
    where a line will break is not known here.
    """
    return _COMMAND.sub(lambda m: f"{m[0]} ", clean(text))


def end_cut(text: str, most: int) -> str:
    """Shorten a sentence at its end."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def middle_cut(text: str, most: int) -> str:
    """Shorten a name in its middle, since both ends tell names apart."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return text[:head] + "…" + text[len(text) - (most - 1 - head) :]


def sentence(text: str, most: int = SENTENCE) -> str:
    """Write outside text as prose; a pair of backticks in it makes a code span."""
    pieces = end_cut(clean(text), most).split("`")
    if len(pieces) % 2 == 0:
        # The last one stands alone.
        pieces[-2:] = ["`".join(pieces[-2:])]
    written = [
        _placed(plain) + (_span(quoted) if quoted is not None else "")
        for plain, quoted in zip_longest(pieces[::2], pieces[1::2])
    ]
    return _NUMBERED.sub(r"\1\\\2", _FIRST.sub(r"\\", "".join(written)))


def full(text: str) -> str:
    """Write outside text as a sentence that ends, and that is never empty."""
    stated = clean(text).rstrip(" .")
    return sentence(f"{stated}.") if stated else EMPTY


def cell(text: str) -> str:
    """Write outside text as prose of a table cell."""
    return sentence(text, CELL) or EMPTY


def whole(text: str) -> str:
    """Write numbers of a cell so that a line breaks only around their interval."""
    held = cell(text).replace(" ", "\N{NO-BREAK SPACE}") if text else ""
    return held.replace("\N{NO-BREAK SPACE}(", " (").replace(")\N{NO-BREAK SPACE}", ") ")


def code(text: str) -> str:
    """Write outside text as a code span, fenced by more backticks than it holds."""
    return _span(middle_cut(clean(text), CELL)) or EMPTY


def typed(text: str) -> str:
    """Write a command as a code span that can be copied whole."""
    return _span(clean(text)) or EMPTY


def raw(text: str) -> str:
    """Write outside text inside a line of HTML, where Markdown is not read."""
    text = _inert(middle_cut(clean(text).replace("`", ""), CELL))
    return re.sub(r"[&<>]", lambda m: _ENTITIES[m[0]], text)


def diff_line(line: str) -> str:
    """Write one line of a diff for a fenced block, where nothing is read as markup.

    Its first character and indent stay, and nothing is put in, so that it can
    be copied; but for comments and tags that fold, which no lock has and other tools may read.
    """
    if line == "@@":
        return line
    indent = line[: len(line) - len(line.lstrip("+- "))]
    return indent + _unfolded(end_cut(clean(line[len(indent) :]), DIFF))


def fence(lines: tuple[str, ...], language: str) -> str:
    """Write lines as a fenced block whose fence is longer than any run of backticks inside."""
    written = [diff_line(line) for line in lines]
    ticks = "`" * max(3, _longest_run("\n".join(written)) + 1)
    return "\n".join([ticks + language, *written, ticks])


def target(address: str) -> str:
    """Write an address of our own as the target of a link; what no address needs is encoded."""
    return re.sub(r"[^A-Za-z0-9:/?#@._~%&=+-]", lambda m: f"%{ord(m[0]):02X}", clean(address)[:500])


def _placed(text: str) -> str:
    """Write prose in which places in files are code spans, to be copied as they are."""
    parts, end = [], 0
    for found in _PLACE.finditer(text):
        parts += [_prose(text[end : found.start()]), _span(found[0])]
        end = found.end()
    return "".join((*parts, _prose(text[end:])))


def _span(text: str) -> str:
    if not text.strip():
        return ""
    if "|" in text:
        # No escape of a pipe inside a code span means the same to every parser of tables.
        return _prose(text)
    # Nothing is a mention, a reference or a link in there, so that it is copied as it is.
    text = _unfolded(text)
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _prose(text: str) -> str:
    text = _SHORTCODE.sub(f":{ZERO}", _inert(text))
    text = _PUNCTUATION.sub(lambda m: "\\" + m[0], text)
    return _SPECIAL.sub(lambda m: _ENTITIES[m[0]], text)


def _inert(text: str) -> str:
    """Break what a forge would link or fold: mentions, references, addresses, comments, tags."""
    text = _CLOSING.sub(rf"\1{ZERO}", _unfolded(text))
    text = text.replace("@", f"@{ZERO}").replace("#", f"#{ZERO}")
    text = re.sub(r"(GH)-", rf"\1{ZERO}-", text, flags=re.IGNORECASE)
    text = text.replace("://", f":{ZERO}//")
    return re.sub(r"(www)\.", rf"\1{ZERO}.", text, flags=re.IGNORECASE)


def _unfolded(text: str) -> str:
    return _TAG.sub(f"<{ZERO}", text).replace("-->", f"--{ZERO}>")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
