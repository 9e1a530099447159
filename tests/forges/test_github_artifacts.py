"""Artifacts of workflow runs: whose they are, how large they may be, and who sees the token."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import NotARepository, Unavailable, UnsafeFile
from bot.world.github import GitHub
from bot.world.github_artifacts import Listed

from .server.answers import Answer
from .server.faults import Drop, Instead, broken
from .server.storage import Kept, put

if TYPE_CHECKING:
    from .server.faults import Fault
    from .stand import Stand

BYTES = b"PK" + bytes(range(256)) * 400


def left(stand: Stand, run: int = 7, name: str = "lockstep", zipped: bytes = BYTES) -> Kept:
    assert stand.server
    assert stand.hosted
    return put(stand.server.state, stand.hosted, run, name, zipped)


def forge(stand: Stand) -> GitHub:
    assert isinstance(stand.forge, GitHub)
    return stand.forge


def test_the_artifacts_of_this_run_and_this_name_are_listed(github: Stand) -> None:
    kept = left(github)
    left(github, run=8)
    left(github, name="other")
    left(github).expired = True
    assert forge(github).artifacts(7, "lockstep") == (
        Listed(
            id=kept.id,
            name="lockstep",
            size=len(BYTES),
            digest=f"sha256:{hashlib.sha256(BYTES).hexdigest()}",
            run=7,
        ),
    )
    assert forge(github).artifacts(9, "lockstep") == ()


def test_an_artifact_costs_one_request_to_the_api_and_its_storage_sees_no_token(
    github: Stand,
) -> None:
    kept = left(github)
    assert github.server
    github.server.log.clear()
    before = forge(github).calls
    # The storage refuses whatever carries a token, and the wire's checker complains of it.
    assert forge(github).artifact_zip(kept.id, most=1 << 20) == BYTES
    path = f"/repos/acme/models/actions/artifacts/{kept.id}/zip"
    assert github.server.log == [("GET", path)]
    assert forge(github).calls == before + 1


def test_an_artifact_may_be_as_large_as_is_said_and_no_larger(github: Stand) -> None:
    kept = left(github)
    assert forge(github).artifact_zip(kept.id, most=len(BYTES)) == BYTES
    with pytest.raises(UnsafeFile, match="larger than 102,401 bytes"):
        forge(github).artifact_zip(kept.id, most=len(BYTES) - 1)


def test_an_artifact_that_is_not_there_or_has_expired_is_told(github: Stand) -> None:
    with pytest.raises(NotARepository, match=r"fetching artifact 1: .*Not Found \(404\)"):
        forge(github).artifact_zip(1, most=99)
    kept = left(github)
    kept.expired = True
    with pytest.raises(NotARepository, match=r"has expired \(410\)"):
        forge(github).artifact_zip(kept.id, most=99)


@pytest.mark.parametrize(
    "there", ["http://storage.example/x", "file:///etc/passwd", "//", "gopher://127.0.0.1/"]
)
def test_a_place_that_is_not_https_is_not_asked(github: Stand, there: str) -> None:
    kept = left(github)
    assert github.server
    away = Answer(status=302, headers={"Location": there})
    github.server.trouble({0: Instead(answer=away, when="before")})
    with pytest.raises(NotARepository, match="not https"):
        forge(github).artifact_zip(kept.id, most=1 << 20)


def test_a_storage_that_sends_elsewhere_is_not_followed(github: Stand) -> None:
    kept = left(github)
    assert github.server
    again = f"{github.server.api_url}/repos/acme/models/actions/artifacts/{kept.id}/zip"
    away = Answer(status=302, headers={"Location": again})
    github.server.trouble({n: Instead(answer=away, when="before") for n in range(9)})
    with pytest.raises(Unavailable, match="not one of GitHub's"):
        forge(github).artifact_zip(kept.id, most=1 << 20)


@pytest.mark.parametrize("fault", [Drop(when="before"), broken(502, "before")])
def test_a_fetch_that_fails_is_tried_again(github: Stand, fault: Fault) -> None:
    kept = left(github)
    assert github.server
    github.server.trouble({0: fault})
    assert forge(github).artifact_zip(kept.id, most=1 << 20) == BYTES
    assert github.waits == [1.0]


def test_a_name_a_run_did_not_use_for_one_artifact_only_lists_them_all(github: Stand) -> None:
    first, second = left(github), left(github, zipped=b"PK2")
    assert [one.id for one in forge(github).artifacts(7, "lockstep")] == [first.id, second.id]
