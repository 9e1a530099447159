"""The filter says what it should on both architectures, run by a small interpreter of it."""

from __future__ import annotations

import errno
import struct

import pytest

from bot.runner.seccomp import DENIED, program

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
OWN = 4321
CALLS = {
    "x86_64": {"clone": 56, "clone3": 435, "kill": 62, "tgkill": 234, "prlimit64": 302},
    "aarch64": {"clone": 220, "clone3": 435, "kill": 129, "tgkill": 131, "prlimit64": 261},
}
EVERYDAY = {"x86_64": (0, 1, 9, 11, 202, 257), "aarch64": (63, 64, 222, 215, 98, 56)}
THREAD = 0x003D0F00


def verdict(machine: str, number: int, argument: int = 0, *, arch: int | None = None) -> int:
    """Run the filter on one system call, as the kernel would."""
    code = program(machine, OWN)
    steps = [struct.unpack_from("=HBBI", code, place) for place in range(0, len(code), 8)]
    data = {0: number, 4: AUDIT[machine] if arch is None else arch, 16: argument}
    value = place = 0
    while True:
        kind, yes, no, constant = steps[place]
        place += 1
        match kind:
            case 0x20:
                value = data[constant]
            case 0x06:
                return constant
            case 0x15:
                place += yes if value == constant else no
            case 0x35:
                place += yes if value >= constant else no
            case 0x45:
                place += yes if value & constant else no
            case _:
                pytest.fail(f"instruction {kind:#x} is none the filter needs")


@pytest.mark.parametrize("machine", AUDIT)
def test_every_denied_call_ends_in_eperm(machine):
    place = 0 if machine == "x86_64" else 1
    for name, numbers in DENIED.items():
        if numbers[place] is not None:
            assert verdict(machine, numbers[place]) == ERRNO | errno.EPERM, name


@pytest.mark.parametrize("machine", AUDIT)
def test_everyday_calls_are_allowed(machine):
    assert {verdict(machine, number) for number in EVERYDAY[machine]} == {ALLOW}


@pytest.mark.parametrize("machine", AUDIT)
def test_threads_may_be_made_and_nothing_else(machine):
    clone = CALLS[machine]["clone"]
    assert verdict(machine, clone, THREAD) == ALLOW
    for flags in (17, 0x10000011, THREAD | 0x40000000, 0x00004111):
        assert verdict(machine, clone, flags) == ERRNO | errno.EPERM
    assert verdict(machine, CALLS[machine]["clone3"]) == ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", AUDIT)
def test_signals_and_limits_reach_only_the_worker_itself(machine):
    for name in ("kill", "tgkill", "prlimit64"):
        number = CALLS[machine][name]
        assert verdict(machine, number, OWN) == ALLOW
        for other in (1, OWN - 1, 0xFFFFFFFF):
            assert verdict(machine, number, other) == ERRNO | errno.EPERM
    assert verdict(machine, CALLS[machine]["kill"], 0) == ERRNO | errno.EPERM


@pytest.mark.parametrize("machine", AUDIT)
def test_a_call_of_another_architecture_ends_the_worker(machine):
    assert verdict(machine, 0, arch=0x40000003) == KILL


def test_the_x32_door_is_shut():
    assert verdict("x86_64", 0x40000000 | 41) == KILL


def test_no_number_is_listed_twice():
    for place in (0, 1):
        numbers = [pair[place] for pair in DENIED.values() if pair[place] is not None]
        assert len(numbers) == len(set(numbers))
