from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.finding import Kind
from bot.core.guarding import Step, Suspect, suspects


def told(steps, *, begin="L0", sealed=(), known=None):
    return list(suspects(steps, begin=begin, sealed=sealed, known=known or {}))


A, B, C, D = (Step(name, f"L{name}") for name in "abcd")


def test_sealed_commits_are_nobodys_concern():
    assert told([A, B], sealed={"a", "b"}) == []


def test_commits_in_a_row_are_told_as_one():
    assert told([A, B, C], sealed={"a"}) == [Suspect(Kind.BY_HAND, "c", ("b",))]


def test_a_sealed_commit_between_two_parts_them():
    assert told([A, B, C], sealed={"b"}) == [
        Suspect(Kind.BY_HAND, "a"),
        Suspect(Kind.BY_HAND, "c"),
    ]


def test_what_was_told_is_not_told_again():
    assert told([A, B], known={"a": Kind.BY_HAND, "b": Kind.BY_HAND}) == []


def test_a_new_one_goes_back_to_the_last_that_is_accounted_for():
    assert told([A, B], known={"a": Kind.BY_HAND}) == [Suspect(Kind.BY_HAND, "b", ("a",))]


def test_giving_back_the_accepted_lock_is_allowed_after_a_change_by_hand_only():
    back = Step("z", "La")
    assert told([A, B, back], sealed={"a"}) == [
        Suspect(Kind.BY_HAND, "b"),
        Suspect(Kind.RESTORED, "z"),
    ]
    assert told([A, back], sealed={"a"}) == [Suspect(Kind.BY_HAND, "z")]


def test_an_older_accepted_lock_is_not_the_accepted_one():
    back = Step("z", "La")
    assert told([A, B, back], sealed={"a", "b"}) == [Suspect(Kind.BY_HAND, "z")]


def test_what_was_allowed_before_is_the_accepted_lock():
    known = {"a": Kind.FOUNDING, "c": Kind.RESTORED, "b": Kind.BY_HAND}
    assert told([A, B, Step("c", "La"), D], known=known) == [Suspect(Kind.BY_HAND, "d")]


@given(st.lists(st.sampled_from("LMN")), st.data())
def test_every_commit_is_sealed_known_or_told_once(locks, data):
    steps = [Step(str(at), lock) for at, lock in enumerate(locks)]
    names = [step.commit for step in steps]
    sealed = set(data.draw(st.lists(st.sampled_from(names)))) if names else set()
    found = told(steps, begin="L", sealed=sealed)
    said = [name for one in found for name in (*one.before, one.commit)]
    assert sorted(said, key=int) == [name for name in names if name not in sealed]
