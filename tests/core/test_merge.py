from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings

from bot.core.errors import ForbiddenChange
from bot.core.lock import Model
from bot.core.lockfile import dump, parse
from bot.core.merge import merge
from tests.landed import BAN, entry, model
from tests.strategies import locks

FILE = "models.lock"
SMALL = {"a": model("3 4", "3"), "b": model("3 4", "3"), "c": model("3 4", "3")}


def merged(
    base: dict[str, Model], ours: dict[str, Model], theirs: dict[str, Model]
) -> dict[str, Model]:
    return parse(merge(dump(base), dump(ours), dump(theirs), file=FILE), FILE)


def conflicts(
    base: dict[str, Model], ours: dict[str, Model], theirs: dict[str, Model]
) -> list[str]:
    with pytest.raises(ForbiddenChange) as caught:
        merged(base, ours, theirs)
    return [problem.what for problem in caught.value.problems]


def test_two_promotions_of_different_models_merge() -> None:
    ours, theirs = {**SMALL, "a": model("3 4", "4")}, {**SMALL, "b": model("3 4", "4")}
    assert merged(SMALL, ours, theirs) == {**ours, "b": theirs["b"]}


def test_changes_of_different_facts_of_one_model_merge() -> None:
    base = {"a": model("3 4", "3")}
    ours = {"a": model("3 4 5", "3", holds={"canary": BAN})}
    theirs = {"a": model("3 4 6", "4", traffic={"production": 10})}
    both = model("3 4 5 6", "4", holds={"canary": BAN}, traffic={"production": 10})
    assert merged(base, ours, theirs) == {"a": both}


def test_one_stage_given_to_two_versions_is_a_conflict() -> None:
    base, ours, theirs = ({"a": model("3 4 5", stage)} for stage in "345")
    assert conflicts(base, ours, theirs) == [
        "a: stages 'production' is '4' on our side and '5' on theirs"
    ]


def test_every_conflict_is_named() -> None:
    base = {"a": model("3 4 5", "3", traffic={"production": 5}), "b": model("3")}
    ours = {"a": model("3 4 5", "4", traffic={"production": 10}), "b": model("3 4")}
    theirs = {"a": model("3 4 5", traffic={"production": 20})}
    assert conflicts(base, ours, theirs) == [
        "a: stages 'production' is '4' on our side and removed on theirs",
        "a: traffic 'production' is '10' on our side and '20' on theirs",
        "model 'b' is changed on our side and removed on theirs",
    ]


def test_one_version_registered_as_two_things_is_a_conflict() -> None:
    versions = {**model("3").versions, "4": entry("4", parent="3")}
    theirs = {"a": Model(versions=versions)}
    assert conflicts({"a": model("3")}, {"a": model("3 4")}, theirs) == [
        "a: versions '4' is changed on our side and changed on theirs"
    ]


def test_one_model_that_both_sides_add_is_merged_by_fact() -> None:
    both = merged({}, {"a": model("3", "3")}, {"a": model("3 4", "3")})
    assert both == {"a": model("3 4", "3")}
    assert merge(b"", dump(both), b"", file=FILE) == dump(both)


def test_a_model_that_one_side_removes_is_gone_unless_the_other_changed_it() -> None:
    base, less = {"a": model("3"), "b": model("3")}, {"a": model("3")}
    assert merged(base, base, less) == less
    assert merged(base, less, base) == less
    assert merged(base, less, {"a": model("3 4"), "b": model("3")}) == {"a": model("3 4")}
    assert conflicts(base, less, {"a": model("3"), "b": model("3 4")}) == [
        "model 'b' is removed on our side and changed on theirs"
    ]


def test_a_side_that_is_not_canonical_is_merged_by_what_it_says() -> None:
    loose = dump({**SMALL, "a": model("3 4", "4")}).replace(b"\n\n", b"\n")
    theirs = {**SMALL, "b": model("3 4", "4")}
    assert merge(dump(SMALL), loose, dump(theirs), file=FILE) == dump(
        {**theirs, "a": model("3 4", "4")}
    )


def test_sides_that_contradict_each_other_are_a_conflict() -> None:
    base = {"a": model("3 4", "3")}
    ours, theirs = {"a": model("3 4", "4")}, {"a": model("3 4", "3", retired={"4": "leaks"})}
    assert conflicts(base, ours, theirs) == [
        "a: together, stage 'production' is served by version '4', which is retired"
    ]


@settings(max_examples=30)
@given(locks, locks)
def test_a_side_that_changed_nothing_yields(base: dict[str, Model], side: dict[str, Model]) -> None:
    assert merge(dump(base), dump(side), dump(base), file=FILE) == dump(side)
    assert merge(dump(base), dump(base), dump(side), file=FILE) == dump(side)
    assert merge(dump(base), dump(side), dump(side), file=FILE) == dump(side)


@settings(max_examples=30)
@given(locks, locks, locks)
def test_the_sides_may_be_exchanged_and_nothing_is_invented(
    base: dict[str, Model], ours: dict[str, Model], theirs: dict[str, Model]
) -> None:
    def outcome(one: dict[str, Model], other: dict[str, Model]) -> dict[str, Model] | None:
        try:
            return merged(base, one, other)
        except ForbiddenChange:
            return None

    result = outcome(ours, theirs)
    assert result == outcome(theirs, ours)
    for name, each in (result or {}).items():
        sides = [side[name] for side in (base, ours, theirs) if name in side]
        for stage, version in each.stages.items():
            assert version in [side.stages.get(stage) for side in sides]
        for version, registered in each.versions.items():
            assert registered in [side.versions.get(version) for side in sides]


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    names = {"GIT_AUTHOR_NAME": "a", "GIT_COMMITTER_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org"}
    quiet = {
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(folder),
    }
    return subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], **names, **quiet},
    )


def commit(folder: Path, branch: str, lock: dict[str, Model]) -> None:
    git(folder, "checkout", "-q", "-B", branch, *([] if branch == "main" else ["main"]))
    (folder / FILE).write_bytes(dump(lock))
    git(folder, "add", FILE)
    assert git(folder, "commit", "-q", "-m", branch).returncode == 0


NEIGHBOURS = {
    "both are promoted": ({"a": model("3 4", "4")}, {"b": model("3 4", "4")}),
    "one is promoted and its neighbour registers a version": (
        {"a": model("3 4", "4")},
        {"b": model("3 4 5", "3")},
    ),
    "the first retires a version and the next one is promoted": (
        {"a": model("3 4", "3", retired={"4": "leaks"})},
        {"b": model("3 4", "4")},
    ),
    "the last is promoted and a model is added before it": (
        {"c": model("3 4", "4")},
        {"bb": model("1")},
    ),
    "one is promoted and a new model is added right behind it": (
        {"a": model("3 4", "4")},
        {"aa": model("3 4", "3")},
    ),
    "one is promoted and a new model is added right before it": (
        {"b": model("3 4", "4")},
        {"aa": model("3 4", "3")},
    ),
    "a model is added first and the first is promoted": (
        {"0a": model("3 4", "3")},
        {"a": model("3 4", "4")},
    ),
}


@pytest.mark.parametrize("story", NEIGHBOURS)
def test_git_merges_neighbours_without_our_driver(tmp_path: Path, story: str) -> None:
    ours, theirs = ({**SMALL, **change} for change in NEIGHBOURS[story])
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "main", SMALL)
    commit(tmp_path, "theirs", theirs)
    commit(tmp_path, "ours", ours)
    result = git(tmp_path, "merge", "-q", "--no-edit", "theirs")
    assert result.returncode == 0, result.stdout
    landed = (tmp_path / FILE).read_bytes()
    assert landed == merge(dump(SMALL), dump(ours), dump(theirs), file=FILE)
    assert landed == dump({**ours, **NEIGHBOURS[story][1]})
