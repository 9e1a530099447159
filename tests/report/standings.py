"""What a forge and people may have said about a request, for stories of reports."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.core.approvals import Approval, Recorded
from bot.core.order import Kind, Order
from bot.core.owners import owners_of
from bot.core.policy import Freeze
from bot.core.proposal import Standing
from bot.core.verdict import Override

HEAD = "abc1234" + "0" * 33
HELD = Order(
    kind=Kind.HOLD,
    by="ben",
    at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    number=7,
    head=HEAD,
    comment=41,
    url="",
    reason="labels of last week are missing",
)
OVER = Override(
    gate="latency",
    by="ben",
    reason="the new hardware comes on Monday",
    until=datetime(2026, 11, 30, 9, tzinfo=UTC),
    keys=("4be1" * 16,),
    comment=42,
)
EARLIER = Recorded(
    at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    head=HEAD,
    keys=frozenset({"0" * 64}),
    rests={"policy policies/credit.yaml": "sha256:0"},
)
STALE = Standing(
    approved_by=("ben",),
    reviews=(Approval(by="ben", at=datetime(2026, 11, 21, 9, tzinfo=UTC)),),
    recorded=(EARLIER,),
)
OWNED = Standing(
    approved_by=("cleo",),
    owners=owners_of({"CODEOWNERS": b"models.lock @ben @acme/risk"}, "models.lock"),
)
FREEZE = Freeze.model_validate(
    {"from": date(2026, 11, 20), "until": date(2026, 11, 25), "reason": "end of quarter"}
)
