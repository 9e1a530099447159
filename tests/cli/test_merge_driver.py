from __future__ import annotations

import shlex
import subprocess
import sys


def installed(clone):
    clone.lockstep("merge-driver", "--install")
    clone.commit("Name the merge driver")
    # Git runs the driver by a shell; the tests' own interpreter stands for the installed script.
    command = f"{shlex.quote(sys.executable)} -m bot merge-driver %O %A %B --path %P"
    clone.git("config", "merge.lockstep.driver", command)
    return clone


def on_branch(clone, name, *verbs):
    clone.git("checkout", "--quiet", "-b", name, "main")
    for verb in verbs:
        clone.lockstep(*verb)
    clone.git("commit", "--quiet", "--all", "--message", name)


def merge(clone, name):
    return subprocess.run(
        ["git", "merge", "--no-edit", name], cwd=clone.root, capture_output=True, check=False
    )


def test_install_names_the_driver_once(clone):
    clone.lockstep("merge-driver", "--install")
    clone.lockstep("merge-driver", "--install")
    attributes = (clone.root / ".gitattributes").read_text()
    assert attributes == "models.lock text eol=lf merge=lockstep\n"
    driver = clone.git("config", "--get", "merge.lockstep.driver")
    assert driver == "lockstep merge-driver %O %A %B --path %P\n"


def test_other_attributes_stay(clone):
    (clone.root / ".gitattributes").write_text("*.png binary")
    clone.lockstep("merge-driver", "--install")
    lines = (clone.root / ".gitattributes").read_text().splitlines()
    assert lines == ["*.png binary", "models.lock text eol=lf merge=lockstep"]


def test_git_merges_two_stages_of_one_model_by_meaning(serving, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    installed(serving)
    serving.register("3")
    serving.commit("Register credit 3")
    on_branch(serving, "one", ("promote", "credit", "3", "staging"))
    on_branch(serving, "two", ("promote", "credit", "1", "production"))
    done = merge(serving, "one")
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'stages: {production: "1", staging: "3"}' in serving.lock.read_text()


def test_a_conflict_is_named_and_no_side_is_lost(serving, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    installed(serving)
    serving.register("3")
    serving.commit("Register credit 3")
    on_branch(serving, "one", ("promote", "credit", "3", "production"))
    on_branch(serving, "two", ("promote", "credit", "1", "production"))
    done = merge(serving, "one")
    assert done.returncode == 1
    said = (done.stdout + done.stderr).decode()
    assert "credit: stages 'production' is '1' on our side and '3' on theirs" in said
    text = serving.lock.read_text()
    assert text.count("<<<<<<<") == text.count(">>>>>>>") == 1
    assert 'production: "1"' in text
    assert 'production: "3"' in text
    assert serving.git("status", "--porcelain").startswith("UU models.lock")


def test_sides_that_merge_as_text_and_contradict_each_other_are_kept_whole(clone, tmp_path):
    clone.register("1")
    base = clone.lock.read_text()
    clone.lockstep("promote", "credit", "1", "staging")
    ours = clone.lock.read_text()
    theirs = base + '    retired:\n      "1": "leaks postcode"\n'
    files = [tmp_path / name for name in ("base", "ours", "theirs")]
    for file, text in zip(files, (base, ours, theirs), strict=True):
        file.write_text(text)
    said = clone.lockstep("merge-driver", *map(str, files), ok=False)
    assert (said.code, "retired" in said.err) == (1, True)
    left = files[1].read_text()
    assert all(mark in left for mark in ("<<<<<<< ours", ">>>>>>> theirs", "leaks postcode"))


def test_three_files_are_needed(clone):
    assert clone.lockstep("merge-driver", "base", ok=False).code == 2
    said = clone.lockstep("merge-driver", "no-base", "no-ours", "no-theirs", ok=False)
    assert (said.code, "no-base" in said.err) == (1, True)
