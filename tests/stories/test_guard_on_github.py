"""The guard, the sweep and the merge queue at GitHub: what they ask of its API, and what stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.evaluate import carry
from bot.core.errors import Incident
from bot.core.finding import Kind
from bot.core.lock import Artifact, Entry, Model
from bot.core.lockfile import dump, parse
from bot.world.guard import Guard, Guarded
from bot.world.here import Hosted
from bot.world.queue import Group, Queued
from bot.world.repository import Repository
from bot.world.store import digest_of
from bot.world.sweep import planned
from tests.forges.description import description
from tests.forges.server import queue
from tests.forges.server.web import Server
from tests.forges.stand import Stand, github_stand
from tests.forges.wire import Wire
from tests.guard.yard import POLICY, model
from tests.stories.clockwork import AtMerge, Ticking


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Put a repository on the test server whose gates run no model, and watch what is said."""
    try:
        wire: Wire | None = Wire(description())
    except pytest.skip.Exception:
        wire = None
    with Server(tmp_path / "server") as server:
        here = github_stand(tmp_path, server)
        (here.clone / "models").mkdir()
        (here.clone / "policies").mkdir()
        for version in "123":
            (here.clone / f"models/{version}.skops").write_bytes(model(version))
        (here.clone / "policies/all.yaml").write_text(POLICY)
        (here.clone / "models.lock").write_bytes(dump({}))
        here.git("checkout", "--quiet", "-B", "main", "origin/main")
        here.git("add", "--all")
        here.git("commit", "--quiet", "-m", "Begin")
        here.git("push", "--quiet", "origin", "main")
        if wire is None:
            yield here
            return
        with wire.watched() as watching:
            yield here
        assert watching.complaints == []


def edit(stand: Stand, branch: str, name: str, version: str) -> None:
    """Let a version serve, on a branch that starts at the default branch."""
    stand.git("fetch", "--quiet", "origin")
    stand.git("checkout", "--quiet", "-B", branch, "origin/main")
    lock = stand.clone / "models.lock"
    models = parse(lock.read_bytes(), "models.lock")
    before = models[name].versions if name in models else {}
    uri = f"models/{version}.skops"
    artifact = Artifact(uri=uri, digest=digest_of(stand.clone / uri).digest, flavor="skops")
    versions = {**before, version: Entry(artifact=artifact)}
    serving = Model(versions=versions, stages={"production": version})
    lock.write_bytes(dump({**models, name: serving}))
    stand.git("commit", "--quiet", "--all", "-m", f"{name} {version}")
    stand.git("push", "--quiet", "origin", branch)


def propose(stand: Stand, name: str, version: str) -> int:
    edit(stand, f"{name}-{version}", name, version)
    return stand.people.proposal("ana", f"{name}-{version}")


def clone(stand: Stand, tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "bot", stand.forge.git_environment())


def judge(stand: Stand, tmp_path: Path, number: int) -> Hosted:
    world = Hosted(forge=stand.forge, repository=clone(stand, tmp_path), cache=tmp_path / "cache")
    carry(number, world)
    return world


def guard(stand: Stand, tmp_path: Path) -> Guarded:
    return Guard(stand.forge, clone(stand, tmp_path), "main").walk()


def asked(stand: Stand) -> list[str]:
    """What was asked of the API since this was read last."""
    assert stand.server
    words = [f"{method} {path.split('/acme/models')[-1]}" for method, path in stand.server.log]
    stand.server.log.clear()
    return words


def test_a_push_by_hand_costs_few_requests_once_and_none_afterwards(
    stand: Stand, tmp_path: Path
) -> None:
    guard(stand, tmp_path)
    judge(stand, tmp_path, propose(stand, "churn", "1"))
    edit(stand, "main", "churn", "2")
    by_hand = stand.tip("main")
    asked(stand)

    guarded = guard(stand, tmp_path)

    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.BY_HAND, by_hand)]
    status = stand.forge.status(by_hand, "lockstep/guard: main")
    assert status is not None
    assert status.state == "failure"
    assert stand.hosted
    first = asked(stand)
    assert len(first) <= 10, first
    assert sum(word.startswith("POST /issues") for word in first) == 1
    (pull,) = stand.forge.open_pull_requests()
    assert pull.head == f"lockstep/revert-{by_hand[:12]}"
    asked(stand)

    assert guard(stand, tmp_path).findings == ()
    assert asked(stand) == []
    stand.people.approve(pull.number, "ben")
    judge(stand, tmp_path, pull.number)
    assert stand.forge.pull_request(pull.number).merged_as == stand.tip("main")


def test_a_sweep_asks_one_question_for_fifty_requests(stand: Stand, tmp_path: Path) -> None:
    guard(stand, tmp_path)
    numbers = [propose(stand, f"m{at}", "1") for at in range(3)]
    judge(stand, tmp_path, numbers[0])
    asked(stand)

    plan = planned(stand.forge, clone(stand, tmp_path), "main")

    assert {one.number for one in plan.due} == set(numbers[1:])
    assert len(asked(stand)) == 1


def test_a_request_goes_through_the_merge_queue(stand: Stand, tmp_path: Path) -> None:
    assert stand.server
    hosted = stand.hosted
    assert hosted
    guard(stand, tmp_path)
    hosted.queue, hosted.required = [], ["lockstep/gate: main"]
    number = propose(stand, "churn", "1")
    asked(stand)

    world = judge(stand, tmp_path, number)

    assert world.performed.queued
    # Two more than a merge: the merge was refused, and the queue is asked before it is told.
    assert len(asked(stand)) <= 9
    assert hosted.queue == [number]
    (report,) = stand.forge.reports(number, "<!-- lockstep:report:v1 ")
    assert "In the merge queue." in report.body

    built = queue.form(hosted)
    group = Group(ref=built.ref, head_sha=built.head_sha, number=number)
    queued = Queued(
        forge=stand.forge,
        repository=clone(stand, tmp_path),
        cache=tmp_path / "cache",
        group=group,
    )
    carry(number, queued)
    assert queue.land(stand.server.state, hosted, built)
    guarded = guard(stand, tmp_path)

    assert guarded.sealed == (built.head_sha,)
    assert guarded.findings == ()
    (report,) = stand.forge.reports(number, "<!-- lockstep:report:v1 ")
    assert f"Merged as `{built.head_sha[:7]}`" in report.body


def test_an_incident_at_github_turns_red_and_proposes_the_revert(
    stand: Stand, tmp_path: Path
) -> None:
    """The policies move in the last instant, between the last look and the merge."""
    guard(stand, tmp_path)
    judge(stand, tmp_path, propose(stand, "churn", "1"))
    number = propose(stand, "churn", "2")
    strict = POLICY.replace("production: [artifact]", "production: [lineage: {require: [code]}]")
    moved = AtMerge(lambda: stand.push("main", {"policies/all.yaml": strict}))
    world = Hosted(
        forge=Ticking(stand.forge, moved),  # type: ignore[arg-type] -- passes every call on
        repository=clone(stand, tmp_path),
        cache=tmp_path / "cache",
    )

    with pytest.raises(Incident, match="other policies"):
        carry(number, world)

    landed = stand.tip("main")
    status = stand.forge.status(landed, "lockstep/guard: main")
    assert status is not None
    assert status.state == "failure"
    heads = [pull.head for pull in stand.forge.open_pull_requests()]
    assert heads == [f"lockstep/revert-{landed[:12]}"]
    assert guard(stand, tmp_path).findings == ()
