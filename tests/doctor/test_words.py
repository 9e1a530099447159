"""What is documented is what is checked, and what is shown holds no secret."""

from __future__ import annotations

import re
from pathlib import Path

from bot.world import doctor_checks, doctor_page
from bot.world.doctor_checks import CHECKS
from bot.world.github_read import redacted

ROOT = Path(__file__).parents[2]


def test_the_page_of_checks_is_what_the_checks_say() -> None:
    page = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    assert doctor_page.listed() in page


def test_every_check_that_is_named_in_the_code_is_documented_and_none_besides() -> None:
    used: set[str] = set()
    for path in (ROOT / "bot/world").glob("doctor*.py"):
        if path.name in {Path(doctor_checks.__file__).name, "doctor_page.py"}:
            continue
        text = path.read_text(encoding="utf-8")
        used |= {name for name in CHECKS if f'"{name}"' in text}
        calls = re.findall(r'(?:fine|wrong|warning|unknown)\(\s*"([a-z-]+)"', text)
        assert set(calls) <= CHECKS.keys(), path.name
    assert used == CHECKS.keys()


def test_a_token_of_either_form_and_a_signed_word_are_taken_out_of_words() -> None:
    word = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI3In0.c2lnbmVk_-x"
    said = f"tokens ghs_{'a' * 20}, ghs_7_{word}, ghp_{'b' * 36} and {word}."
    assert redacted(said, "") == "tokens ***, ***, *** and ***."
