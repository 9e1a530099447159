from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.owners import LARGEST, Owners, owners_of

LOCK = "models.lock"


def owned(text: str, path: str = LOCK) -> Owners | None:
    return owners_of({"CODEOWNERS": text.encode()}, path)


@pytest.mark.parametrize(
    "pattern",
    ["*", "models.lock", "/models.lock", "*.lock", "models.*", "**/models.lock", "model?.lock",
     "/**", "**"],
)  # fmt: skip
def test_a_pattern_owns_the_lock(pattern):
    found = owned(f"{pattern} @ben")
    assert found is not None
    assert found.users == {"ben"}
    assert found.place == "CODEOWNERS:1"


@pytest.mark.parametrize(
    "pattern",
    ["models", "models.lock/", "docs/", "/docs/models.lock", "!models.lock", "model[s].lock",
     "Models.lock", "models.lock.bak", "/", "docs/*", "*.yaml"],
)  # fmt: skip
def test_a_pattern_does_not_own_the_lock(pattern):
    assert owned(f"{pattern} @ben") is None


@pytest.mark.parametrize(
    ("pattern", "path", "is_owned"),
    [
        ("docs/*", "docs/a.md", True),
        ("docs/*", "docs/deep/a.md", False),
        ("docs/", "docs/deep/a.md", True),
        ("docs/", "src/docs/a.md", True),
        ("/docs/", "src/docs/a.md", False),
        ("docs", "src/docs/a.md", True),
        ("docs/**", "docs/deep/a.md", True),
        ("**/logs", "deep/logs/a.txt", True),
        ("/apps/github", "apps/github/a.txt", True),
        ("a.b", "axb", False),
    ],
)
def test_patterns_are_read_as_the_forge_reads_them(pattern, path, is_owned):
    assert (owned(f"{pattern} @ben", path) is not None) is is_owned


def test_the_last_match_wins_and_may_take_the_ownership_away():
    text = "# owners\n* @ana\nmodels.lock @Ben # a note\n"
    found = owned(text)
    assert found is not None
    assert (found.place, found.users) == ("CODEOWNERS:3", frozenset({"ben"}))
    assert owned(f"{text}models.lock\n") is None
    assert owned(f"{text}*.py @cleo\n") == found


def test_users_and_teams_are_matched_and_addresses_are_not():
    found = owned("models.lock @Ben @acme/Risk-Team dan@example.org")
    assert found is not None
    assert found.owned_by("BEN", ())
    assert found.owned_by("eve", ("ACME/risk-team",))
    assert not found.owned_by("dan", ("acme/other",))
    assert found.unmatched == ("dan@example.org",)
    assert (
        found.way_out
        == "a code owner approves it: ben or acme/risk-team; e-mail owners cannot be matched"
    )


def test_owners_that_nobody_can_be_matched_with_are_said():
    found = owned("models.lock dan@example.org")
    assert found is not None
    assert not found.owned_by("dan@example.org", ())
    assert "by login or team" in found.way_out


def test_many_owners_are_not_all_named():
    found = owned("* " + " ".join(f"@u{number}" for number in range(8)))
    assert found is not None
    assert "or 3 more" in found.way_out


def test_the_first_place_that_is_there_counts():
    files = {"CODEOWNERS": b"* @ben", "docs/CODEOWNERS": b"* @dan"}
    assert owners_of({}, LOCK) is None
    found = owners_of({**files, ".github/CODEOWNERS": b"* @cleo"}, LOCK)
    assert found is not None
    assert found.users == {"cleo"}
    assert owners_of({".github/CODEOWNERS": b"x @cleo", **files}, LOCK) is None


def test_a_file_that_the_forge_does_not_read_owns_nothing():
    assert owned("* @ben\n" + "#" * LARGEST) is None


@given(st.text(max_size=80))
def test_no_text_stops_the_reader(text):
    assert isinstance(owned(f"models.lock {text}"), Owners | None)
    assert isinstance(owned(f"{text} @ben"), Owners | None)


def test_a_sole_owner_whose_change_it_is_waits_for_what_can_happen():
    files = {"CODEOWNERS": b"* @Ana"}
    found = owners_of(files, LOCK, frozenset({"ana"}))
    assert found is not None
    assert found.able == ()
    assert "name a further owner in CODEOWNERS on the base branch" in found.way_out
    assert "a repository administrator merge it" in found.way_out


def test_an_owner_whose_change_it_is_is_not_asked_beside_others():
    found = owners_of({"CODEOWNERS": b"* @ana @ben @acme/risk"}, LOCK, frozenset({"ana", "eve"}))
    assert found is not None
    assert found.named() == "ben or acme/risk"
    assert found.way_out == "a code owner approves it: ben or acme/risk"
