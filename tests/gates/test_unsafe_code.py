from __future__ import annotations

from bot.core.questions import Scan
from bot.core.verdict import Outcome
from bot.gates.unsafe_code import UnsafeCode
from tests.builders import case, contender, evidence


def verdict(about=None, **found):
    gate, about = UnsafeCode(), about or case()
    return gate.judge(about, evidence(gate, about, **found))


def test_names_on_the_allow_list_pass():
    found = verdict()
    assert found.outcome is Outcome.PASSED
    assert found.because == "12 names of code in it, all on the allow-list"
    assert not found.notes


def test_a_format_without_names_passes_and_says_so():
    found = verdict(scan=Scan(carries_code=False, findings=(), counted=0))
    assert found.outcome is Outcome.PASSED
    assert found.because == "0 names of code in it, so there is none to look up"


def test_a_name_off_the_allow_list_fails_and_the_way_out_is_said():
    found = verdict(scan=Scan(carries_code=True, findings=("os.system",), counted=3))
    assert found.outcome is Outcome.FAILED
    assert found.because == "os.system not on the allow-list"
    assert "save the model as onnx or skops" in found.remedy


def test_many_names_are_counted_in_the_sentence_and_listed_below():
    names = tuple(f"evil.f{number}" for number in range(8))
    found = verdict(scan=Scan(carries_code=True, findings=names, counted=8))
    assert found.because.endswith("evil.f4 and 3 more not on the allow-list")
    assert len(found.details) == 8


def test_what_cannot_be_read_fails():
    scan = Scan(carries_code=True, findings=(), counted=0, unreadable="a bad opcode at byte 7")
    found = verdict(scan=scan)
    assert found.outcome is Outcome.FAILED
    assert found.because == "it cannot be read: a bad opcode at byte 7"


def test_a_format_that_carries_code_is_said_aloud_even_when_it_passes():
    about = case(challenger=contender(flavor="joblib"))
    found = verdict(about, scan=Scan(carries_code=True, findings=(), counted=9))
    assert found.outcome is Outcome.PASSED
    assert found.notes == (
        "joblib can run code when it is loaded; only the sandbox protects a run of it",
    )


def test_a_runner_is_free_code_and_no_list_is_said_to_have_judged_it():
    who = contender("4", flavor="runner")
    found = verdict(case(challenger=who), scan=Scan(carries_code=True, findings=(), counted=2))
    assert found.outcome is Outcome.PASSED
    assert found.because == "2 modules of free code, which no list can judge; the policy allows it"
