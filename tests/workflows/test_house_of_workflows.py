"""Every workflow keeps the rules of docs/security.md; each rule is asserted over every file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bot.world.github_files import workflow_files
from bot.world.github_workflows import JUDGING, LANDING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
LEFT_OUT = ROOT / ".github" / "zizmor.yml"
ACTION = "acme/lockstep@" + "a" * 40
OURS = {f"ours/{path.name}": path.read_text() for path in sorted(FOLDER.glob("*.yml"))}
MADE = {
    f"{identity}/{Path(path).name}": text
    for identity in ("app", "token")
    for path, text in workflow_files(ACTION, identity=identity).items()  # type: ignore[arg-type]
}
ALL = OURS | MADE
PIN = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")
SECRET = "secrets.LOCKSTEP_APP_PRIVATE_KEY"


def read(text: str) -> dict[str, Any]:
    """Read a workflow without YAML's guesses, for which `on` is true."""
    return dict(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506 -- reads text only


def jobs(texts: dict[str, str] = ALL) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, text in texts.items():
        for job, content in read(text)["jobs"].items():
            yield f"{name}:{job}", content


def steps(texts: dict[str, str] = ALL) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs(texts):
        for step in job.get("steps", []):
            yield name, step


def test_the_workflows_of_this_repository_are_those_that_init_writes() -> None:
    written = {Path(path).name: text for path, text in workflow_files("./").items()}

    assert {name: OURS[f"ours/{name}"] for name in written} == written


def test_no_other_workflow_is_here_than_the_tests() -> None:
    made = {Path(path).name for path in workflow_files("./")}

    assert {path.name for path in FOLDER.iterdir()} == made | {"ci.yml"}


def test_no_workflow_starts_with_rights_or_a_cache() -> None:
    for name, text in ALL.items():
        assert read(text)["permissions"] == {} or read(text)["permissions"] == "{}", name
        assert read(text)["cache-mode"] == "none", name


def test_no_workflow_runs_on_the_trigger_that_trusts_a_pull_request() -> None:
    assert not any("pull_request_target" in text for text in ALL.values())


def test_every_job_says_its_rights_and_its_time() -> None:
    for name, job in jobs():
        if "ping" in name:
            continue
        assert "permissions" in job, name
        assert ("timeout-minutes" in job) != ("uses" in job), name


def test_the_ping_may_do_nothing_and_does_nothing() -> None:
    for text in (text for name, text in ALL.items() if "ping" in name):
        (ping,) = read(text)["jobs"].values()
        assert ping["steps"] == [{"run": "true"}]
        assert "permissions" not in ping
        assert "${{" not in text


def test_every_action_is_pinned_by_its_commit_and_named_by_its_version() -> None:
    for name, text in ALL.items():
        for line in text.splitlines():
            used = re.search(r"(?:^|[ -])uses: (\S+)(.*)", line)
            if used is None or used[1] == "./" or used[1].startswith("./.github/workflows/"):
                continue
            assert PIN.fullmatch(used[1]), f"{name}: {line}"
            assert used[1].startswith("acme/") or re.fullmatch(r" # v\d+\.\d+\.\d+", used[2]), line


def test_only_githubs_own_actions_run_beside_ours() -> None:
    for name, step in steps():
        used = step.get("uses", "./")
        assert used.startswith(("actions/", "./", "acme/lockstep@")), name
        assert not used.startswith("actions/cache"), name
        assert "cache" not in step.get("with", {}), name


def test_no_text_of_an_event_meets_a_shell() -> None:
    for name, step in steps():
        assert "${{" not in step.get("run", ""), name
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), step


def test_a_checkout_is_never_of_a_pull_request_and_leaves_no_credential() -> None:
    seen = 0
    for name, step in steps():
        if not step.get("uses", "").startswith("actions/checkout@"):
            continue
        seen += 1
        assert step["with"].pop("persist-credentials") == "false", name
        if "ci.yml" not in name:
            assert step["with"] == {"ref": "${{ github.event.repository.default_branch }}"}, name
    assert seen >= 7


def test_a_secret_is_named_only_where_an_environment_guards_it() -> None:
    named = 0
    for name, job in jobs():
        text = str(job)
        if SECRET in text:
            named += 1
            assert job["environment"]["name"] in {JUDGING, LANDING}, name
        assert "secrets." not in text.replace(SECRET, ""), name
    assert named == 2 * 5


def test_an_environment_leaves_no_deployment_behind() -> None:
    for name, job in jobs():
        if "environment" in job:
            assert job["environment"]["deployment"] == "false", name


@pytest.mark.parametrize("job", ["lockstep-evaluate.yml:predict", "lockstep-sweep.yml:watch"])
def test_where_a_model_runs_there_is_no_secret_and_no_right_to_write(job: str) -> None:
    found = [content for name, content in jobs() if name.endswith(job)]

    assert len(found) == 3
    for content in found:
        assert set(content["permissions"].values()) == {"read"}
        assert set(content["permissions"]) == {"contents", "pull-requests", "statuses"}
        assert "environment" not in content
        assert "secrets" not in str(content)


def test_with_an_app_no_job_has_a_token_that_writes() -> None:
    for name, job in jobs({name: text for name, text in ALL.items() if "token/" not in name}):
        if "ping" not in name:
            assert "write" not in str(job["permissions"]), name


def test_with_a_token_only_landing_and_what_keeps_orders_writes_contents() -> None:
    writing = {
        name.split("/")[1]
        for name, job in jobs(MADE)
        if "uses" not in job and "'contents': 'write'" in str(job.get("permissions"))
    }

    assert writing == {
        "lockstep-evaluate.yml:land",
        "lockstep-commands.yml:command",
        "lockstep-main.yml:guard",
        "lockstep-sweep.yml:sweep",
    }


def test_a_caller_holds_what_the_jobs_it_calls_ask_for() -> None:
    rank = {"none": 0, "read": 1, "write": 2}
    for texts in (OURS, *({n: t for n, t in MADE.items() if i in n} for i in ("app/", "token/"))):
        callees: dict[str, dict[str, int]] = {}
        for name, job in jobs(texts):
            held = callees.setdefault(name.split("/")[1].split(":")[0], {})
            for right, level in (job.get("permissions") or {}).items():
                held[right] = max(held.get(right, 0), rank[level])
        for name, job in jobs(texts):
            if "uses" not in job:
                continue
            asked = callees[job["uses"].rsplit("/", 1)[1]]
            held = {right: rank[level] for right, level in job["permissions"].items()}
            assert all(held.get(right, 0) >= level for right, level in asked.items()), name


def test_concurrency_never_cancels_what_has_begun() -> None:
    groups = 0
    for name, text in ALL.items():
        content = read(text)
        for place in (content, *content["jobs"].values()):
            if "concurrency" not in place:
                continue
            groups += 1
            group = place["concurrency"]
            assert group["cancel-in-progress"] == "false", name
            # A sweep that is replaced while it waits loses nothing; every other one must run.
            assert group.get("queue") == "max" or group["group"].startswith(
                ("lockstep-sweep", "ci-")
            ), name
    assert groups >= 3 * 6


def test_a_judgement_is_published_whatever_became_of_the_prediction() -> None:
    for name, job in jobs():
        if name.endswith(":judge"):
            assert job["if"] == "always()", name


def test_nothing_from_the_zone_of_models_decides_what_the_zone_that_lands_does() -> None:
    for name, job in jobs():
        if name.endswith((":judge", ":land")):
            assert "needs.predict" not in str(job), name
        if name.endswith(":predict"):
            assert "outputs" not in job, name


def linted(*command: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0], path=Path(sys.executable).parent)
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(
        [program, *command[1:]], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Write what init writes, for both identities."""
    for name, text in MADE.items():
        identity, file = name.split("/")
        place = tmp_path / identity / ".github" / "workflows" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for identity in ("app", "token"):
        subprocess.run(["git", "init", "--quiet", tmp_path / identity], check=True)
    return tmp_path


def test_actionlint_has_nothing_to_say(made: Path) -> None:
    files = [*FOLDER.glob("*.yml"), *made.glob("*/.github/workflows/*.yml")]

    done = linted("actionlint", *map(str, files))

    assert (done.stdout, done.returncode) == ("", 0)


def test_zizmor_has_nothing_to_say(made: Path) -> None:
    done = linted(
        "zizmor", "--offline", "--no-progress", "--quiet", "--config", str(LEFT_OUT),
        str(FOLDER), str(ROOT / "action.yml"), str(made / "app"), str(made / "token"),
    )  # fmt: skip

    assert "No findings to report" in done.stdout, done.stdout
    assert done.returncode == 0


def test_what_a_linter_is_told_to_ignore_is_said_with_its_reason() -> None:
    for name, text in ALL.items():
        lines = text.splitlines()
        for place, line in enumerate(lines):
            if "zizmor: ignore" in line:
                assert lines[place - 1].strip().startswith("#"), f"{name}: {line}"
    lines = LEFT_OUT.read_text().splitlines()
    left_out = [place for place, line in enumerate(lines) if re.fullmatch(r"  [a-z-]+:", line)]
    assert [lines[place].strip(" :") for place in left_out] == ["self-repository"]
    assert all(lines[place - 1].startswith("  # ") for place in left_out)
