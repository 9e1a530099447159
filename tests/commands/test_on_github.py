"""Commands on GitHub: what each asks of the API, and that everything said fits its schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.decision import Ruling
from bot.core.event import CommentCreated
from bot.world.commanding import Carried, carry_command
from bot.world.repository import Repository
from tests.forges.stand import Stand
from tests.stories import test_on_github
from tests.stories.test_on_github import judge, propose

stand = test_on_github.stand
REPO = "/repos/acme/models"
ROLE = "GET /collaborators/ben/permission"
LOOK, SAY, REACT = "POST /graphql Look", "POST /graphql AddComment", "POST /reactions"

WHO = "GET /activity?per_page=100&ref=refs%2Fheads%2Fv3"


@pytest.fixture
def ready(stand: Stand, tmp_path: Path) -> Stand:
    """A request of ana's that failed its gates; ben may write and eve may read."""
    assert judge(stand, tmp_path, propose(stand, "1")).decision.ruling is Ruling.MERGE
    assert judge(stand, tmp_path, propose(stand, "3")).decision.ruling is Ruling.REFUSE
    stand.people.grant("ben", "write")
    stand.people.grant("eve", "read")
    return stand


def carried(stand: Stand, folder: Path, who: str, text: str) -> tuple[Carried, list[str]]:
    """Carry a command; return what became of it and what was asked of the API."""
    comment = stand.people.say(2, who, text)
    assert stand.server
    stand.server.log.clear()
    event = CommentCreated(
        number=2, comment=comment, author=who, by_bot=False, body=text, url="https://x.test/"
    )
    clone = Repository.create(folder / "bot", stand.forge.git_environment())
    done = carry_command(event, stand.forge, clone)
    asked = [f"{method} {path.replace(REPO, '')}" for method, path in stand.server.log]
    return done, [word.replace(f"/issues/comments/{comment}", "") for word in asked]


def test_what_each_command_asks_of_the_api(ready: Stand, tmp_path: Path) -> None:
    """An order costs four requests, a reply five, a stranger two, and talk none."""
    done, asked = carried(ready, tmp_path, "ben", "/lockstep hold wait")
    assert done.evaluate
    assert asked == [ROLE, REACT, LOOK, REACT]
    done, asked = carried(ready, tmp_path, "eve", "/lockstep release")
    assert done.said == "eve has no write access"
    assert asked == [ROLE.replace("ben", "eve"), REACT]
    _, asked = carried(ready, tmp_path, "ben", "/lockstep status")
    assert asked == [ROLE, REACT, LOOK, SAY, REACT]
    _, asked = carried(ready, tmp_path, "ben", "> /lockstep merge 0123abc")
    assert asked == []
    conclusion = judge(ready, tmp_path, 2)
    assert [hold.reason for hold in conclusion.proposal.standing.holds] == ["wait"]


def test_an_override_is_somebody_elses(ready: Stand, tmp_path: Path) -> None:
    """The stand commits as somebody@localhost, which becomes an account's address here."""
    ready.people.grant("somebody", "write")
    order = '/lockstep override --gate compare --reason "known"'
    for who, why in (("ana", "their own request"), ("somebody", "who made the head")):
        done, asked = carried(ready, tmp_path, who, order)
        assert why in done.said
        assert asked == [ROLE.replace("ben", who), REACT, LOOK, SAY, REACT]
    done, asked = carried(ready, tmp_path, "ben", order)
    assert done.evaluate
    assert asked == [ROLE, REACT, LOOK, WHO, REACT]
    assert judge(ready, tmp_path, 2).decision.state == "overridden"
    assert ready.forge.pull_request(2).merged_as is not None


def test_who_pushed_the_head_overrides_nothing_whatever_its_commit_says(
    ready: Stand, tmp_path: Path
) -> None:
    assert ready.hosted
    order = '/lockstep override --gate compare --reason "known"'
    (pushed,) = [one for one in ready.hosted.pushes if one[0] == "v3"]
    ready.people.grant("mal", "write")
    mal = ready.server.state.accounts["mal"] if ready.server else None
    assert mal
    ready.hosted.pushes.append((*pushed[:3], mal, pushed[4]))
    done, _ = carried(ready, tmp_path, "mal", order)
    assert "who pushed the head" in done.said
    ready.hosted.pushes.clear()
    done, _ = carried(ready, tmp_path, "ben", order)
    assert "cannot be told" in done.said
    assert judge(ready, tmp_path, 2).decision.ruling is Ruling.REFUSE
