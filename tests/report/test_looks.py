"""A browser draws comments and pages, and what it measures is asserted; pictures are for people.

Set `LOOKS` to a folder to keep the pictures.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from bot.report.render import page, summary
from tests.report.builders import seen
from tests.report.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("passed-merges", "failed", "errored", "several-models", "refused-malformed", "overridden")
WIDTHS = (1000, 390)
# As a forge shows a comment: tables scroll in their own box, the text does not.
FORGE = """<!doctype html><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { margin: 0; padding: 16px; max-width: 980px; font: 14px/1.5 sans-serif; color: #1f2328;
       overflow-wrap: break-word; }
h3 { font-size: 1.25em; } h4 { font-size: 1em; }
table { display: block; width: max-content; max-width: 100%; overflow: auto;
        border-collapse: collapse; margin-bottom: 16px; }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; }
code { font: 85% monospace; background: #eff1f3; border-radius: 6px; padding: .2em .4em; }
pre { background: #f6f8fa; padding: 16px; overflow: auto; } pre code { background: none; }
</style>"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


def looked_at(browser, html: str, name: str, width: int, *, dark: bool = False):
    """Open a page, keep its picture if asked to, and return what the browser measured."""
    scheme = "dark" if dark else "light"
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_content(html)
    tab.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    measured = tab.evaluate(
        "({page: document.documentElement.scrollWidth, window: window.innerWidth,"
        " colour: getComputedStyle(document.body).backgroundColor,"
        " tables: document.querySelectorAll('table').length})"
    )
    if "LOOKS" in os.environ:
        path = Path(os.environ["LOOKS"]) / f"{name}-{width}-{scheme}.png"
        tab.screenshot(path=str(path), full_page=True)
    tab.close()
    return measured, asked


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_a_comment_fits_the_window_and_asks_for_nothing(browser, templates, name, width):
    markdown = summary(seen(*STORIES[name]()), templates)
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True})
    measured, asked = looked_at(browser, FORGE + parser.render(markdown), f"comment-{name}", width)
    assert measured["page"] <= measured["window"]
    assert asked == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_the_window_and_asks_for_nothing(browser, templates, name, width, dark):
    html = page(seen(*STORIES[name]()), templates)
    measured, asked = looked_at(browser, html, f"page-{name}", width, dark=dark)
    assert measured["page"] <= measured["window"]
    assert asked == []
    assert measured["colour"] == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
