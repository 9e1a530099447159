from __future__ import annotations

import math

from bot.core.verdict import Outcome
from bot.gates import contest
from bot.gates.loads import Loads
from tests.builders import case, evidence, rehearsal


def verdict(gate=None, **found):
    gate, about = gate or Loads(), case()
    return gate.judge(about, evidence(gate, about, **found))


def test_a_model_that_loads_in_time_passes():
    found = verdict()
    assert found.outcome is Outcome.PASSED
    assert found.because == "it loaded in 0.800 s and needed 214.0 MB of memory"
    assert found.required == "at most 60 s"


def test_a_model_that_takes_too_long_fails():
    found = verdict(Loads(max_seconds=0.8), rehearsal=rehearsal(load_seconds=0.8004))
    assert found.outcome is Outcome.FAILED
    assert found.because == "loading took 0.8004 s"


def test_a_time_that_is_not_a_number_fails():
    assert verdict(rehearsal=rehearsal(load_seconds=math.nan)).outcome is Outcome.FAILED


def test_memory_is_capped_only_where_the_policy_says_so():
    gate = Loads.model_validate({"max_memory": "200MB"})
    assert verdict(gate).because == "it needed 214.0 MB of memory"
    assert verdict(gate).required == "at most 60 s and 200.0 MB"
    assert verdict(Loads(), rehearsal=rehearsal(peak_bytes=10**12)).outcome is Outcome.PASSED


def test_the_notes_say_what_protected_the_run_and_what_was_missing():
    run = rehearsal(missing=("syscalls: no seccomp",), warnings=1)
    assert verdict(rehearsal=run).notes == (
        "sandbox: no_new_privs, rlimits, fs, net",
        "sandbox layer missing: syscalls: no seccomp",
        "1 warning while loading, such as another library version than it was saved with",
    )


def test_a_run_without_any_layer_is_said_aloud():
    assert verdict(rehearsal=rehearsal(layers=())).notes == ("sandbox: no layer held",)


def test_times_that_another_job_measured_are_said_to_be_its_own():
    found = verdict(rehearsal=rehearsal(reported=True))
    assert contest.REPORTED in found.notes
    assert contest.REPORTED not in verdict().notes
