"""Each step of the order in which zone 2 fails closed has its own sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from bot.cli.zoned import Wanted
from bot.core.action import StoreRecord
from bot.core.bundle import RUN
from bot.core.decision import Ruling
from bot.core.errors import Fault, Moved
from bot.core.handover import Handover
from bot.flow import Conclusion
from bot.world.bundle_write import write
from tests.stories.workshop import Workshop
from tests.zones.conftest import Play, planted

MARKER = "<!-- lockstep:report:v1 "
FORGES = Path(__file__).parents[1] / "hostile/forges.py"


def faults(conclusion: Conclusion) -> set[Fault | None]:
    return {verdict.fault for one in conclusion.judgements for verdict in one.verdicts} - {None}


def light(workshop: Workshop, number: int) -> str | None:
    head = workshop.forge.pull_request(number).head_sha
    status = workshop.forge.status(head, "lockstep/gate: main")
    return None if status is None else status.state


def reported(workshop: Workshop, play: Play, number: int, bundle: Path) -> Conclusion:
    """Judge; whatever is wrong with the bundle is said, and at most a record waits for zone 3."""
    conclusion, handed = play.judge(number, bundle)
    kept = handed.actions if handed else ()
    assert [type(one) for one in kept] == [StoreRecord] * bool(conclusion.judgements)
    assert len(workshop.forge.reports(number, MARKER)) == 1
    assert light(workshop, number) not in (None, "success")
    assert workshop.landed(number) is None
    return conclusion


def test_a_job_that_left_nothing_is_an_error_that_everybody_sees(
    workshop: Workshop, play: Play, tmp_path: Path
) -> None:
    number = workshop.promote("1")

    conclusion = reported(workshop, play, number, tmp_path / "nowhere")

    assert faults(conclusion) == {Fault.BUNDLE_MISSING}
    assert "left no answers" in conclusion.report.comment


def test_a_forged_bundle_is_an_error_that_everybody_sees(
    workshop: Workshop, play: Play, tmp_path: Path
) -> None:
    number = workshop.promote("1")
    (tmp_path / "forged").mkdir()
    (tmp_path / "forged" / RUN).write_text('{"outcome": "passed", "comment": "@everybody"}')

    conclusion = reported(workshop, play, number, tmp_path / "forged")

    assert faults(conclusion) == {Fault.BUNDLE_FORGED}
    assert "everybody" not in conclusion.report.comment


def test_a_bundle_that_answers_nothing_of_this_base_is_an_error(
    workshop: Workshop, play: Play, tmp_path: Path
) -> None:
    number = workshop.promote("1")
    head, world = workshop.forge.pull_request(number).head_sha, play.world()
    base = workshop.ana._git("rev-parse", "origin/main").strip()
    write(tmp_path / "empty", {}, version=world.version, head=head, base=base)

    conclusion = reported(workshop, play, number, tmp_path / "empty")

    assert faults(conclusion) == {Fault.BUNDLE_FORGED}


def test_a_job_that_found_nothing_to_judge_ends_this_one_too(
    workshop: Workshop, play: Play, tmp_path: Path
) -> None:
    number = workshop.promote("1")
    write(tmp_path / "none", {}, version=play.world().version, head=None, base=None)

    with pytest.raises(Moved, match="found nothing to judge"):
        play.judge(number, tmp_path / "none")

    assert workshop.forge.reports(number, MARKER) == ()


def test_a_bundle_of_an_earlier_head_writes_nothing(workshop: Workshop, play: Play) -> None:
    number = workshop.promote("1")
    bundle = play.predict(number)
    workshop.ana._git("commit", "--quiet", "--allow-empty", "-m", "more")
    workshop.ana._git("push", "--quiet", "origin", "production-1")

    with pytest.raises(Moved, match="another head"):
        play.judge(number, bundle)

    assert workshop.forge.reports(number, MARKER) == ()
    assert light(workshop, number) is None


def test_what_is_out_of_scope_is_refused_without_a_bundle(
    workshop: Workshop, play: Play, tmp_path: Path
) -> None:
    (workshop.ana.clone / "policies/churn.yaml").write_text("models: [x]\n")
    number = workshop.propose_text(b"format: 1\n# other\n", "both")

    conclusion = reported(workshop, play, number, tmp_path / "nowhere")

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert "policies/churn.yaml" in str(conclusion.decision.refusal)


@pytest.mark.parametrize(
    "trick", ["verdict on the screen", "pickle instead of numbers", "class that does not exist",
              "text in the account", "link", "more time than passed"],
)  # fmt: skip
def test_a_model_that_forges_its_results_fails_by_a_name_from_a_list(
    hostile: Workshop, tmp_path: Path, trick: str
) -> None:
    play = Play(hostile.forge, tmp_path / "jobs")
    number = planted(
        hostile, FORGES, trick=trick, rows=2_515, outside=str(tmp_path / "outside"),
        labels=str(hostile.ana.clone / "data/holdout.parquet"),
    )  # fmt: skip

    conclusion = reported(hostile, play, number, play.predict(number))

    assert faults(conclusion) <= {Fault.FORGED_OUTPUT, Fault.MODEL_DOES_NOT_PREDICT}
    assert faults(conclusion)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("forks", [True, False])
def test_a_head_is_found_by_asking_the_forge(workshop: Workshop, *, forks: bool) -> None:
    number = workshop.promote("1")
    head = workshop.forge.pull_request(number).head_sha

    found = Wanted(None, head, None, forks).found(workshop.forge)

    assert not isinstance(found, str)
    assert found.number == number


def test_two_requests_of_one_head_are_not_told_apart(workshop: Workshop) -> None:
    number = workshop.promote("1")
    pull = workshop.forge.pull_request(number)
    workshop.ana._git("push", "--quiet", "origin", f"{pull.head}:again")
    workshop.forge.propose(title="again", body="", head="again", base="main")

    found = Wanted(None, pull.head_sha, None).found(workshop.forge)

    assert found == f"pull requests 1, 2 have the head {pull.head_sha[:12]}; close all but one"


def test_a_request_for_another_branch_is_not_judged_and_stands_in_nobodys_way(
    workshop: Workshop,
) -> None:
    number = workshop.promote("1")
    pull = workshop.forge.pull_request(number)
    workshop.ana._git("push", "--quiet", "origin", "origin/main:refs/heads/next")
    other = workshop.forge.propose(title="again", body="", head=pull.head, base="next").number

    found = Wanted(None, pull.head_sha, None).found(workshop.forge)
    named = Wanted(str(other), None, None).found(workshop.forge)

    assert not isinstance(found, str)
    assert found.number == number
    assert named == f"pull request {other} is for next; requests for main only are judged"


def test_a_draft_waits_until_somebody_asks(workshop: Workshop) -> None:
    ana = workshop.ana
    ana._git("push", "--quiet", "origin", "origin/main:refs/heads/early")
    ana._git("checkout", "--quiet", "-B", "early", "origin/main")
    ana._git("commit", "--quiet", "--allow-empty", "-m", "early")
    ana._git("push", "--quiet", "origin", "early")
    pull = ana.forge.propose(title="early", body="", head="early", base="main", draft=True)

    assert Wanted(None, pull.head_sha, None).found(workshop.forge) == "pull request 1 is a draft"
    assert not isinstance(Wanted("1", None, None).found(workshop.forge), str)


@pytest.mark.parametrize("text", ["x", "refs/heads/main@" + "a" * 40, "gh-readonly-queue/main@x"])
def test_a_group_that_no_queue_names_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="is no group of the queue; write refs/heads"):
        Wanted(None, None, text)


def test_judging_loads_nothing_that_runs_models() -> None:
    heavy = ["sklearn", "skops", "joblib", "onnxruntime", "bot.world.sandbox", "bot.world.predict"]
    script = (
        "import sys, bot.world.zones, bot.world.gather, bot.world.bundle_source, bot.cli.judge\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert done.stdout.decode().strip() == "[]"


def test_a_handover_is_what_waits(workshop: Workshop, play: Play) -> None:
    number = workshop.promote("1")
    _, handed = play.judge(number, play.predict(number))

    assert isinstance(handed, Handover)
    kinds = [type(action).__name__ for action in handed.actions]
    assert kinds == ["StoreRecord", "SetStatus", "MergePullRequest"]
