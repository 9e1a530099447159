"""The checker agrees with the real GitHub: what was recorded since 2023 passes, damage does not.

The recordings are those of PyGithub's own tests, taken from its source package.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from .description import DEVIATIONS, Description, cut, description
from .downloads import pygithub_archive
from .wire import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

_R = "/repos/{owner}/{repo}"
_SEEN = f"""
GET /user
GET /rate_limit
GET {_R}
GET {_R}/branches/{{branch}}
GET {_R}/branches/{{branch}}/protection
GET {_R}/check-runs/{{check_run_id}}
GET {_R}/commits
GET {_R}/commits/{{ref}}
GET {_R}/contents/{{path}}
GET {_R}/git/commits/{{commit_sha}}
GET {_R}/git/ref/{{ref}}
GET {_R}/git/trees/{{tree_sha}}
GET {_R}/issues
GET {_R}/issues/comments/{{comment_id}}
GET {_R}/issues/events/{{event_id}}
GET {_R}/issues/{{issue_number}}
GET {_R}/issues/{{issue_number}}/comments
GET {_R}/labels
GET {_R}/pulls/comments/{{comment_id}}
GET {_R}/pulls/{{pull_number}}
GET {_R}/pulls/{{pull_number}}/comments
GET {_R}/pulls/{{pull_number}}/commits
PATCH {_R}/git/refs/{{ref}}
POST {_R}/git/commits
POST {_R}/git/trees
PUT {_R}/branches/{{branch}}/protection
"""
SINCE = 2023
ABRIDGED = "/PullRequest.setUp.txt"
"""Shortened by hand: its people have no avatar, its milestone no dates, and so on."""
DAMAGE = ("head", "base", "user", "state", "number", "id", "full_name", "html_url", "created_at")


@dataclass(frozen=True)
class Exchange:
    """One recorded question and its answer."""

    method: str
    path: str
    status: int
    body: Any


def wider() -> Description:
    """Cut the operations that recordings since 2023 hold, and ours."""
    listed = [tuple(line.split(" ")) for line in _SEEN.strip().splitlines()]
    ours = [tuple(name.split(" ")) for name in description().operations]
    return cut(tuple(sorted({(method, address) for method, address in (*listed, *ours)})))


@cache
def recorded() -> tuple[Exchange, ...]:
    """Read all exchanges with api.github.com since then."""
    with tarfile.open(pygithub_archive()) as tar:
        files = [one for one in tar if re.search(r"/ReplayData/.*\.txt$", one.name)]
        files = [one for one in files if not one.name.endswith(ABRIDGED)]
        texts = [file.read().decode() for one in files if (file := tar.extractfile(one))]
    return tuple(exchange for text in texts for exchange in exchanges(text))


def exchanges(text: str) -> Iterator[Exchange]:
    """Split a recording; an exchange is ten lines and a blank one."""
    lines = text.split("\n")
    for start in range(0, len(lines) - 9, 11):
        _, method, host, _, url, _, _, status, headers, body = lines[start : start + 10]
        date = re.search(r"'date', '\w+, \d+ \w+ (\d{4})", headers, re.IGNORECASE)
        if host == "api.github.com" and date and int(date[1]) >= SINCE:
            answer = json.loads(body) if body.startswith(("{", "[")) else None
            yield Exchange(method, url.split("?")[0], int(status), answer)


def known() -> Iterator[tuple[Exchange, dict[str, Any]]]:
    """Pair each exchange with its operation, where that is one of those cut."""
    for exchange in recorded():
        found = wider().operation(exchange.method, exchange.path)
        if found is not None:
            yield exchange, found[1]


def test_recorded_answers_pass_the_named_deviations_aside() -> None:
    forgiven = "|".join(f"(?:{pattern})" for pattern in DEVIATIONS.values())
    checked = 0
    for exchange, operation in known():
        wrong = verdict(wider(), operation, exchange.status, exchange.body, forgiven=forgiven)
        assert wrong == [], exchange.path
        checked += 1
    assert checked >= 200


def test_every_named_deviation_is_seen_in_real_answers() -> None:
    met: Counter[str] = Counter()
    for exchange, operation in known():
        for wrong in verdict(wider(), operation, exchange.status, exchange.body, forgiven=""):
            met.update(name for name, pattern in DEVIATIONS.items() if re.fullmatch(pattern, wrong))
    assert set(met) == set(DEVIATIONS)


def test_damaged_answers_are_caught() -> None:
    caught = 0
    for exchange, operation in known():
        if exchange.status != 200 or not isinstance(exchange.body, dict):
            continue
        sound = set(verdict(wider(), operation, 200, exchange.body))
        for name in set(DAMAGE) & exchange.body.keys():
            damaged = exchange.body | {name: [exchange.body[name]]}
            assert set(verdict(wider(), operation, 200, damaged)) - sound, (exchange.path, name)
            caught += 1
    assert caught >= 300


def test_a_pull_request_without_its_head_commit_is_caught() -> None:
    address = f"{_R}/pulls/{{pull_number}}"
    seen = 0
    for exchange, operation in known():
        if wider().route(exchange.path) == address and exchange.status == 200:
            head = {k: v for k, v in exchange.body["head"].items() if k != "sha"}
            wrong = verdict(wider(), operation, 200, exchange.body | {"head": head})
            assert any(one.startswith("head: ") and '"sha"' in one for one in wrong)
            seen += 1
    assert seen >= 5
