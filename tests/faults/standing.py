"""How everything stands when a flow has ended, and what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from bot.core.actions import MARKER
from bot.core.record import BRANCH, digest_of
from bot.report.replies import REPLY
from bot.world.policies import judged_by, policies_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.flows import Flow
    from tests.faults.scene import Scene

DELETED = "our comments deleted"
CONTEXT = "lockstep/gate: main"


def complaints(scene: Scene, flow: Flow, trouble: str = "") -> list[str]:
    """Name everything that is not as it must be.

    Args:
        scene: Where.
        flow: What was carried.
        trouble: What went wrong on the way.  A report that somebody deleted is not written again
            for a request that has landed.
    """
    deleted = trouble == DELETED
    seen = counted(scene)
    due: dict[str, Any] = {
        "reports": flow.reports, "state": flow.state, "merges": flow.merges,
        "records": flow.records, "seals": flow.seals, "orders": flow.orders,
        "issues": flow.issues, "reverts": flow.reverts, "answers": 0,
    }  # fmt: skip
    if deleted and scene.pull.merged_as is not None and seen["reports"] == 0:
        due["reports"] = 0
    wrong = _differing(seen, due)
    if wrong and flow.otherwise and (not flow.only_after or trouble in flow.only_after):
        wrong = _differing(seen, due | flow.otherwise)
    return wrong + merged_as_judged(scene) + stale(scene) + told_once(scene)


def _differing(seen: Mapping[str, Any], due: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} {seen[name]}, not {one}"
        for name, one in due.items()
        if one is not None and seen[name] != one
    ]


def counted(scene: Scene) -> dict[str, Any]:
    """Count what there is of everything."""
    number, hosted = scene.number, scene.hosted
    ours = [one for one in hosted.comments.values() if one.author == scene.bot_account]
    audit = files(scene)
    said = [m for m in hosted.statuses if (m.sha, m.context) == (scene.pull.head_sha, CONTEXT)]
    return {
        "reports": sum(o.number == number and o.body.startswith(MARKER) for o in ours),
        "state": said[-1].state if said else "nothing",
        "merges": sum(f"(#{number})" in line for line in scene.log("main")),
        "records": sum(path.startswith(f"records/{number}/") for path in audit),
        "seals": sum(path.startswith(f"seals/{number}/") for path in audit),
        "orders": sum(path.startswith(f"orders/{number}/") for path in audit),
        "issues": sum(one.open for one in hosted.issues.values()),
        "answers": sum(o.number == number and o.body.startswith(REPLY) for o in ours),
        "reverts": sum(pull.author == scene.bot_account for pull in hosted.pulls.values()),
    }


def files(scene: Scene) -> dict[str, bytes]:
    """Read every file of the audit branch."""
    repository = scene.read()
    tip = repository.resolve(BRANCH)
    rows = list(repository.tree(tip)) if tip else []
    texts = repository.contents([oid for _, oid, _, _ in rows]) if rows else iter(())
    return {path: text for (*_, path), text in zip(rows, texts, strict=True)}


def merged_as_judged(scene: Scene) -> list[str]:
    """Every landed request has the record its commit names, of its own head, that passed."""
    wrong = []
    records = {digest_of(text): json.loads(text) for path, text in files(scene).items()
               if path.startswith("records/")}  # fmt: skip
    repository = scene.read()
    for number, pull in scene.hosted.pulls.items():
        if pull.merged_as is None:
            continue
        message = repository.run("log", "-1", "--format=%B", pull.merged_as).decode()
        named = re.search(r"^Record: (sha256:\w+)$", message, re.MULTILINE)
        record = records.get(named[1]) if named else None
        if record is None:
            wrong.append(f"{number} landed without its record")
        elif record["head"]["commit"] != pull.head_sha:
            wrong.append(f"{number} landed with another head than was judged")
        elif record["decision"]["ruling"] != "merge":
            wrong.append(f"{number} landed although it was to wait")
    return wrong


def stale(scene: Scene) -> list[str]:
    """Name what landed on other policies or another lock than judged, and nobody was told of."""
    repository, wrong = scene.read(), []
    records = {digest_of(text): json.loads(text) for path, text in files(scene).items()
               if path.startswith("records/")}  # fmt: skip
    landed = scene.pull.merged_as
    if landed is None:
        return []
    message = repository.run("log", "-1", "--format=%B", landed).decode()
    record = records[message.rsplit("Record: ", 1)[1].strip()]
    blob = repository.blob(landed, "models.lock", most=10**6)
    same = blob is not None and blob.oid == record["head"]["lock"]
    if not (same and judged_by(record, policies_at(repository, landed))):
        issues = counted(scene)["issues"]
        wrong += [] if issues == 1 else [f"a stale merge, and {issues} issues"]
    return wrong


def told_once(scene: Scene) -> list[str]:
    """No comment of the bot says twice what another says, on whatever request."""
    told = [
        (one.number, one.body.split("\n", 1)[0].split(" ")[1])
        for one in scene.hosted.comments.values()
        if one.author == scene.bot_account
    ]
    return [f"{what} is told twice on {number}" for number, what in set(told)
            if told.count((number, what)) > 1]  # fmt: skip
