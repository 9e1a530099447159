"""The merge queue: its group is judged as it would land, and sealed once it landed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.cli.evaluate import carry
from bot.core.decision import Ruling
from bot.core.errors import Unavailable
from bot.flow import Conclusion
from bot.world.queue import Group, Queued, group_of
from tests.guard.yard import Yard

CONTEXT = "lockstep/gate: main"
NOW = datetime.now(UTC)


def grouped(yard: Yard, number: int, *, more: dict[str, bytes] | None = None) -> Group:
    """Build the commit that a queue would land, as GitHub does, on a branch of its own."""
    base, pull = yard.tip(), yard.forge.pull_request(number)
    tree = yard.bare.merged(base, pull.head_sha)
    assert tree is not None
    head = yard.bare.run("commit-tree", tree, "-p", base, "-m", f"{pull.title} (#{number})",
                         extra=WHO).decode().strip()  # fmt: skip
    for path, text in (more or {}).items():
        head = yard.bare.append(head, {path: text}, "something else", NOW)
    ref = f"refs/heads/gh-readonly-queue/main/pr-{number}-{base}"
    yard.bare.run("update-ref", ref, head)
    return Group(ref=ref, head_sha=head, number=number)


def judged(yard: Yard, group: Group) -> Conclusion:
    world = Queued(
        forge=yard.forge, repository=yard.clone, cache=yard.folder / "cache", group=group
    )
    return carry(group.number, world)


def light(yard: Yard, sha: str) -> str | None:
    status = yard.forge.status(sha, CONTEXT)
    return None if status is None else status.state


def test_a_group_that_passes_turns_green_and_its_landing_is_sealed(yard: Yard) -> None:
    yard.guard()
    number = yard.propose("churn", "1")
    group = grouped(yard, number)

    conclusion = judged(yard, group)

    assert conclusion.decision.ruling is Ruling.MERGE
    assert light(yard, group.head_sha) == "success"
    assert [path.split("/")[1] for path in yard.audit("records")] == [str(number)]
    assert yard.forge.pull_request(number).merged_as is None
    yard.bare.run("update-ref", "refs/heads/main", group.head_sha)
    guarded = yard.guard()
    assert guarded.sealed == (group.head_sha,)
    assert guarded.findings == ()


def test_a_group_that_fails_turns_red_and_the_request_says_why(yard: Yard) -> None:
    yard.guard()
    number = yard.propose("churn", "1")
    group = grouped(yard, number)
    yard.push_text(b"other bytes", path="models/1.skops")
    group = grouped(yard, number)

    judged(yard, group)

    assert light(yard, group.head_sha) in ("failure", "error")
    assert len(yard.forge.reports(number, "<!-- lockstep:report:v1 ")) == 1


def test_a_group_that_changes_the_lock_otherwise_than_its_request_is_refused(yard: Yard) -> None:
    """Whoever may push can name a branch like a queue's and borrow an approved request."""
    yard.guard()
    number = yard.propose("churn", "1")
    other = yard.bare.blob(
        yard.forge.pull_request(yard.propose("spam", "2")).head_sha, "models.lock", most=10**6
    )
    assert other is not None
    group = grouped(yard, number, more={"models.lock": other.text})

    conclusion = judged(yard, group)

    assert "otherwise than this request" in str(conclusion.decision.refusal)
    assert light(yard, group.head_sha) == "failure"


def test_a_group_of_a_request_that_leaves_the_lock_alone_may_not_bring_one(yard: Yard) -> None:
    yard.guard()
    yard.ana._starts("words")
    (yard.ana.clone / "NOTES").write_text("words")
    yard.ana._git("add", "--all")
    yard.ana._git("commit", "--quiet", "-m", "words")
    number = yard.ana._opens("words", "words").number
    group = grouped(yard, number, more={"models.lock": b"anything"})

    assert judged(yard, group).decision.ruling is Ruling.REFUSE
    assert light(yard, group.head_sha) == "failure"


def test_a_group_on_other_policies_is_refused(yard: Yard) -> None:
    yard.guard()
    number = yard.propose("churn", "1")
    group = grouped(yard, number, more={"policies/lax.yaml": b"models: [other]\n"})

    conclusion = judged(yard, group)

    assert "other policies" in str(conclusion.decision.refusal)


def test_a_group_that_the_queue_built_anew_is_left_alone(yard: Yard) -> None:
    yard.guard()
    number = yard.propose("churn", "1")
    group = grouped(yard, number)
    yard.push(yard.serving("spam", "2"))

    with pytest.raises(Unavailable, match="the base moved"):
        judged(yard, group)
    assert light(yard, group.head_sha) is None


def test_a_draft_in_a_queue_fails_instead_of_waiting(yard: Yard) -> None:
    yard.guard()
    yard.ana._starts("draft")
    number = yard.propose("churn", "1")
    yard.forge.close(number)
    draft = yard.forge.acting_as("ana").propose(
        title="x", body="", head="churn-1", base="main", draft=True
    )
    group = grouped(yard, draft.number)

    judged(yard, group)

    assert light(yard, group.head_sha) == "failure"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "refs/heads/main@" + "a" * 40,
        "refs/heads/gh-readonly-queue/main/pr-7-" + "b" * 40,
        "refs/heads/gh-readonly-queue/main/pr-0-" + "b" * 40 + "@" + "a" * 40,
        "--output=x@" + "a" * 40,
    ],
)
def test_what_names_no_group_is_none(text: str) -> None:
    assert group_of(text) is None


WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "queue"), ("EMAIL", "queue@localhost"))
}
