"""Whoever shares a token takes turns: together they stay within GitHub's limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.errors import Unavailable
from bot.world.github_turns import Alone, Shared, is_write, turns_of

MUTATION = '{"query": "mutation Say($id: ID!) { addComment(input: {}) { clientMutationId } }"}'
QUERY = '{"query": "query Q1 { viewer { login } }"}'


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def shared(folder: Path, clock: Clock, run: str = "") -> Shared:
    return Shared(str(folder / "turns.sqlite"), run, clock, clock.sleep)


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(start <= at < start + seconds for at in times) for start in times)


@pytest.mark.parametrize(
    ("method", "path", "body", "writes"),
    [
        ("GET", "/api/v3/repos/acme/models/pulls/7", None, False),
        ("POST", "/graphql", QUERY, False),
        ("POST", "/api/graphql", MUTATION, True),
        ("POST", "/api/graphql", '{"query": "\\n  mutation { x }"}', True),
        ("POST", "/repos/acme/models/statuses/abc", "{}", True),
        ("PATCH", "/repos/acme/models/issues/comments/1", "{}", True),
        ("PUT", "/repos/acme/models/pulls/7/merge", "{}", True),
    ],
)
def test_a_query_is_a_question_though_it_is_posted(
    method: str, path: str, body: str | None, *, writes: bool
) -> None:
    assert is_write(method, path, body) is writes


def test_four_hundred_writes_never_pass_a_limit_and_waste_no_time(tmp_path: Path) -> None:
    clock = Clock()
    turns = shared(tmp_path, clock)
    sent = []
    for _ in range(400):
        turns.take("POST", "/repos/acme/models/statuses/abc", "{}")
        sent.append(clock.now)

    assert most_within(sent, 60) == 75
    assert sent[-1] - sent[0] == 60 * (400 // 75)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 3)), min_size=50, max_size=300))
def test_no_mixture_of_questions_and_writes_passes_nine_hundred_points_a_minute(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[bool, float]]
) -> None:
    clock = Clock()
    turns = shared(tmp_path_factory.mktemp("turns"), clock)
    points: list[tuple[float, int]] = []
    for writes, pause in asked:
        turns.take("POST" if writes else "GET", "/repos/acme/models", None)
        points.append((clock.now, 5 if writes else 1))
        clock.sleep(pause)

    for start, _ in points:
        assert sum(cost for at, cost in points if start <= at < start + 60) <= 900
        assert sum(cost == 5 for at, cost in points if start <= at < start + 60) <= 80


def test_an_hour_of_writes_ends_in_try_again_later_and_not_in_a_long_sleep(tmp_path: Path) -> None:
    clock = Clock()
    turns = shared(tmp_path, clock)
    for _ in range(480):
        turns.take("POST", "/repos/acme/models/statuses/abc", "{}")

    with pytest.raises(Unavailable, match="leave no request for"):
        turns.take("POST", "/repos/acme/models/statuses/abc", "{}")
    turns.take("GET", "/repos/acme/models", None)
    assert turns.wait_s(writes=4) > 2_000


def test_who_is_told_to_wait_lets_all_wait(tmp_path: Path) -> None:
    clock = Clock()
    one, other = shared(tmp_path, clock, "one"), shared(tmp_path, clock, "other")
    one.take("GET", "/repos/acme/models", None)
    one.heard(429, {"retry-after": "30", "x-ratelimit-remaining": "4000"})
    before = clock.now
    other.take("GET", "/repos/acme/models", None)

    assert clock.now - before == 30
    assert other.left() == 4000
    assert (one.calls("one"), one.calls("other")) == ((1, 0), (1, 0))


def test_an_hour_that_is_spent_lets_all_end_until_it_is_over(tmp_path: Path) -> None:
    clock = Clock()
    turns = shared(tmp_path, clock)
    reset = str(int(clock.now) + 1_800)
    turns.heard(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})

    with pytest.raises(Unavailable):
        turns.take("GET", "/repos/acme/models", None)
    clock.sleep(1_800)
    turns.take("GET", "/repos/acme/models", None)


def test_many_at_once_are_counted_each(tmp_path: Path) -> None:
    turns = shared(tmp_path, Clock(), "all")
    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(lambda _: turns.take("GET", "/repos/acme/models", None), range(100)))

    assert turns.calls("all") == (100, 0)


def test_without_a_file_everybody_is_alone(tmp_path: Path) -> None:
    assert turns_of({}) == Alone()
    assert isinstance(turns_of({"LOCKSTEP_TURNS": str(tmp_path / "turns")}), Shared)
