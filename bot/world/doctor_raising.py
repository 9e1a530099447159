"""Bringing a ruleset about: a new one, or the one of its name with what is weak in it raised.

Nothing that is there is taken away or weakened: rules, checks, refs, parameters, bypass actors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.world.doctor_diagnosis import Call
from bot.world.doctor_ruleset import ACTIONS_APP, AUDIT_NAME, NAME, WRITER_NAME
from bot.world.github_settings import Unseen

if TYPE_CHECKING:
    from bot.world.github_settings import Settings

OURS = frozenset({NAME, AUDIT_NAME, WRITER_NAME})
WRITTEN = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")
"""What a ruleset says that can be written."""
CHECKS, STRICT = "required_status_checks", "strict_required_status_checks_policy"
EVERYWHERE = "~ALL"


def known_rulesets(settings: Settings) -> tuple[Mapping[str, Any], ...]:
    """List the repository's own rulesets; those of our names in full, as far as they show."""
    listed = settings.rulesets()
    return () if isinstance(listed, Unseen) else tuple(_whole(listed, settings))


def _whole(listed: Sequence[Mapping[str, Any]], settings: Settings) -> Iterator[Mapping[str, Any]]:
    for brief in listed:
        found = settings.ruleset(int(brief["id"])) if brief["name"] in OURS else brief
        yield brief if isinstance(found, Unseen) else found


def call_for(wanted: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> tuple[Call, ...]:
    """Say how to bring a ruleset about; nothing when it is as wanted, or a person must look."""
    there = next((one for one in known if one["name"] == wanted["name"]), None)
    if there is None:
        does = f"make the ruleset {wanted['name']!r}"
        return (Call(method="POST", path="/rulesets", body=dict(wanted), does=does),)
    # What does not show cannot be kept.
    if any(name not in there for name in WRITTEN) or there["target"] != wanted["target"]:
        return ()
    present = {name: there[name] for name in WRITTEN}
    body = raised(present, wanted)
    if body == present:
        return ()
    does = f"raise the ruleset {wanted['name']!r}"
    return (Call(method="PUT", path=f"/rulesets/{there['id']}", body=body, does=does),)


def raised(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Write a ruleset that is there with whatever falls short of what is wanted raised."""
    rules = list(present["rules"] or ())
    queued = any(rule["type"] == "merge_queue" for rule in rules)
    for rule in wanted["rules"]:
        places = [at for at, one in enumerate(rules) if one["type"] == rule["type"]]
        if not places:
            rules.append(_eased(rule) if queued else rule)
        elif "parameters" in rule:
            first = rules[places[0]]
            parameters = _parameters(
                first.get("parameters") or {}, rule["parameters"], queued=queued
            )
            rules[places[0]] = {**first, "parameters": parameters}
    return {
        **present,
        "enforcement": wanted["enforcement"],
        "bypass_actors": _actors(present, wanted),
        "conditions": _conditions(present["conditions"] or {}, wanted["conditions"]),
        "rules": rules,
    }


def _eased(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for no head that is up to date where a merge queue sees to it."""
    if rule["type"] != CHECKS:
        return dict(rule)
    return {**rule, "parameters": {**rule["parameters"], STRICT: False}}


def _parameters(
    present: Mapping[str, Any], wanted: Mapping[str, Any], *, queued: bool
) -> dict[str, Any]:
    found = dict(present)
    for name, value in wanted.items():
        if name == CHECKS:
            found[name] = _checks(present.get(name) or (), value)
        elif name == STRICT and queued:
            found.setdefault(name, False)
        elif found.get(name) is None or found[name] < value:
            found[name] = value
    return found


def _checks(
    present: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Add the checks that are not asked for, and pin those that anybody may set."""
    found = [dict(one) for one in present]
    for check in wanted:
        source = check.get("integration_id")
        same = [one for one in found if one["context"].casefold() == check["context"].casefold()]
        if not same:
            found.append(dict(check))
        for one in same:
            # Actions is where a bot without an app speaks from; another app is for a person.
            if source is not None and one.get("integration_id") in {None, ACTIONS_APP}:
                one["integration_id"] = source
    return found


def _actors(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Keep who may bypass a ruleset; the one that restricts writing is for the bot to bypass."""
    found = list(present["bypass_actors"] or ())
    if wanted["name"] == WRITER_NAME:
        found += [one for one in wanted["bypass_actors"] if one not in found]
    return found


def _conditions(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    refs, more = present.get("ref_name") or {}, wanted["ref_name"]["include"]
    include = list(refs.get("include") or ())
    if EVERYWHERE not in include:
        include += [ref for ref in more if ref not in include]
    return {**present, "ref_name": {"exclude": [], **refs, "include": include}}
