"""Whatever moves, at whichever call it moves: what lands is what was judged, as things are then.

Every call to the forge and every fetch and push is found by an undisturbed run; at each of
them, in a run of its own, one thing moves just before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cli.evaluate import carry
from bot.core.errors import Incident, Unavailable
from bot.core.order import Kind, Order, written
from bot.core.record import order_path
from bot.world.forge import Forge
from bot.world.here import Hosted
from bot.world.perform_audit import AuditBranch
from bot.world.repository import Repository
from tests.guard.yard import POLICY, Yard
from tests.stories.clockwork import Clockwork, Ticking, TickingRepository

REVIEWED = POLICY.replace("merge: auto", "merge: approved")
CLOSED_TO_ALL = POLICY.replace(
    "production: [artifact]", "production: [artifact, lineage: {require: [code]}]"
)


def carried(yard: Yard, number: int, clockwork: Clockwork) -> str | None:
    """Let the bot carry a request; return how it stopped, if it did."""
    clone = TickingRepository(yard.clone.folder, {}, clockwork)
    world = Hosted(
        forge=Ticking(yard.forge, clockwork),  # type: ignore[arg-type] -- passes every call on
        repository=clone,
        cache=yard.folder / "cache",
    )
    try:
        carry(number, world)
    except (Incident, Unavailable) as stop:
        return type(stop).__name__
    return None


def record_of(yard: Yard, landed: str) -> dict[str, Any]:
    """Read the record that accounts for a landed commit."""
    tip = yard.bare.commit("lockstep/audit")
    for path in yard.audit("seals"):
        blob = yard.bare.blob(tip, path, most=10**6)
        assert blob is not None
        if json.loads(blob.text)["landed"] == landed:
            record = yard.bare.blob(tip, path.replace("seals/", "records/"), most=10**6)
            assert record is not None
            return dict(json.loads(record.text))
    raise AssertionError(f"{landed} has no seal")


def assert_not_stale(yard: Yard, number: int, stopped: str | None, where: str) -> str | None:
    """Hold what landed against its record; return the landed commit."""
    pull = yard.forge.pull_request(number)
    subjects = yard.bare.run("log", "--format=%s", "refs/heads/main").decode()
    assert subjects.count(f"(#{number})") <= 1, where
    assert len(yard.forge.reports(number, "<!-- lockstep:report:v1 ")) <= 1, where
    if pull.merged_as is None:
        return None
    record = record_of(yard, pull.merged_as)
    parent = yard.bare.commit(
        yard.bare.run("log", "-1", "--format=%P", pull.merged_as).decode().strip()
    )
    sound = yard.light(pull.merged_as) != "failure"
    if sound:
        assert stopped is None, where
        assert record["head"]["commit"] == pull.head_sha, where
        assert record["head"]["lock"] == oid(yard, pull.merged_as), where
        assert record["base"]["lock"] == oid(yard, parent), where
    else:
        assert stopped == "Incident", where
        assert len(yard.forge.issues()) == 1, where
        heads = [one.head for one in yard.forge.open_pull_requests()]
        assert f"lockstep/revert-{pull.merged_as[:12]}" in heads, where
    return pull.merged_as


def oid(yard: Yard, commit: str) -> str:
    blob = yard.bare.blob(commit, "models.lock", most=10**6)
    assert blob is not None
    return blob.oid


def head_moves(yard: Yard, number: int) -> None:
    branch = yard.forge.pull_request(number).head
    yard.ana._git("fetch", "--quiet", "origin")
    yard.ana._git("checkout", "--quiet", "-B", branch, f"origin/{branch}")
    yard.ana._git("commit", "--quiet", "--allow-empty", "-m", "another thought")
    yard.ana._git("push", "--quiet", "origin", branch)


def base_moves(yard: Yard, _: int) -> None:
    yard.push_text(b"words", path="NOTES")


def another_model_moves(yard: Yard, _: int) -> None:
    yard.push(yard.serving("spam", "3"))


def champion_moves(yard: Yard, _: int) -> None:
    """Another request of the same model lands first."""
    yard.push(yard.serving("churn", "3"))


def policy_moves(yard: Yard, _: int) -> None:
    yard.push_text(CLOSED_TO_ALL.encode(), path="policies/all.yaml")


def hold_comes(yard: Yard, number: int) -> None:
    is_held(yard.forge, Repository.create(yard.folder / "bens", {}), number)


def is_held(forge: Forge, clone: Repository, number: int) -> None:
    order = Order(
        kind=Kind.HOLD, by="ben", at=datetime.now(UTC), number=number, comment=1, url="",
        head=forge.pull_request(number).head_sha, reason="wait for the audit",
    )  # fmt: skip
    AuditBranch(forge, clone).append(order_path(number, 1), written(order), "Order 1")


def approval_goes(yard: Yard, number: int) -> None:
    yard.forge.withdraw(number, "ben")


def request_is_closed(yard: Yard, number: int) -> None:
    yard.forge.close(number)


def promotion_is_reverted(yard: Yard, _: int) -> None:
    """The champion is rolled back while its successor is judged."""
    from bot.core.lock import Model

    def back(models: dict[str, Model]) -> dict[str, Model]:
        before = models["churn"]
        return {**models, "churn": before.model_copy(update={"stages": {"production": "1"}})}

    yard.push(back)


REMEMBERED = ("reports",)
"""Calls that are answered from what was read before: nothing new can be seen there."""
PLACES: dict[Callable[[Yard, int], None], str] = {
    head_moves: POLICY,
    base_moves: POLICY,
    another_model_moves: POLICY,
    champion_moves: POLICY,
    promotion_is_reverted: POLICY,
    policy_moves: POLICY,
    hold_comes: POLICY,
    approval_goes: REVIEWED,
    request_is_closed: POLICY,
}
STOPS = {approval_goes: 0, hold_comes: 1, request_is_closed: 0}
"""What people say that keeps a request from landing, and how many calls after the last question
to the forge it is looked for: orders lie on the audit branch, which is fetched next."""


@pytest.mark.slow
@pytest.mark.parametrize("deed", PLACES, ids=lambda deed: deed.__name__)
def test_at_no_call_does_a_move_end_in_a_stale_merge(
    tmp_path: Path, deed: Callable[[Yard, int], None]
) -> None:
    yard, number = begun(tmp_path / "begun", PLACES[deed])
    undisturbed = Clockwork()
    carried(yard.copy(tmp_path / "undisturbed"), number, undisturbed)
    calls = undisturbed.names
    assert calls.count("merge") == 1
    landed = 0
    for at in (at for at, name in enumerate(calls, 1) if name not in REMEMBERED):
        twin = yard.copy(tmp_path / f"at-{at}")
        clockwork = Clockwork(at, lambda twin=twin: deed(twin, number))
        stopped = carried(twin, number, clockwork)

        where = f"{deed.__name__} before call {at}, {calls[at - 1]}"
        as_ = assert_not_stale(twin, number, stopped, where)
        landed += as_ is not None
        if deed in STOPS and as_ is not None:
            assert at > last_question(calls) + STOPS[deed], where
        if deed is policy_moves and as_ is not None and twin.light(as_) != "failure":
            assert at > calls.index("merge") + 1, where
    assert landed or deed in (champion_moves, promotion_is_reverted)


def last_question(calls: list[str]) -> int:
    """Place of the last call that reads what people say from the forge."""
    return [at for at, name in enumerate(calls, 1) if name == "pull_request"][-1]


def begun(folder: Path, policy: str) -> tuple[Yard, int]:
    """Let version 1 and then 2 serve, and propose version 4."""
    folder.mkdir()
    yard = Yard(folder, POLICY)
    yard.guard()
    yard.land("churn", "1")
    yard.land("churn", "2")
    if policy != POLICY:
        yard.push_text(policy.encode(), path="policies/all.yaml")
    number = yard.propose("churn", "4")
    yard.forge.approve(number, "ben")
    return yard, number


def test_a_second_promotion_of_a_model_is_judged_against_the_new_champion(tmp_path: Path) -> None:
    yard, first = begun(tmp_path / "begun", POLICY)
    second = yard.propose("churn", "5")
    yard.judge(first)

    assert "conflicts" in str(yard.judge(second).decision.refusal)
    yard.ana._git("checkout", "--quiet", "churn-5")
    yard.ana._git("fetch", "--quiet", "origin")
    yard.ana._git("reset", "--quiet", "--hard", "origin/main")
    edited(yard, "5")

    conclusion = yard.judge(second)

    champions = {
        getattr(judgement.trial.transition, "champion", None) for judgement in conclusion.judgements
    }
    assert "4" in champions
    assert yard.lock()["churn"].stages == {"production": "5"}


def edited(yard: Yard, version: str) -> None:
    from bot.core.lockfile import dump, parse

    path = yard.ana.clone / "models.lock"
    models = parse(path.read_bytes(), "models.lock")
    before = models["churn"]
    versions = {**before.versions, version: yard.entry(version)}
    changed = before.model_copy(update={"versions": versions, "stages": {"production": version}})
    path.write_bytes(dump({**models, "churn": changed}))
    yard.ana._git("commit", "--quiet", "--all", "-m", "again")
    yard.ana._git("push", "--quiet", "--force", "origin", f"churn-{version}")


def test_an_incident_tells_of_itself_once_however_often_it_is_met(tmp_path: Path) -> None:
    yard, number = begun(tmp_path / "begun", POLICY)
    merging = Clockwork()
    carried(yard.copy(tmp_path / "undisturbed"), number, merging)
    at = merging.names.index("merge") + 1
    stopped = carried(yard, number, Clockwork(at, lambda: policy_moves(yard, number)))

    assert stopped == "Incident"
    for _ in range(2):
        with pytest.raises(Incident):
            yard.judge(number)
    assert len(yard.forge.issues()) == 1
    reverts = [one for one in yard.forge.open_pull_requests() if "revert" in one.head]
    assert len(reverts) == 1
    assert yard.guard().findings == ()
