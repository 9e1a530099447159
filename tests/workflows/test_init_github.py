"""`lockstep init --github` writes what this version writes, and loses nothing of a person's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import root as lockstep
from bot.cli.init import EXTRAS as OFFERED
from bot.core.errors import ForbiddenChange, NotARepository, UnsafeFile
from bot.world.github_files import EXTRAS, differing, owner_lines, workflow_files
from bot.world.github_pin import own_pin, pin_installed
from tests.forges.stand import run_git

ROOT = Path(__file__).parents[2]
PIN = "acme/lockstep@" + "a" * 40


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone with one commit on `trunk`, which is the current folder."""
    run_git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    run_git(tmp_path, "remote", "add", "origin", "https://github.com/acme/models.git")
    run_git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "Begin")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    return tmp_path


def init(*arguments: str) -> Result:
    return CliRunner().invoke(lockstep, ["init", "--github", *arguments])


def test_the_workflows_are_those_of_this_version_for_the_default_branch(clone: Path) -> None:
    done = init("--action", PIN)

    assert done.exit_code == 0, done.output
    for path, text in workflow_files(PIN, branch="trunk").items():
        assert (clone / path).read_text() == text
    assert 'branches: ["trunk"]' in (clone / ".github/workflows/lockstep-main.yml").read_text()


def test_nothing_but_the_workflows_is_written(clone: Path) -> None:
    init("--action", PIN)

    assert run_git(clone, "status", "--porcelain", "-uall").splitlines() == [
        f"?? {path}" for path in sorted(workflow_files(PIN))
    ]


def test_the_next_clicks_name_the_repository(clone: Path) -> None:
    done = init("--action", PIN)

    assert clone.exists()
    assert "lockstep doctor --fix --repo acme/models --app ID" in done.output
    assert done.output.splitlines()[-1].split(". ", 1)[1].startswith(
        "lockstep doctor --repo acme/models --app ID  # "
    )
    assert "gh secret set LOCKSTEP_APP_PRIVATE_KEY --repo acme/models --env lockstep" in done.output


def test_with_a_token_no_key_is_asked_for(clone: Path) -> None:
    done = init("--action", PIN, "--identity", "token")

    assert "LOCKSTEP_APP" not in done.output
    assert "--app" not in done.output
    assert "LOCKSTEP_APP" not in (clone / ".github/workflows/lockstep.yml").read_text()


def test_what_a_person_changed_is_kept_and_nothing_else_is_written(clone: Path) -> None:
    mine = clone / ".github" / "workflows" / "lockstep.yml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n")

    done = init("--action", PIN)

    assert isinstance(done.exception, ForbiddenChange)
    assert "lockstep.yml: it is there already" in str(done.exception)
    assert mine.read_text() == "mine\n"
    assert list(mine.parent.iterdir()) == [mine]


def test_force_replaces_what_differs(clone: Path) -> None:
    init("--action", PIN)
    (clone / ".github/workflows/lockstep.yml").write_text("mine\n")

    done = init("--action", PIN, "--force")

    assert done.exit_code == 0
    assert "wrote .github/workflows/lockstep.yml\n" in done.output
    assert "kept .github/workflows/lockstep-ping.yml\n" in done.output


def test_twice_is_once(clone: Path) -> None:
    init("--action", PIN, "--owner", "@acme/ml")
    before = {path: path.read_text() for path in (clone / ".github").rglob("*") if path.is_file()}

    again = init("--action", PIN, "--owner", "@acme/ml")

    assert again.exit_code == 0
    assert "wrote" not in again.output
    assert {path: path.read_text() for path in before} == before


def test_extras_are_installed_in_every_zone_from_their_own_locks(clone: Path) -> None:
    init("--action", PIN, "--extra", "onnx", "--extra", "http", "--extra", "onnx")

    written = (clone / ".github/workflows/lockstep-evaluate.yml").read_text()
    assert written.count("          extras: http onnx\n") == 3
    assert differing(workflow_files(PIN, extras=["http", "onnx"])) == {}


def test_every_extra_has_a_lock_and_is_offered() -> None:
    locks = {path.stem for path in (ROOT / ".github" / "actions").glob("*.lock")}

    assert locks == set(EXTRAS) == set(OFFERED)
    assert f"^({'|'.join(EXTRAS)})$" in (ROOT / ".github/actions/install.sh").read_text()


def test_owners_join_the_file_that_counts(clone: Path) -> None:
    (clone / "CODEOWNERS").write_text("* @acme/all\n/policies/ @acme/risk")

    init("--action", PIN, "--owner", "@acme/ml", "--owner", "@ana")

    assert (clone / "CODEOWNERS").read_text() == (
        "* @acme/all\n/policies/ @acme/risk\n"
        "/models.lock @acme/ml @ana\n/.github/ @acme/ml @ana\n/CODEOWNERS @acme/ml @ana\n"
    )
    assert not (clone / ".github/CODEOWNERS").exists()


def test_a_path_without_an_owner_is_not_guarded() -> None:
    assert owner_lines("/policies/\n# /models.lock @ana\n", ["@ana"], ".github/CODEOWNERS") == (
        "/models.lock @ana\n/policies/ @ana\n/.github/ @ana\n"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        ("--action", "acme/lockstep@v1"),
        ("--action", "acme/lockstep@" + "a" * 39),
        ("--action", "./"),
        ("--action", PIN, "--owner", "ana"),
        ("--action", PIN, "--owner", "@ana @evil"),
        ("--action", PIN, "--branch", "-x"),
        ("--action", PIN, "--branch", "a b"),
        ("--action", PIN, "--branch", 'a"]'),
        ("--action", PIN, "--branch", "../x"),
        ("--action", PIN, "--branch", "a..b"),
        ("--action", PIN, "--branch", "a.lock"),
        ("--action", PIN, "--branch", "a/"),
    ],
)
def test_an_option_that_cannot_be_right_is_refused(clone: Path, wrong: tuple[str, ...]) -> None:
    done = init(*wrong)

    assert done.exit_code == 2
    assert not (clone / ".github").exists()


def test_nothing_is_written_through_a_symlink(
    clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (clone / ".github").symlink_to(elsewhere)

    done = init("--action", PIN)

    assert isinstance(done.exception, UnsafeFile)
    assert list(elsewhere.iterdir()) == []


def test_a_branch_with_signs_of_a_filter_is_meant_literally(clone: Path) -> None:
    init("--action", PIN, "--branch", "release/1.x+2")

    written = (clone / ".github/workflows/lockstep-main.yml").read_text()
    assert r'branches: ["release/1.x\\+2"]' in written


def test_an_installation_from_git_knows_its_commit() -> None:
    source = {
        "url": "https://github.com/acme/lockstep.git",
        "vcs_info": {"vcs": "git", "commit_id": "a" * 40},
    }

    assert pin_installed(source) == PIN
    assert pin_installed(source | {"url": "ssh://git@github.com/acme/lockstep"}) == PIN
    for wrong in (None, {}, source | {"vcs_info": {}}, source | {"url": "file:///srv/lockstep"}):
        assert pin_installed(wrong) is None


def test_a_checkout_names_its_origin_and_its_commit(tmp_path: Path) -> None:
    answers = {
        "rev-parse": None,
        "config": "git@github.com:acme/lockstep.git",
        "branch": "  origin/main",
    }
    heads = {("rev-parse", "HEAD"): "a" * 40}
    (tmp_path / "action.yml").touch()

    named = own_pin(lambda *words: heads.get(words, answers.get(words[0])), tmp_path)

    assert named == PIN


def test_a_commit_that_nobody_else_has_is_not_pinned(tmp_path: Path) -> None:
    answers = {("rev-parse", "HEAD"): "a" * 40}
    origin = {"config": "https://github.com/acme/lockstep"}
    (tmp_path / "action.yml").touch()

    with pytest.raises(NotARepository, match=r"on no branch of its origin.*--action OWNER/REPO"):
        own_pin(lambda *words: answers.get(words, origin.get(words[0])), tmp_path)


def test_without_git_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="--action OWNER/REPO@COMMIT"):
        own_pin(lambda *_: None, tmp_path)


@pytest.mark.parametrize("identity", ["app", "token"])
def test_files_as_they_were_written_do_not_differ(identity: str) -> None:
    files = workflow_files(PIN, branch="trunk", identity=identity)  # type: ignore[arg-type]

    assert differing(files, branch="trunk") == {}
    assert set(differing(files, branch="main")) == {".github/workflows/lockstep-main.yml"}


def test_a_file_that_is_missing_and_one_that_was_changed_are_told_apart() -> None:
    files: dict[str, str | None] = dict(workflow_files(PIN))
    files[".github/workflows/lockstep.yml"] = "on: push\n"
    files[".github/workflows/lockstep-sweep.yml"] = None

    assert differing(files) == {
        ".github/workflows/lockstep.yml": "differs",
        ".github/workflows/lockstep-sweep.yml": "missing",
    }


def test_nothing_there_is_all_missing() -> None:
    assert set(differing({}).values()) == {"missing"}
    assert json.dumps(differing({}))
