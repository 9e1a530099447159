"""A hostile model gets nothing; and each layer, taken away, shows that it was what held."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.policy import SandboxRules
from bot.core.questions import Answers
from bot.world import sandbox
from bot.world.sandbox_child import shy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.world.sandbox import Sandbox

WALLS = (("bubblewrap",), ("unshare",), ())
NO_RULE = SandboxRules(require=(), seconds=20.0, memory=1_500_000_000)


@pytest.fixture
def attacked(
    hostile: Callable[..., Path], ask: Callable[..., Answers | Absent]
) -> Callable[..., set[str]]:
    """Let the model that tries everything loose; return the attacks that succeeded."""

    def attack(within: Sandbox) -> set[str]:
        folder = hostile("attacks")
        names = _attacks(folder)
        answers = ask(folder, within=within, limits=NO_RULE)
        assert isinstance(answers, Answers), answers
        bits = int(answers.predicted[0])
        return {name for place, name in enumerate(names) if bits >> place & 1}

    return attack


def _attacks(folder: Path) -> list[str]:
    spec = importlib.util.spec_from_file_location("attacks", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [attack.__name__ for attack in module.ATTACKS]


@pytest.mark.parametrize("walls", WALLS, ids=["bubblewrap", "unshare", "no namespaces"])
def test_a_hostile_model_gets_nothing(walls, room, attacked, prey):
    assert attacked(room(walls)) == set()
    assert not (prey.folder / "outside").exists()
    assert (prey.folder / "secret").stat().st_mode & 0o777 != 0o777


def test_landlock_is_what_keeps_files_apart(room, attacked):
    got = attacked(room((), without=("landlock",)))
    assert {"dotfile", "labels", "write_outside"} <= got


def test_seccomp_is_what_keeps_sockets_programs_and_processes_apart(room, attacked):
    got = attacked(room((), without=("seccomp",)))
    assert {"fork", "make_netlink"} <= got


def test_capabilities_and_limits_are_what_keep_root_from_raising_them(room, attacked):
    got = attacked(room((), without=("rlimits",)))
    assert got == {"raise_limits"}


def test_bubblewrap_alone_hides_files_network_and_environments(room, attacked):
    got = attacked(room(("bubblewrap",), without=sandbox.INNER))
    hidden = {
        "own_environment", "foreign_environments", "parent_environment", "first_environment",
        "dotfile", "labels", "connect_tcp", "connect_unix", "read_parent_memory",
    }  # fmt: skip
    assert not got & hidden
    assert "fork" in got


def test_unshare_alone_hides_the_network_and_other_processes(room, attacked):
    got = attacked(room(("unshare",), without=sandbox.INNER))
    assert not got & {"foreign_environments", "parent_environment", "connect_tcp", "trace_parent"}
    assert "dotfile" in got


def test_without_any_layer_the_same_attacks_succeed(room, attacked):
    got = attacked(room((), without=sandbox.INNER))
    assert {
        "dotfile", "labels", "write_outside", "connect_tcp", "connect_unix", "signal_parent",
        "fork",
    } <= got  # fmt: skip
    assert "own_environment" not in got


SPY = "import os; print(open(f'/proc/{os.getppid()}/environ').read())"


def spied() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", SPY], env={}, capture_output=True, text=True, check=False
    )


def test_a_clean_environment_does_not_hide_the_token():
    assert "PATH=" in spied().stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads /proc of undumpable processes too")
def test_an_undumpable_parent_hides_the_token_from_its_own_user():
    with shy.held():
        told = spied()
    assert "PATH=" not in told.stdout
    assert "PermissionError" in told.stderr


def test_the_parent_is_dumpable_again_after_the_last_of_two_runs():
    get_dumpable = 3
    libc = ctypes.CDLL(None)
    with shy.held():
        with shy.held():
            assert libc.prctl(get_dumpable, 0, 0, 0, 0) == 0
        assert libc.prctl(get_dumpable, 0, 0, 0, 0) == 0
    assert libc.prctl(get_dumpable, 0, 0, 0, 0) == 1


def test_bubblewrap_started_with_our_environment_would_leak_it(room):
    # Finding: it is process 1 in there, and --clearenv clears only its child's environment.
    room(("bubblewrap",))
    look = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--clearenv", "--"]
    look += ["/bin/cat", "/proc/1/environ"]
    told = subprocess.run(look, env={"TOKEN": "s3cret"}, capture_output=True, check=False)
    assert b"s3cret" in told.stdout


def test_every_layer_that_holds_is_named(room):
    found = room(("bubblewrap",))
    assert found.held == {"no_new_privs", "rlimits", "fs", "net", "syscalls", "namespaces"}
    assert found.missing == {}
    assert {"namespaces", "seccomp", "rlimits", "no_new_privs"} <= set(found.layers)


@pytest.mark.parametrize(
    ("without", "layer"),
    [
        (("landlock",), "fs"),
        (("seccomp",), "net"),
        (("seccomp",), "syscalls"),
        (("rlimits",), "rlimits"),
    ],
)
def test_a_required_layer_that_does_not_hold_loads_nothing(
    without, layer, room, hostile, ask, prey
):
    weak = room((), without=without)
    assert layer not in weak.held
    answer = ask(hostile("attacks"), within=weak, limits=SandboxRules(require=(layer,)))
    assert isinstance(answer, Absent)
    assert answer.fault is Fault.SANDBOX_TOO_WEAK
    assert layer in answer.reason
    assert not (prey.folder / "outside").exists()


def test_a_preferred_layer_that_is_missing_is_said_with_its_reason(room, hostile, ask):
    answer = ask(hostile("order"), classes=("0", "1"), within=room(()))
    assert isinstance(answer, Answers)
    assert answer.rehearsal.missing == ("namespaces: not tried",)
