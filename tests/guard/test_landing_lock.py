"""A landing is accounted for by the lock it brings, and a request lands once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.evaluate import carry
from bot.core.finding import Kind
from bot.core.lock import Model
from bot.core.record import digest_of
from bot.world.here import Hosted
from tests.guard.yard import POLICY, Yard
from tests.stories.clockwork import AtMerge, Ticking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Models = dict[str, Model]


def carry_while(yard: Yard, number: int, meanwhile: Callable[[], object]) -> None:
    """Judge a request; something happens between the last look at the base and the merge."""
    forge = Ticking(yard.forge, AtMerge(meanwhile))
    carry(number, Hosted(forge=forge, repository=yard.clone, cache=yard.folder / "cache"))  # type: ignore[arg-type] -- passes every call on


def test_two_models_that_land_at_once_are_both_accounted_for(yard: Yard) -> None:
    yard.guard()
    for name in ("a", "m", "z"):
        yard.land(name, "1")
    first, second = yard.propose("a", "2"), yard.propose("z", "2")

    carry_while(yard, second, lambda: yard.judge(first))

    assert {name: one.stages["production"] for name, one in yard.lock().items()} == {
        "a": "2",
        "m": "1",
        "z": "2",
    }
    guarded = yard.guard()
    assert (guarded.findings, guarded.red) == ((), ())
    assert yard.forge.open_pull_requests() == ()
    assert len(yard.audit("seals")) == 5


def test_a_name_on_another_lock_is_by_hand_and_takes_no_seal(tmp_path: Path) -> None:
    yard = Yard(tmp_path, POLICY.replace("merge: auto", "merge: manual"))
    yard.guard()
    number = yard.propose("churn", "1")
    yard.judge(number)
    before = yard.tip()
    (path,) = yard.audit("records")
    stored = yard.bare.blob(yard.bare.commit("lockstep/audit"), path, most=10**6)
    assert stored is not None
    forged = yard.push(yard.serving("churn", "3"), f"x\n\nRecord: {digest_of(stored.text)}")

    guarded = yard.guard()

    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.BY_HAND, forged)]
    assert yard.audit("seals") == []
    yard.ana._git("push", "--quiet", "--force", "origin", f"{before}:refs/heads/main")
    yard.judge(number)
    head = yard.forge.pull_request(number).head_sha
    landed = yard.forge.merge(number, sha=head, title="mine", message="m")
    assert yard.guard().sealed == (landed,)


def test_a_request_that_landed_accounts_for_no_second_push(tmp_path: Path) -> None:
    """It was judged on two bases: two records, of which one stays over."""
    yard = Yard(tmp_path, POLICY.replace("merge: auto", "merge: manual"))
    yard.guard()

    def registered(_: Models) -> Models:
        versions = {version: yard.entry(version) for version in ("1", "2")}
        return {"churn": Model(versions=versions, stages={"production": "1"})}

    def serve(version: str) -> Callable[[Models], Models]:
        stages = {"production": version}
        return lambda models: {"churn": models["churn"].model_copy(update={"stages": stages})}

    def merged(number: int) -> None:
        head = yard.forge.pull_request(number).head_sha
        yard.forge.merge(number, sha=head, title="mine", message="m")
        yard.judge(number)

    first = yard.ana.proposes("a", "one", registered).number
    yard.judge(first)
    merged(first)
    second = yard.ana.proposes("b", "two", serve("2")).number
    yard.judge(second)
    yard.push_text(b"words", "Words", "README.md")
    yard.judge(second)
    merged(second)
    back = yard.ana.proposes("c", "back", serve("1")).number
    yard.judge(back)
    merged(back)
    assert yard.guard().findings == ()
    records = [path for path in yard.audit("records") if path.startswith(f"records/{second}/")]
    assert len(records) == 2

    again = yard.push(serve("2"))

    guarded = yard.guard()
    assert guarded.sealed == ()
    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.BY_HAND, again)]
