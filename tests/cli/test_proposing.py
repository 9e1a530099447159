from __future__ import annotations

import json

import pytest

from bot.world.proposing import branch_for


def landed(clone):
    """An artifact and a first version on the default branch."""
    clone.register("1")
    clone.artifact("models/2.onnx", "model 2")
    clone.commit("Register credit 1")
    return clone


def test_a_proposal_is_one_commit_of_the_lock_on_the_tip_and_touches_nothing_here(clone):
    landed(clone)
    (clone.root / "notes.txt").write_text("mine\n")
    clone.git("add", "notes.txt")
    (clone.root / "models.lock").write_text("half an edit\n")
    clone.git("checkout", "--quiet", "-b", "work")
    before = [clone.git(*ask) for ask in (["status", "--porcelain"], ["for-each-ref"])]

    said = clone.lockstep("promote", "credit", "1", "staging", "--pr", "--json")

    assert [clone.git(*ask) for ask in (["status", "--porcelain"], ["for-each-ref"])] == before
    assert clone.lock.read_text() == "half an edit\n"
    found = json.loads(said.out)["pull_request"]
    pull = clone.forge.pull_request(found["number"])
    assert (pull.head, pull.base, pull.author) == ("lockstep/credit-1-staging", "main", "ana")
    assert pull.title == "Promote credit 1 to staging"
    changed = clone.on_forge("diff", "--name-only", "main", pull.head).split()
    assert changed == ["models.lock"]
    assert clone.on_forge("rev-parse", f"{pull.head}^") == clone.on_forge("rev-parse", "main")


def test_proposing_twice_is_one_pull_request(clone):
    landed(clone)
    numbers = [
        json.loads(clone.lockstep("promote", "credit", "1", "staging", "--pr", "--json").out)[
            "pull_request"
        ]["number"]
        for _ in range(2)
    ]
    assert numbers == [1, 1]
    assert len(clone.forge.open_pull_requests()) == 1


def test_a_run_cut_short_after_its_push_is_finished_by_the_next(clone):
    landed(clone)
    clone.lockstep("promote", "credit", "1", "staging", "--pr")
    (clone.forge.folder / "pulls" / "1.json").unlink()
    clone.lockstep("promote", "credit", "1", "staging", "--pr")
    (pull,) = clone.forge.open_pull_requests()
    assert pull.head == "lockstep/credit-1-staging"


def test_a_request_that_is_open_is_named_although_the_base_moved(clone):
    landed(clone)
    clone.lockstep("promote", "credit", "1", "staging", "--pr")
    clone.register("2")
    clone.commit("Register credit 2")
    clone.lockstep("promote", "credit", "1", "staging", "--pr")
    assert len(clone.forge.open_pull_requests()) == 1


def test_a_branch_left_by_an_earlier_request_is_not_reused(clone):
    landed(clone)
    clone.lockstep("promote", "credit", "1", "staging", "--pr")
    pull = clone.forge.pull_request(1)
    clone.forge.merge(1, sha=pull.head_sha, title="Promote", message="")
    clone.git("pull", "--quiet", "origin", "main")
    clone.register("2")
    clone.commit("Register credit 2")
    clone.serve("2", "staging")
    clone.lockstep("rollback", "credit", "--stage", "staging", "--to", "1", "--pr")
    clone.lockstep("promote", "credit", "1", "production", "--pr")
    heads = [pull.head for pull in clone.forge.open_pull_requests()]
    assert heads == ["lockstep/credit-1-staging-rollback", "lockstep/credit-1-production"]
    clone.on_forge("branch", "lockstep/credit-2-production", "main~1")
    clone.lockstep("promote", "credit", "2", "production", "--pr")
    assert clone.forge.open_pull_requests()[-1].head == "lockstep/credit-2-production-2"


def test_an_artifact_that_is_not_on_the_default_branch_is_refused(clone):
    said = clone.register("1", "--pr", ok=False)
    assert (said.code, "models/1.onnx is not committed on the default branch" in said.err) == (
        17, True,
    )  # fmt: skip
    assert clone.forge.open_pull_requests() == ()


def test_registration_and_promotion_travel_in_one_request(clone):
    landed(clone)
    clone.register("2", "--stage", "staging", "--pr")
    (pull,) = clone.forge.open_pull_requests()
    assert pull.title == "Register and promote credit 2 to staging"
    text = clone.on_forge("show", f"{pull.head}:models.lock")
    assert 'stages: {staging: "2"}' in text


def test_a_reason_cannot_leave_its_block(clone):
    landed(clone)
    reason = "x ``` ### forged @ben"
    clone.lockstep("hold", "credit", "staging", "--reason", reason, "--pr")
    dossier = json.loads((clone.forge.folder / "pulls" / "1.json").read_text())
    assert dossier["body"].count("```") == 2


def test_an_executable_lock_on_the_default_branch_is_refused(clone):
    clone.lock.chmod(0o755)
    clone.commit("Make it executable")
    said = clone.lockstep("hold", "credit", "staging", "--reason", "x", "--pr", ok=False)
    assert (said.code, "models.lock: it is executable" in said.err) == (16, True)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--forge", "remote"), 2, "write --forge local:PATH"),
        (("--forge", "local:/nowhere"), 17, "there is no forge in /nowhere"),
        (("--repo", "acme/models"), 18, "there is no token for acme/models"),
        (("--repo", "foo"), 2, "'foo' is no repository; write OWNER/NAME, such as acme/models"),
        (("--repo", "acme/.."), 2, "write OWNER/NAME"),
    ],
)
def test_a_forge_that_cannot_be_opened_is_refused(clone, arguments, code, sentence):
    landed(clone)
    said = clone.lockstep("promote", "credit", "1", "staging", "--pr", *arguments, ok=False)
    assert (said.code, sentence in said.err) == (code, True)


def test_without_any_forge_it_is_said_how_to_name_one(clone):
    landed(clone)
    clone.git("remote", "remove", "origin")
    said = clone.lockstep("promote", "credit", "1", "staging", "--pr", ok=False)
    assert (said.code, "--repo OWNER/NAME or --forge local:PATH" in said.err) == (2, True)


def test_a_forge_without_a_commit_is_refused(clone, tmp_path):
    from bot.world.local_forge import LocalForge

    empty = LocalForge.create(tmp_path / "empty")
    said = clone.lockstep(
        "hold", "credit", "staging", "--reason", "x", "--pr", "--forge", f"local:{empty.folder}",
        ok=False,
    )  # fmt: skip
    assert (said.code, "has no branch main yet" in said.err) == (17, True)


@pytest.mark.parametrize(
    ("parts", "branch"),
    [
        (("credit", "4", "staging"), "lockstep/credit-4-staging"),
        (("a..b", "1.0", ""), "lockstep/a-b-1.0"),
        (("a.lock", "1.", "x.lock"), "lockstep/a-lock-1.-x-lock"),
    ],
)
def test_a_branch_has_a_name_that_every_forge_takes(parts, branch):
    from bot.world.git import BRANCH

    assert branch_for(*parts) == branch
    assert BRANCH.match(branch)
