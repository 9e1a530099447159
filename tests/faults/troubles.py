"""Everything that can go wrong with one call, by class.

*Before* means that the call had no effect; *after* means that it had, and its answer is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.errors import Unavailable
from tests.faults.line import Call, Killed
from tests.forges.server import faults as on_server
from tests.forges.server.answers import Answer, declined
from tests.forges.server.faults import Drop, Fault, Instead, Meanwhile

if TYPE_CHECKING:
    from tests.faults.scene import Scene

Strike = Callable[["Scene", Call], Any]
LATE_S = 0.12
"""How long the slow server takes, and a little more than the bot waits for it."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One thing that goes wrong, and with which calls it can."""

    name: str
    kind: str
    strike: Strike
    api: bool = True
    git: bool = False
    reads: bool = True
    writes: bool = True
    graph: bool = False
    """It is something that only GraphQL answers."""

    def suits(self, call: Call) -> bool:
        """Tell whether this can happen to a call."""
        if "/api/" not in call.name and not call.git and "/repos/" not in call.name:
            # A storage of artifacts is no part of the API; a process can end there all the same.
            return self.git and self.api
        if self.graph and "graphql" not in call.name:
            return False
        where = self.git if call.git else self.api
        return where and (self.writes if call.writes else self.reads)


def answered(fault: Fault) -> Strike:
    """Let the server itself fail at this request."""

    def strike(scene: Scene, call: Call) -> Any:
        scene.server.trouble({0: fault})
        return call.make()

    return strike


def said(status: int, message: str, when: Any = "before") -> Strike:
    """Let the server decide something else."""
    return answered(Instead(answer=declined(status, message), when=when))


def limited(scene: Scene, call: Call) -> Any:
    fault = on_server.used_up(seconds_left=30, now=int(scene.server.state.time().timestamp()))
    return answered(fault)(scene, call)


def limited_for_an_hour(scene: Scene, call: Call) -> Any:
    fault = on_server.used_up(seconds_left=3_600, now=int(scene.server.state.time().timestamp()))
    return answered(fault)(scene, call)


def slow(scene: Scene, call: Call) -> Any:
    """Wait less than the server takes; what was asked happens all the same."""
    scene.server.trouble({0: Meanwhile(act=lambda: time.sleep(LATE_S))})
    return call.make(timeout=LATE_S / 2)


def older(scene: Scene, call: Call) -> Any:
    """Answer from how everything was when the flow began."""
    with scene.as_it_was():
        return call.make()


def deleted(scene: Scene, call: Call) -> Any:
    """Let somebody delete every comment of the bot just before.

    Not on a request that has landed: nobody judges it again, and its report stays deleted.
    """
    comments, pulls = scene.hosted.comments, scene.hosted.pulls
    landed = {number for number, pull in pulls.items() if pull.merged_as is not None}
    for one in [one for one in comments.values() if one.author == scene.bot_account]:
        if one.number not in landed:
            del comments[one.id]
    return call.make()


def overtaken(scene: Scene, call: Call) -> Any:
    """Let a second bot carry the same event from its beginning to its end just before."""
    scene.meanwhile()
    return call.make()


def killed(scene: Scene, call: Call) -> Any:  # noqa: ARG001 -- the form of every strike
    raise Killed(call.name)


def killed_after(scene: Scene, call: Call) -> Any:  # noqa: ARG001 -- the form of every strike
    call.make()
    raise Killed(call.name)


def lost(scene: Scene, call: Call) -> Any:  # noqa: ARG001 -- the form of every strike
    raise Unavailable(f"{call.name}: the remote hung up")


def lost_after(scene: Scene, call: Call) -> Any:  # noqa: ARG001 -- the form of every strike
    call.make()
    raise Unavailable(f"{call.name}: the remote hung up")


def outrun(scene: Scene, call: Call) -> Any:  # noqa: ARG001 -- the form of every strike
    """Say that the branch is elsewhere, as after somebody else's push."""
    return False


def denied_after(scene: Scene, call: Call) -> Any:  # noqa: ARG001 -- the form of every strike
    call.make()
    return False


def older_git(scene: Scene, call: Call) -> Any:
    """Fetch from a copy that lags behind."""
    return call.make(str(scene.pristine))


def _graph(**content: Any) -> Strike:
    return answered(Instead(answer=Answer(status=200, body=content), when="before"))


NOTHING = {"data": {"repository": None}}
HALF = {"data": {"repository": {"pullRequest": None}}}
WRONG = [{"type": "INTERNAL", "message": "Something went wrong while executing your query."}]
MERGE = "Base branch was modified. Review and try the merge again."
HEAD = "Head branch was modified. Review and try the merge again."

TROUBLES = (
    *(
        Trouble(name=f"dropped {when}", kind=f"lost {when}", strike=answered(Drop(when=when)))
        for when in ("before", "after")
    ),
    *(
        Trouble(
            name=f"{status} {when}",
            kind=f"lost {when}",
            strike=answered(on_server.broken(status, when)),
        )
        for status in (500, 502, 503)
        for when in ("before", "after")
    ),
    Trouble(name="slow", kind="lost after", strike=slow),
    Trouble(name="a proxy's page before", kind="nonsense",
            strike=answered(on_server.page_of_a_proxy("before"))),
    Trouble(name="a proxy's page after", kind="nonsense",
            strike=answered(on_server.page_of_a_proxy("after"))),
    Trouble(name="cut short before", kind="nonsense",
            strike=answered(on_server.cut_short("before"))),
    Trouble(name="cut short after", kind="nonsense",
            strike=answered(on_server.cut_short("after"))),
    Trouble(name="200 with errors", kind="nonsense", graph=True,
            strike=_graph(errors=WRONG, data=None)),
    Trouble(name="200 with half the data", kind="nonsense", graph=True,
            strike=_graph(errors=WRONG, **HALF)),
    Trouble(name="200 without the repository", kind="nonsense", graph=True,
            strike=_graph(**NOTHING)),
    Trouble(name="202", kind="nonsense", strike=answered(on_server.accepted())),
    Trouble(name="401 once", kind="refused", strike=said(401, "Bad credentials")),
    Trouble(name="403", kind="refused",
            strike=said(403, "Resource not accessible by integration")),
    Trouble(name="404", kind="refused", strike=said(404, "Not Found")),
    Trouble(name="405", kind="refused", strike=said(405, MERGE), reads=False),
    Trouble(name="409", kind="refused", strike=said(409, HEAD), reads=False),
    Trouble(name="422", kind="refused", strike=said(422, "Validation Failed"), reads=False),
    Trouble(name="403 secondary, 2 s", kind="limited",
            strike=answered(on_server.slow_down(403, retry_after=2))),
    Trouble(name="403 secondary", kind="limited",
            strike=answered(on_server.slow_down(403, retry_after=None))),
    Trouble(name="429, 2 s", kind="limited",
            strike=answered(on_server.slow_down(429, retry_after=2))),
    Trouble(name="429", kind="limited",
            strike=answered(on_server.slow_down(429, retry_after=None))),
    Trouble(name="429, 1000 s", kind="limited",
            strike=answered(on_server.slow_down(429, retry_after=1000))),
    Trouble(name="limit used up", kind="limited", strike=limited),
    Trouble(name="limit used up for an hour", kind="limited", strike=limited_for_an_hour),
    Trouble(name="an older answer", kind="meanwhile", strike=older, writes=False),
    Trouble(name="our comments deleted", kind="meanwhile", strike=deleted),
    Trouble(name="overtaken", kind="overtaken", strike=overtaken, git=True),
    Trouble(name="killed before", kind="killed before", strike=killed, git=True),
    Trouble(name="killed after", kind="killed after", strike=killed_after, git=True),
    Trouble(name="git lost before", kind="lost before", strike=lost, api=False, git=True),
    Trouble(name="git lost after", kind="lost after", strike=lost_after, api=False, git=True),
    Trouble(name="git outrun", kind="refused", strike=outrun, api=False, git=True, reads=False),
    Trouble(name="git refused after", kind="refused", strike=denied_after, api=False, git=True,
            reads=False),
    Trouble(name="git older", kind="meanwhile", strike=older_git, api=False, git=True,
            writes=False),
)  # fmt: skip
KINDS = tuple(dict.fromkeys(one.kind for one in TROUBLES))
