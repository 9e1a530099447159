from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.canonical import EMPTY, HEADER
from bot.core.errors import Malformed, NotCanonical, Refusal, UnknownName
from bot.core.lock import Artifact, Entry, Model
from bot.core.lockfile import blocks, changed, dump, fmt, locator, model_in, parse
from tests.strategies import locks, models

FILE = "models.lock"
DIGEST = "sha256:" + "9f" * 32


def entry(digest: str = DIGEST) -> Entry:
    return Entry(artifact=Artifact(uri="models/3.skops", digest=digest, flavor="skops"))


def model(*versions: str, **facts: object) -> Model:
    return Model(versions={version: entry() for version in versions or ("3",)}, **facts)


FULL = f"""\
# Which version of each model serves each stage. Changed by pull request, judged by policies/.
format: 1
models:
  credit-risk:
    versions:
      "3":
        artifact: {{uri: "models/3.skops", digest: "{DIGEST}", flavor: "skops"}}
        lineage:
          code: "https://example.org/acme/train@{"1f" * 20}"
          manifest: {{uri: "rows.parquet", digest: "{DIGEST}"}}
          parameters: {{"C": "0.1", max_depth: "6", "no": "Å\\n"}}
          created: "2026-11-01T09:00:00Z"
          parent: "2"
      "10":
        artifact: {{uri: "models/3.skops", digest: "{DIGEST}", flavor: "skops"}}
    depends_on: {{text-embedding: "production"}}
    stages: {{canary: "10", production: "3"}}
    traffic: {{canary: 10}}
    holds:
      production: {{reason: "audit", by: "@ana", until: "2026-12-01", version: "10"}}
    released:
      "10": {{reason: "fixed", by: "@ana"}}

  "no":
    versions:
      "1.9":
        artifact: {{uri: "models/3.skops", digest: "{DIGEST}", flavor: "skops"}}
      "1.10":
        artifact: {{uri: "models/3.skops", digest: "{DIGEST}", flavor: "skops"}}
    retired:
      "1.9": "leaks postcode"
""".encode()


def test_the_canonical_text_of_a_lock_with_every_field_is_this() -> None:
    assert dump(parse(FULL, FILE)) == FULL


def test_an_empty_lock_has_a_canonical_text_of_its_own() -> None:
    assert dump({}) == EMPTY
    assert parse(EMPTY, FILE) == {}
    assert blocks(EMPTY, FILE) == {}


@settings(max_examples=40)
@given(locks)
def test_reading_what_was_written_gives_the_same_lock(lock: dict[str, Model]) -> None:
    assert parse(dump(lock), FILE) == lock


@settings(max_examples=40)
@given(locks)
def test_a_canonical_text_is_written_again_as_it_is(lock: dict[str, Model]) -> None:
    text = dump(lock)
    assert dump(parse(text, FILE)) == text
    assert fmt(text, FILE) == text


@settings(max_examples=40)
@given(locks)
def test_formatting_twice_changes_nothing(lock: dict[str, Model]) -> None:
    loose = yaml.safe_dump({"models": json.loads(json.dumps(plain(lock))), "format": 1})
    once = fmt(loose.encode(), FILE)
    assert once == dump(lock)
    assert fmt(once, FILE) == once


def plain(lock: dict[str, Model]) -> dict[str, object]:
    return {name: each.model_dump(mode="json") for name, each in lock.items()}


@settings(max_examples=40)
@given(locks)
def test_other_readers_take_every_scalar_for_what_it_is(lock: dict[str, Model]) -> None:
    read = yaml.safe_load(dump(lock))
    assert read["format"] == 1
    assert set(read["models"]) == set(lock)
    for name, each in lock.items():
        assert read["models"][name].get("stages", {}) == each.stages
        assert read["models"][name].get("traffic", {}) == each.traffic
        assert set(read["models"][name]["versions"]) == set(each.versions)


@settings(max_examples=40)
@given(locks, locks, st.data())
def test_what_changed_is_the_difference_of_two_full_readings(
    base: dict[str, Model], other: dict[str, Model], data: st.DataObject
) -> None:
    kept = {name: each for name, each in base.items() if data.draw(st.booleans())}
    head = {**kept, **other}
    names = sorted(base.keys() | head.keys())
    both = {name: (base.get(name), head.get(name)) for name in names}
    expected = {name: pair for name, pair in both.items() if pair[0] != pair[1]}
    assert changed(dump(base), dump(head), FILE) == expected


@settings(max_examples=40)
@given(locks)
def test_blocks_are_the_models_in_order_with_their_lines(lock: dict[str, Model]) -> None:
    text = dump(lock)
    found = blocks(text, FILE)
    assert list(found) == sorted(lock)
    rows = text.split(b"\n")
    for block in found.values():
        assert rows[block.line - 1] == block.text.split(b"\n")[0]


@settings(max_examples=40)
@given(locks, models())
def test_one_model_is_found_in_a_landed_lock(lock: dict[str, Model], mine: Model) -> None:
    text = dump({**lock, "mine": mine})
    assert model_in(text, "mine", FILE) == mine
    assert model_in(text, "absent", FILE) is None


def test_one_model_is_found_in_a_landed_lock_that_is_not_canonical() -> None:
    assert model_in(FULL.replace(b"# Which", b"# What"), "no", FILE) is not None
    assert model_in(FULL.replace(b"\n\n", b"\n"), "no", FILE) is not None
    assert model_in(FULL.replace(b'  "no":', b"  'no':"), "no", FILE) is not None
    assert model_in(EMPTY, "no", FILE) is None


def test_a_base_that_is_not_canonical_is_compared_by_what_it_says() -> None:
    loose = FULL.replace(b"\n\n", b"\n# by hand\n")
    assert changed(loose, FULL, FILE) == {}
    head = FULL.replace(b'production: "3"}', b'production: "10"}')
    assert list(changed(loose, head, FILE)) == ["credit-risk"]
    assert changed(b"", EMPTY, FILE) == {}
    assert changed(FULL, FULL, FILE) == {}


def test_a_base_that_says_the_same_in_another_zone_has_not_changed() -> None:
    base = FULL.replace(b"2026-11-01T09:00:00Z", b"2026-11-01T11:00:00+02:00")
    assert changed(base, FULL, FILE) == {}


def test_a_base_that_contradicts_itself_can_be_mended() -> None:
    base = FULL.replace(b'production: "3"}', b'production: "4"}')
    assert list(changed(base, FULL, FILE)) == ["credit-risk"]


def test_a_base_that_cannot_be_read_is_named_as_the_base() -> None:
    base = FULL.replace(b'parent: "2"', b'parrent: "2"')
    with pytest.raises(UnknownName, match=r"^models.lock of the base branch:13:11: unknown key"):
        changed(base, FULL, FILE)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b"# Which", b"# What", "1:5"),
        (b"  credit-risk:", b"  credit-risk: ", "4:15"),
        (b"\n\n", b"\n", "23:1"),
        (b'parent: "2"', b"parent: 2", "13:19"),
        (b'canary: "10", production: "3"', b'production: "3", canary: "10"', "17:14"),
        (b'      "10":\n', b"      '10':\n", "14:7"),
        (b'"leaks postcode"\n', b'"leaks postcode"\n\n', "32:1"),
        (b'"leaks postcode"\n', b'"leaks postcode"', "31:1"),
        (b"Z", b"+00:00", "12:40"),
        ("Å".encode(), b"\\u00c5", "11:59"),
        (b"lineage:\n", b"lineage:\n          # why\n", "9:11"),
    ],
)
def test_a_head_that_is_not_canonical_is_refused_at_the_first_difference(
    old: bytes, new: bytes, place: str
) -> None:
    head = FULL.replace(old, new)
    with pytest.raises(NotCanonical) as caught:
        changed(EMPTY, head, FILE)
    assert str(caught.value).startswith(f"models.lock:{place}: ")
    assert str(caught.value).endswith("; run `lockstep fmt`")
    if b"# why" not in new and b"# What" not in new:
        assert fmt(head, FILE) == FULL


def test_models_out_of_order_are_refused_with_their_names() -> None:
    ours, theirs = dump({"a": model()}), dump({"b": model()})
    head = theirs + b"\n" + ours.removeprefix(HEADER)
    with pytest.raises(NotCanonical, match=r"^models.lock:4:3: model 'b' stands before 'a';"):
        changed(ours, head, FILE)


def test_a_model_that_stands_twice_is_refused() -> None:
    text = dump({"a": model()})
    doubled = text + b"\n" + text.removeprefix(HEADER)
    with pytest.raises(
        Malformed, match=r"models.lock:9:3: the key 'a' stands twice, first on line 4"
    ):
        changed(text, doubled, FILE)


def test_a_second_model_cannot_hide_in_a_block() -> None:
    text = dump({"a": model(), "c": model()})
    hidden = text.replace(b"\n\n", b"\n  a:\n    versions: {}\n\n")
    with pytest.raises(Malformed, match="'a' stands twice"):
        changed(text, hidden, FILE)
    with pytest.raises(NotCanonical):
        changed(text, text.replace(b"\n\n", b"\n   \n\n"), FILE)


def test_an_unknown_key_in_a_changed_block_is_refused_at_its_place_in_the_file() -> None:
    head = FULL.replace(b"    retired:", b"    retird:")
    with pytest.raises(UnknownName) as caught:
        changed(EMPTY, head, FILE)
    assert str(caught.value) == "models.lock:30:5: unknown key 'retird'; did you mean 'retired'?"


def test_formatting_does_not_lose_a_comment() -> None:
    text = FULL.replace(b"    retired:", b"    # leaks, see the audit\n    retired: # all")
    with pytest.raises(Malformed) as caught:
        fmt(text, FILE)
    lost, kept = str(caught.value).splitlines()
    assert lost == (
        "models.lock:30:5: this comment would be lost; "
        "move it to a reason or to the pull request, and delete it here"
    )
    assert kept.startswith("models.lock:31:14: ")


def test_a_fact_of_the_head_is_located() -> None:
    locate = locator(FULL, FILE)
    assert str(locate("credit-risk", ("stages", "production"))) == "models.lock:17:40"
    assert str(locate("credit-risk", ("versions", "10"))) == "models.lock:14:7"
    assert str(locate("credit-risk", ("stages", "absent", "deeper"))) == "models.lock:17:5"
    assert str(locate("credit-risk", ("stages", "canary", "deeper"))) == "models.lock:17:22"
    assert locate("absent", ()) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_lock_or_a_refusal(tail: bytes) -> None:
    for text in (tail, HEADER + tail, FULL + tail, FULL[:400] + tail + FULL[400:]):
        try:
            changed(FULL, text, FILE)
        except Refusal as refusal:
            assert refusal.problems  # noqa: PT017 -- either end is right; only another error is not
