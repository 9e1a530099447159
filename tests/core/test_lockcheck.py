from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.canonical import EMPTY
from bot.core.errors import Malformed, Refusal, UnknownName
from bot.core.lock import Artifact, Entry, Lineage, Model
from bot.core.lockfile import changed, dump, parse

FILE = "models.lock"
DIGEST = "sha256:" + "9f" * 32


def entry(digest: str = DIGEST) -> Entry:
    return Entry(artifact=Artifact(uri="models/3.skops", digest=digest, flavor="skops"))


def model(*versions: str, **facts: object) -> Model:
    return Model(versions={version: entry() for version in versions or ("3",)}, **facts)


def refused(text: bytes | str) -> list[str]:
    with pytest.raises(Refusal) as caught:
        parse(text.encode() if isinstance(text, str) else text, FILE)
    return str(caught.value).splitlines()


def test_versions_that_are_named_must_be_registered() -> None:
    lock = {
        "a": model("3", stages={"production": "4"}, holds={"production": hold("5")}),
        "b": model("3", released={"6": {"reason": "r", "by": "b"}}, retired={"7": "old"}),
    }
    with pytest.raises(UnknownName) as caught:
        parse(dump(lock), FILE)
    assert [line.split(", which")[0] for line in str(caught.value).splitlines()] == [
        "models.lock:8:26: stage 'production' names version '4'",
        "models.lock:10:51: the hold on 'production' names version '5'",
        "models.lock:17:7: this release names version '6'",
        "models.lock:19:12: this retirement names version '7'",
    ]
    assert str(caught.value).endswith(", which is not registered; write one of 3")


def hold(version: str) -> dict[str, str]:
    return {"reason": "r", "by": "b", "version": version}


def test_a_retired_version_serves_no_stage() -> None:
    lock = {"a": model("3", stages={"production": "3"}, retired={"3": "leaks"})}
    with pytest.raises(Malformed) as caught:
        parse(dump(lock), FILE)
    assert str(caught.value) == (
        "models.lock:8:26: stage 'production' is served by version '3', which is retired; "
        "let another version serve it, or take the stage out"
    )


def test_a_version_is_not_made_in_the_year_one() -> None:
    lineage = Lineage(created=datetime(1, 1, 1, tzinfo=UTC))
    lock = {"a": Model(versions={"3": entry().model_copy(update={"lineage": lineage})})}
    with pytest.raises(
        Malformed, match=r"^models.lock:9:20: version '3' was not created in the year 1;"
    ):
        parse(dump(lock), FILE)


def test_another_format_is_refused() -> None:
    assert refused("format: 2\nmodels: {}\n")[0].endswith(
        "1:9: 'format' is '2', which does not fit; "
        "write format: 1, or use the Lockstep that wrote this lock"
    )


def test_nothing_is_not_a_lock() -> None:
    assert refused("")[0].startswith("models.lock:1:1: this is empty, not a table of keys")
    with pytest.raises(Malformed):
        changed(EMPTY, b"", FILE)
