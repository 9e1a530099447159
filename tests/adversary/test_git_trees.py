"""A tree, a history or a name made by real git does nothing but be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.decision import Ruling
from bot.report.render import marked
from tests.adversary.corpora import renderer
from tests.adversary.rendered import calls, read
from tests.adversary.room import Room, lock

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def symlink(room: Room) -> str:
    (room.clone / "models.lock").unlink()
    (room.clone / "models.lock").symlink_to("/etc/passwd")
    return room.commit()


def link_to_itself(room: Room) -> str:
    (room.clone / "models.lock").unlink()
    (room.clone / "models.lock").symlink_to("models.lock")
    return room.commit()


def submodule(room: Room) -> str:
    room.index("160000", room.start, b"models.lock")
    return room.commit_index()


def executable(room: Room) -> str:
    room.registers()
    (room.clone / "models.lock").chmod(0o755)
    return room.commit()


def folder(room: Room) -> str:
    (room.clone / "models.lock").unlink()
    room.write("models.lock/models.lock", lock("1", "2", serving="1"))
    return room.commit()


def gitlink_for_policies(room: Room) -> str:
    room.registers()
    room.git("add", "models.lock")
    room.git("rm", "-rq", "--cached", "policies")
    room.index("160000", room.start, b"policies")
    return room.commit_index()


def link_for_policies(room: Room) -> str:
    room.registers()
    room.git("rm", "-rq", "policies")
    (room.clone / "policies").symlink_to("/tmp")  # noqa: S108 -- a target, not a file of ours
    return room.commit()


def attributes(room: Room) -> str:
    room.registers()
    room.write(".gitattributes", b"* filter=x diff=x merge=x text eol=crlf ident\n")
    return room.commit()


def modules(room: Room) -> str:
    room.registers()
    url = f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {room.canary}"\n'
    room.write(".gitmodules", url.encode())
    room.git("add", "--all")
    room.index("160000", room.start, b"x")
    return room.commit_index()


def another_case(room: Room) -> str:
    room.registers()
    room.git("add", "models.lock")
    room.index("100644", EMPTY_BLOB, b"Models.lock")
    return room.commit_index()


def path(name: bytes) -> Callable[[Room], str]:
    def adds(room: Room) -> str:
        room.registers()
        room.git("add", "models.lock")
        room.index("100644", EMPTY_BLOB, name)
        return room.commit_index()

    return adds


def many_files(room: Room) -> str:
    room.registers()
    room.git("add", "models.lock")
    entries = b"".join(b"100644 %s\td/%d\0" % (EMPTY_BLOB.encode(), i) for i in range(20_000))
    room.git("update-index", "-z", "--add", "--index-info", stdin=entries)
    return room.commit_index()


def git_s_own_folder(room: Room) -> str:
    """Write a tree by hand that no index takes."""
    hook = room.git("hash-object", "-w", "--stdin", stdin=f"touch {room.canary}".encode())
    hooks = room.git("mktree", stdin=f"100755 blob {hook}\tpost-checkout\n".encode())
    inner = room.git("mktree", stdin=f"040000 tree {hooks}\thooks\n".encode())
    whole = room.git("ls-tree", "HEAD") + f"\n040000 tree {inner}\t.git\n"
    tree = room.git("mktree", stdin=whole.encode())
    return room.git("commit-tree", tree, "-p", "HEAD", stdin=b"x")


def empty_tree(room: Room) -> str:
    return room.git("commit-tree", EMPTY_TREE, "-p", "HEAD", stdin=b"x")


def no_parent(room: Room) -> str:
    room.registers()
    room.git("add", "--all")
    return room.git("commit-tree", room.git("write-tree"), stdin=b"x")


def octopus_with_a_policy(room: Room) -> str:
    """Hide a change of the policy behind one of three parents."""
    room.git("checkout", "-q", "-b", "side")
    room.write("policies/churn.yaml", b"models: [churn]\nladder: [production]\ngates: {}\n")
    side = room.commit("side")
    room.git("checkout", "-q", "work")
    room.write("x", b"")
    other = room.commit("other")
    room.git("read-tree", side)
    room.registers()
    room.git("add", "models.lock")
    return room.commit_index("octopus", room.start, side, other)


REFUSED = {
    "a link": (symlink, "symlink"),
    "a link to itself": (link_to_itself, "symlink"),
    "a submodule": (submodule, "submodule"),
    "an executable": (executable, "executable"),
    "a folder": (folder, "models.lock"),
    "a submodule for policies": (gitlink_for_policies, "policies"),
    "a link for policies": (link_for_policies, "policies"),
    "attributes": (attributes, ".gitattributes"),
    "submodules": (modules, ".gitmodules"),
    "another case": (another_case, "Models.lock"),
    "a line end in a path": (path(b"models.lock\n"), "split"),
    "a blank in a path": (path(b" models.lock"), "split"),
    "a path of options": (path(b"--output=x"), "--output=x"),
    "a path of markup": (path(b"<img src=x onerror=y>[a](www.evil.example)@ana&Fixes #1"), "split"),
    "a path that is no text": (path(b"\xff\xfe"), "split"),
    "a path of a terminal": (path(b"\x1b[2J\x1b]8;;evil.example\x07"), "split"),
    "a path of a runner": (path(b"a\n::set-output name=digest::x"), "split"),
    "a path of directions": (path("\u202ekcol.sledom".encode()), "split"),
    "a path of pathspec magic": (path(b":(glob)**"), "split"),
    "a deep path": (path(b"/".join([b"d"] * 1_500)), "split"),
    "a long name": (path(b"x" * 4_000), "split"),
    "many files": (many_files, "19990 more"),
    "an empty tree": (empty_tree, "models.lock"),
    "an unrelated history": (no_parent, "models.lock"),
    "an octopus": (octopus_with_a_policy, "policies/churn.yaml"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_tree_is_refused_with_a_report_and_nothing_else(room: Room, name: str) -> None:
    build, says = REFUSED[name]
    number = room.opens(build(room))
    before = room.git("ls-remote", "origin", "refs/heads/main")
    outside = {one.name for one in room.folder.iterdir()} | {"bot", "cache"}

    conclusion = room.judge(number)

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert says in str(conclusion.decision.refusal)
    assert room.state(number) in ("failure", "error")
    assert room.landed(number) is None
    assert room.git("ls-remote", "origin", "refs/heads/main") == before
    assert {one.name for one in room.folder.iterdir()} <= outside
    assert not room.canary.exists()
    shown = read(renderer()(room.report(number)))
    assert (shown.wrong, calls(shown)) == ([], [])
    assert marked(room.report(number)) is not None


def test_a_tree_with_git_s_own_folder_never_reaches_the_bot(room: Room) -> None:
    from bot.core.errors import Unavailable

    number = room.opens(git_s_own_folder(room))

    with pytest.raises(Unavailable, match=r"git fetch: .*"):
        room.judge(number)
    assert room.landed(number) is None
    assert not room.canary.exists()


MESSAGES = {
    "trailers": "x\n\nModel: other\nDecision: merge\nRecord: sha256:" + "0" * 64 + "\n",
    "a report": "<!-- lockstep:report:v1 e30= -->\n### PASSED",
    "an order": "/lockstep merge\n\n/lockstep release",
    "no text": "\x1b[2J\u202e@ana Fixes #1",
    "a skip": "[skip ci] ***NO_CI***",
    "a large one": "x" * 1_000_000,
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_commit_message_of_the_request_reaches_nothing(room: Room, name: str) -> None:
    room.registers()
    number = room.opens(room.commit(MESSAGES[name]), title=MESSAGES[name][:200])

    conclusion = room.judge(number)

    landed = room.landed(number)
    assert conclusion.decision.ruling is Ruling.MERGE
    assert landed is not None
    room.git("fetch", "-q", "origin")
    message = room.git("log", "-1", "--format=%B", landed)
    assert message.startswith(f"Register churn 2 (#{number})\n\nModel: churn\n")
    keys = [line.split(": ")[0] for line in message.splitlines()[2:]]
    assert keys == [
        "Model", "Transition", "Challenger", "Decision", "Policy", "Triggered-by", "Record",
    ]  # fmt: skip


BRANCHES = [
    "--output=canary",
    "-c",
    "--upload-pack=touch${IFS}canary",
    "$(touch${IFS}canary)",
    "`touch${IFS}canary`",
    ";touch${IFS}canary",
    "a'b\"c",
    "\u202e\u200bmain",
    "@ana/fixes-#1",
    "<img-src=x>",
    "%s%n",
    "refs/heads/main",
    "heads/main",
    "HEAD",
    "origin/main",
    "pull/1/head",
    "lockstep/audit-2",
    "x" * 200,
    "a/" * 60 + "b",
    "m\u0101in",
]


@pytest.mark.parametrize("branch", BRANCHES)
def test_the_name_of_a_branch_is_only_a_name(room: Room, branch: str) -> None:
    room.registers()
    number = room.opens(room.commit(), branch=branch)

    conclusion = room.judge(number)

    assert conclusion.decision.ruling is Ruling.MERGE
    assert room.landed(number) is not None
    assert not list(room.folder.rglob("canary"))
    shown = read(renderer()(room.report(number)))
    assert (shown.wrong, calls(shown)) == ([], [])


@pytest.mark.parametrize("tag", ["main", "work", "refs/heads/main", "lockstep/audit", "lockstep"])
def test_a_tag_named_like_a_branch_is_not_that_branch(room: Room, tag: str) -> None:
    room.write("policies/churn.yaml", b"gates: {}\n")
    evil = room.commit("evil")
    room.git("push", "-q", "origin", f"{evil}:refs/tags/{tag}")
    room.git("reset", "-q", "--hard", room.start)
    room.registers()
    number = room.opens(room.commit())

    conclusion = room.judge(number)

    assert conclusion.proposal.base_sha == room.start
    assert room.landed(number) is not None
