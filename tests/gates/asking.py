"""Gates as their own examples ask them, and evidence that answers any of them."""

from __future__ import annotations

from bot.core.policyfile import parse_policy
from bot.core.questions import Feature
from bot.gates import GATES
from tests.builders import case, evidence, holdout, target

TRUTH = target()
ROWS = holdout(
    TRUTH,
    {"region": ["north" if number % 2 else "south" for number in range(len(TRUTH))]},
    features=(Feature(name="region", kind="text", missing=0, values=("north", "south")),),
)
POLICY = """\
models: [credit-risk]
ladder: [production]
data:
  holdout: {uri: holdout.parquet, digest: "sha256:%s", task: binary, target: late}
gates:
  %s: [%s]
"""


def parsed(entry, section="production"):
    text = POLICY % ("d" * 64, section, entry)
    return parse_policy(text.encode(), "policies/p.yaml", GATES)


def asked(name):
    (ask,) = parsed(GATES[name].example).gates("production")
    return ask.gate


def changed(name, **other):
    return GATES[name].model_validate({**asked(name).model_dump(exclude_none=True), **other})


def found(gate, about=None, **measured):
    about = about or case()
    return gate.judge(about, evidence(gate, about, **{"holdout": ROWS, **measured}))
