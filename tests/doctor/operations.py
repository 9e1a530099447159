"""What the doctor may send besides what the bot sends."""

from __future__ import annotations

_R = "/repos/{owner}/{repo}"
_E = f"{_R}/environments/{{environment_name}}"
_A = f"{_R}/actions/permissions"
READS = frozenset(
    {
        ("GET", _R),
        ("GET", f"{_R}/installation"),
        ("GET", f"{_R}/rules/branches/{{branch}}"),
        ("GET", f"{_R}/rulesets"),
        ("GET", f"{_R}/rulesets/{{ruleset_id}}"),
        ("GET", f"{_R}/branches/{{branch}}/protection"),
        ("GET", _E),
        ("GET", f"{_E}/deployment-branch-policies"),
        ("GET", f"{_E}/secrets"),
        ("GET", f"{_R}/actions/secrets"),
        ("GET", f"{_E}/variables"),
        ("GET", f"{_R}/actions/variables"),
        ("GET", _A),
        ("GET", f"{_A}/workflow"),
        ("GET", f"{_A}/fork-pr-contributor-approval"),
        ("GET", f"{_R}/actions/workflows/{{workflow_id}}/runs"),
        ("GET", f"{_R}/codeowners/errors"),
    }
)
WRITES = frozenset(
    {
        ("POST", f"{_R}/rulesets"),
        ("PUT", f"{_R}/rulesets/{{ruleset_id}}"),
        ("PUT", _E),
        ("POST", f"{_E}/deployment-branch-policies"),
        ("PUT", _A),
        ("PUT", f"{_A}/workflow"),
        ("PUT", f"{_A}/fork-pr-contributor-approval"),
    }
)
SETTINGS = READS | WRITES
ABSENT_BEFORE_GHES_3_19 = frozenset(
    {
        ("GET", f"{_A}/fork-pr-contributor-approval"),
        ("PUT", f"{_A}/fork-pr-contributor-approval"),
    }
)
