"""What a forge makes of Markdown: tags, links, and the words it would act on."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

PLAIN = {"p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"}
TAGS = PLAIN | {"h3", "h4", "details", "summary", "sub", "br", "a", "input"}
ATTRIBUTES = {
    "a": {"href"},
    "input": {"type", "checked", "disabled"},
    "th": {"align"},
    "td": {"align"},
    "code": {"class"},
}
CALLS = {
    "a mention": r"(?<![\w`])@[A-Za-z0-9]",
    "a reference to an issue": r"(?<![\w&])#\d|\bGH-\d|[\w.-]+/[\w.-]+#\d",
    "a commit of another repository": r"[\w.-]+@[0-9a-f]{7,40}\b",
    "an address": r"\w://|\bwww\.\w",
    "a closing keyword": r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:\S*#\d|GH-\d|http)",
}
"""What GitHub links, tells somebody about, or acts on, in text that is not code."""


@dataclass
class Page(HTMLParser):
    """The elements of a rendered text."""

    tags: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in TAGS:
            self.wrong.append(tag)
        strange = {name for name, _ in attrs} - ATTRIBUTES.get(tag, set())
        self.wrong += [f"{tag} {name}" for name in strange]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag != "br":
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.hidden.append(data)

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"!{decl[:20]}")

    unknown_decl = handle_decl

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"?{data[:20]}")

    def handle_data(self, data: str) -> None:
        if not {"code", "pre"} & set(self.open):
            self.words.append(data)


def read(html: str) -> Page:
    """Read a rendered text."""
    page = Page()
    page.feed(html)
    page.close()
    return page


def calls(page: Page) -> list[str]:
    """Name what in the words of a page would reach somebody or something."""
    return [
        f"{what}: {found[0]!r}"
        for text in page.words
        for what, pattern in CALLS.items()
        if (found := re.search(pattern, text, re.IGNORECASE))
    ]
