"""What other people collected to break programs: strings, and YAML that means two things."""

from __future__ import annotations

import functools
import importlib
import json
import re
import sys
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.forges.downloads import cmark_folder, member, naughty_archive, yaml_suite_archive

if TYPE_CHECKING:
    from collections.abc import Callable

EXTENSIONS = ["table", "autolink", "strikethrough", "tasklist"]


@functools.cache
def naughty_strings() -> tuple[str, ...]:
    """Return the big list of naughty strings, each once."""
    listed = json.loads(member(naughty_archive(), "package/resources/blns.json"))
    return tuple(dict.fromkeys(listed))


@dataclass(frozen=True, slots=True)
class Written:
    """One document of YAML's own test suite."""

    name: str
    text: str
    fails: bool
    """Whether a parser of YAML 1.2 must refuse it."""


@functools.cache
def yaml_suite() -> tuple[Written, ...]:
    """Return every document of the suite."""
    found: list[Written] = []
    with tarfile.open(yaml_suite_archive()) as tar:
        for name in sorted(tar.getnames()):
            if re.fullmatch(r"package/data/[A-Z0-9]{4}\.js", name):
                file = tar.extractfile(name)
                assert file is not None
                found += _documents(file.read().decode())
    return tuple(found)


def _documents(script: str) -> list[Written]:
    """Read the JSON that a generated module exports."""
    content = json.loads(re.sub(r";?\s*$", "", script[script.index("{") :]))
    return [
        Written(f"{content['id']}-{index}", case["yaml"], bool(case.get("fail")))
        for index, case in enumerate(content["cases"])
    ]


@functools.cache
def renderer() -> Callable[[str], str]:
    """Return GitHub's own renderer of Markdown, with raw HTML shown and everything linked."""
    folder = str(cmark_folder())
    sys.path.insert(0, folder)
    try:
        cmarkgfm: Any = importlib.import_module("cmarkgfm")
        options = importlib.import_module("cmarkgfm.cmark").Options
    finally:
        sys.path.remove(folder)
    chosen = options.CMARK_OPT_UNSAFE | options.CMARK_OPT_FOOTNOTES

    def render(markdown: str) -> str:
        written: str = cmarkgfm.markdown_to_html_with_extensions(
            markdown, options=chosen, extensions=EXTENSIONS
        )
        return written

    return render
