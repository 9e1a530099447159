"""The operations about a repository's settings: rules, environments, Actions; they are stateful."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import payloads
from .answers import Answer, Asked, Declined

if TYPE_CHECKING:
    from collections.abc import Callable

_R = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
ACTIONS = {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
TOKEN = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}


@dataclass(kw_only=True)
class Settings:
    """What an administrator can click in one repository, as GitHub makes it at first."""

    rulesets: dict[int, dict[str, Any]] = field(default_factory=dict)
    protection: dict[str, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    branches: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Deployment branch patterns by environment."""
    secrets: dict[str, set[str]] = field(default_factory=dict)
    """Names of secrets by environment; those of the repository under the empty name."""
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    actions: dict[str, Any] = field(default_factory=lambda: dict(ACTIONS))
    token: dict[str, Any] = field(default_factory=lambda: dict(TOKEN))
    forks: str = "first_time_contributors"
    runs: dict[str, str] = field(default_factory=dict)
    owners_errors: list[dict[str, Any]] = field(default_factory=list)


def of(asked: Asked) -> Settings:
    """Return the settings of the repository that is asked about."""
    known: Settings = asked.state.settings.setdefault(asked.repository.full_name, Settings())
    return known


def _admin(asked: Asked) -> None:
    """Refuse who is no administrator; an app is judged by its rights elsewhere."""
    role = asked.repository.role(asked.account)
    if asked.token not in asked.state.tokens and role != "admin":
        raise Declined(404 if role == "read" else 403, "Must have admin rights to Repository.")


def _changes(asked: Asked) -> bool:
    minted = asked.state.tokens.get(asked.token)
    if minted is not None:
        return minted.may("administration", "write")
    return asked.repository.role(asked.account) == "admin"


def active_rules(asked: Asked, branch: str) -> Answer:
    """List the rules that hold for a branch, whether it exists or not."""
    found = []
    for ruleset in of(asked).rulesets.values():
        if ruleset["enforcement"] == "active" and _covers(asked, ruleset, branch):
            about = {
                "ruleset_source_type": "Repository",
                "ruleset_source": asked.repository.full_name,
                "ruleset_id": ruleset["id"],
            }
            found += [rule | about for rule in ruleset["rules"]]
    return Answer(status=200, body=found)


def _covers(asked: Asked, ruleset: dict[str, Any], branch: str) -> bool:
    ref = f"refs/heads/{branch}"
    names = ruleset["conditions"]["ref_name"]

    def meant(pattern: str) -> bool:
        if pattern == "~DEFAULT_BRANCH":
            return branch == asked.repository.default_branch
        return pattern == "~ALL" or fnmatch.fnmatchcase(ref, pattern)

    return any(map(meant, names["include"])) and not any(map(meant, names["exclude"]))


def rulesets(asked: Asked) -> Answer:
    """List the rulesets, briefly."""
    brief = ("id", "name", "target", "source_type", "source", "enforcement")
    kept = [{k: one[k] for k in brief} for one in of(asked).rulesets.values()]
    return Answer(status=200, body=kept)


def ruleset(asked: Asked, identity: str) -> Answer:
    """Read a ruleset; who may bypass it is shown to those who may change it."""
    found = of(asked).rulesets.get(int(identity))
    if found is None:
        raise Declined(404, "Not Found")
    hidden = () if _changes(asked) else ("bypass_actors",)
    return Answer(status=200, body={k: v for k, v in found.items() if k not in hidden})


def made(asked: Asked) -> Answer:
    """Make a ruleset."""
    _admin(asked)
    known = of(asked).rulesets
    if any(one["name"] == asked.body["name"] for one in known.values()):
        raise Declined(422, "Validation Failed", {"message": "Name must be unique"})
    identity = asked.state.next_id()
    known[identity] = _written(asked, identity)
    return Answer(status=201, body=known[identity])


def replaced(asked: Asked, identity: str) -> Answer:
    """Replace a ruleset."""
    _admin(asked)
    known = of(asked).rulesets
    if int(identity) not in known:
        raise Declined(404, "Not Found")
    known[int(identity)] = _written(asked, int(identity))
    return Answer(status=200, body=known[int(identity)])


def _written(asked: Asked, identity: int) -> dict[str, Any]:
    at = asked.state.now()
    return {
        "id": identity,
        "target": "branch",
        "source_type": "Repository",
        "source": asked.repository.full_name,
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [], "exclude": []}},
        **asked.body,
        "node_id": payloads.node("RepositoryRuleset", identity),
        "created_at": at,
        "updated_at": at,
    }


def protection(asked: Asked, branch: str) -> Answer:
    """Read the classic protection of a branch."""
    _admin(asked)
    found = of(asked).protection.get(branch)
    if found is None:
        raise Declined(404, "Branch not protected")
    return Answer(status=200, body=found)


def environment(asked: Asked, name: str) -> Answer:
    """Read an environment."""
    found = of(asked).environments.get(name)
    if found is None:
        raise Declined(404, "Not Found")
    return Answer(status=200, body=found)


def put_environment(asked: Asked, name: str) -> Answer:
    """Make or change an environment."""
    _admin(asked)
    at, identity = asked.state.now(), asked.state.next_id()
    policy = asked.body.get("deployment_branch_policy")
    if policy and policy["protected_branches"] == policy["custom_branch_policies"]:
        raise Declined(422, "protected_branches and custom_branch_policies cannot be the same")
    url = f"{asked.api}/repos/{asked.repository.full_name}/environments/{name}"
    before = of(asked).environments.get(name, {})
    of(asked).environments[name] = {
        "id": before.get("id", identity),
        "node_id": payloads.node("Environment", identity),
        "name": name,
        "url": url,
        "html_url": url,
        "created_at": before.get("created_at", at),
        "updated_at": at,
        "protection_rules": _protecting(asked, identity),
        "deployment_branch_policy": policy,
    }
    return Answer(status=200, body=of(asked).environments[name])


def _protecting(asked: Asked, identity: int) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    about = {"id": identity, "node_id": payloads.node("GateType", identity)}
    if asked.body.get("wait_timer"):
        rules.append(about | {"type": "wait_timer", "wait_timer": asked.body["wait_timer"]})
    if asked.body.get("reviewers"):
        people = {one.id: one for one in asked.state.accounts.values()}
        named = [
            {"type": one["type"], "reviewer": payloads.user(people[one["id"]], asked.api)}
            for one in asked.body["reviewers"]
        ]
        alone = bool(asked.body.get("prevent_self_review"))
        rule = {"type": "required_reviewers", "prevent_self_review": alone, "reviewers": named}
        rules.append(about | rule)
    if asked.body.get("deployment_branch_policy"):
        rules.append(about | {"type": "branch_policy"})
    return rules


def patterns(asked: Asked, name: str) -> Answer:
    """List the branches that may use an environment."""
    known = of(asked).branches.get(name, [])
    return Answer(status=200, body={"total_count": len(known), "branch_policies": known})


def add_pattern(asked: Asked, name: str) -> Answer:
    """Let a branch use an environment."""
    _admin(asked)
    found = of(asked).environments.get(name)
    if found is None or not (found["deployment_branch_policy"] or {}).get("custom_branch_policies"):
        raise Declined(404, "Not Found")
    if any(one["name"] == asked.body["name"] for one in of(asked).branches.get(name, ())):
        return Answer(status=303)
    identity = asked.state.next_id()
    one = {"id": identity, "node_id": payloads.node("Policy", identity), **asked.body}
    of(asked).branches.setdefault(name, []).append(one)
    return Answer(status=200, body=one)


def secrets(asked: Asked, name: str = "") -> Answer:
    """Name the secrets of an environment, or of the repository."""
    _admin(asked)
    dated = dict.fromkeys(("created_at", "updated_at"), asked.state.now())
    listed = [{"name": one, **dated} for one in sorted(of(asked).secrets.get(name, ()))]
    return Answer(status=200, body={"total_count": len(listed), "secrets": listed})


def variables(asked: Asked, name: str = "") -> Answer:
    """List the variables of an environment, or of the repository."""
    _admin(asked)
    dated = dict.fromkeys(("created_at", "updated_at"), asked.state.now())
    known = of(asked).variables.get(name, {}).items()
    listed = [{"name": one, "value": value, **dated} for one, value in known]
    return Answer(status=200, body={"total_count": len(listed), "variables": listed})


def actions(asked: Asked) -> Answer:
    """Read or change how Actions run."""
    _admin(asked)
    return Answer(status=200, body=of(asked).actions)


def put_actions(asked: Asked) -> Answer:
    """Change how Actions run."""
    _admin(asked)
    of(asked).actions |= asked.body
    return Answer(status=204)


def token(asked: Asked) -> Answer:
    """Read what a workflow's token may do by default."""
    _admin(asked)
    return Answer(status=200, body=of(asked).token)


def put_token(asked: Asked) -> Answer:
    """Change what a workflow's token may do by default."""
    _admin(asked)
    of(asked).token |= asked.body
    return Answer(status=204)


def forks(asked: Asked) -> Answer:
    """Read whose runs wait for a person."""
    _admin(asked)
    return Answer(status=200, body={"approval_policy": of(asked).forks})


def put_forks(asked: Asked) -> Answer:
    """Change whose runs wait for a person."""
    _admin(asked)
    of(asked).forks = asked.body["approval_policy"]
    return Answer(status=204)


def owners_errors(asked: Asked) -> Answer:
    """Say what is wrong with CODEOWNERS."""
    return Answer(status=200, body={"errors": of(asked).owners_errors})


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", _R + r"/rules/branches/([^/]+)", active_rules),
    ("GET", _R + r"/rulesets", rulesets),
    ("POST", _R + r"/rulesets", made),
    ("GET", _R + r"/rulesets/(\d+)", ruleset),
    ("PUT", _R + r"/rulesets/(\d+)", replaced),
    ("GET", _R + r"/branches/([^/]+)/protection", protection),
    ("GET", _R + r"/environments/([^/]+)", environment),
    ("PUT", _R + r"/environments/([^/]+)", put_environment),
    ("GET", _R + r"/environments/([^/]+)/deployment-branch-policies", patterns),
    ("POST", _R + r"/environments/([^/]+)/deployment-branch-policies", add_pattern),
    ("GET", _R + r"/environments/([^/]+)/secrets", secrets),
    ("GET", _R + r"/actions/secrets", secrets),
    ("GET", _R + r"/environments/([^/]+)/variables", variables),
    ("GET", _R + r"/actions/variables", variables),
    ("GET", _R + r"/actions/permissions", actions),
    ("PUT", _R + r"/actions/permissions", put_actions),
    ("GET", _R + r"/actions/permissions/workflow", token),
    ("PUT", _R + r"/actions/permissions/workflow", put_token),
    ("GET", _R + r"/actions/permissions/fork-pr-contributor-approval", forks),
    ("PUT", _R + r"/actions/permissions/fork-pr-contributor-approval", put_forks),
    ("GET", _R + r"/codeowners/errors", owners_errors),
)
