"""What was recorded is dated by when people could read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from bot.world.orders import AUDIT, read_ledger
from bot.world.repository import Repository

READ = datetime(2026, 11, 2, 9, tzinfo=UTC)
JUDGED = timedelta(minutes=5)


def account_of(key: str, at: datetime) -> bytes:
    judgement = {"key": key, "challenger": None, "champion": None, "data": {}}
    judgement["transition"] = {"about": ["Model: credit", "Stage: production"]}
    content = {"at": at.isoformat(), "head": {"commit": "a" * 40}, "policies": {}}
    return json.dumps({**content, "judgements": [judgement]}).encode()


def test_an_approval_during_a_judgement_is_of_the_evidence_before_it(tmp_path):
    repository = Repository.create(tmp_path / "audit.git", {})
    tip = None
    for number, key in enumerate(("first", "second")):
        read = READ + number * timedelta(hours=1)
        path = f"records/7/{key}.json"
        tip = repository.append(tip, {path: account_of(key, read)}, key, read + JUDGED)
    repository.run("update-ref", AUDIT, tip or "")

    recorded = {min(one.keys): one.at for one in read_ledger(repository, 7).recorded}

    assert recorded == {"first": READ + JUDGED, "second": READ + timedelta(hours=1) + JUDGED}
