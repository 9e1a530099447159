"""A body is GitHub's when it was signed with a secret we share, and with SHA-256."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Malformed
from bot.serve.signature import secrets_of, unsigned
from tests.serve.stage import SECRET, signature

SECRETS = (SECRET.encode(),)


def test_githubs_own_example_is_accepted() -> None:
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert unsigned(b"Hello, World!", header, (b"It's a Secret to Everybody",)) is None


@given(st.binary(max_size=200), st.data())
def test_one_other_bit_is_another_body(body: bytes, data: st.DataObject) -> None:
    header = signature(body)
    assert unsigned(body, header, SECRETS) is None
    if body:
        at = data.draw(st.integers(0, len(body) - 1))
        other = bytes([*body[:at], body[at] ^ 1, *body[at + 1 :]])
        assert unsigned(other, header, SECRETS)


@given(st.text(max_size=80))
def test_no_made_up_header_is_accepted(header: str) -> None:
    assert unsigned(b"{}", header, SECRETS)


def test_any_of_several_secrets_will_do() -> None:
    assert unsigned(b"{}", signature(b"{}"), (b"another one of some length", *SECRETS)) is None
    assert unsigned(b"{}", signature(b"{}"), (b"another one of some length",))


@pytest.mark.parametrize("text", ["", "\n \n", "short", f"{SECRET}\nshort"])
def test_a_missing_or_short_secret_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="openssl rand -hex 32"):
        secrets_of(text)


def test_secrets_are_read_one_a_line() -> None:
    assert secrets_of(f"{SECRET}\n\n  the old one, still good \r\n") == (
        SECRET.encode(),
        b"the old one, still good",
    )
