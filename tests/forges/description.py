"""The part of GitHub's own API description that concerns us, and what it says of an exchange.

Cut at test time from the description that GitHub publishes.  The places where real GitHub
is known to differ from it are named (DEVIATIONS, ERRORS); nothing else is forgiven.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import jsonschema_rs

from .downloads import OPENAPI, member, npm_archive
from .downloads import cache as cache_folder

_R = "/repos/{owner}/{repo}"
OPERATIONS: dict[tuple[str, str], frozenset[int]] = {
    ("POST", "/app/installations/{installation_id}/access_tokens"): frozenset({404}),
    ("GET", _R): frozenset({401, 404}),
    ("GET", f"{_R}/collaborators/{{username}}/permission"): frozenset({404}),
    ("GET", f"{_R}/activity"): frozenset(),
    ("GET", f"{_R}/pulls"): frozenset({404}),
    ("POST", f"{_R}/pulls"): frozenset({422}),
    ("PUT", f"{_R}/pulls/{{pull_number}}/merge"): frozenset({403, 405, 409}),
    ("PATCH", f"{_R}/issues/comments/{{comment_id}}"): frozenset({404}),
    ("DELETE", f"{_R}/issues/comments/{{comment_id}}"): frozenset({404}),
    ("POST", f"{_R}/issues/comments/{{comment_id}}/reactions"): frozenset({404}),
    ("POST", f"{_R}/issues"): frozenset({410}),
    ("GET", f"{_R}/commits/{{ref}}/statuses"): frozenset(),
    ("POST", f"{_R}/statuses/{{sha}}"): frozenset({403, 422}),
    ("GET", f"{_R}/actions/runs/{{run_id}}/artifacts"): frozenset(),
    ("GET", f"{_R}/actions/artifacts/{{artifact_id}}/{{archive_format}}"): frozenset({404, 410}),
}
"""What the bot may send by REST, and the refusals it has an answer for."""

PEOPLE = frozenset(
    {
        ("GET", "/user"),
        ("GET", "/rate_limit"),
        ("GET", f"{_R}/git/ref/{{ref}}"),
        ("GET", f"{_R}/pulls/{{pull_number}}"),
        ("PATCH", f"{_R}/pulls/{{pull_number}}"),
        ("GET", f"{_R}/pulls/{{pull_number}}/reviews"),
        ("POST", f"{_R}/pulls/{{pull_number}}/reviews"),
        ("GET", f"{_R}/issues/{{issue_number}}/comments"),
        ("POST", f"{_R}/issues/{{issue_number}}/comments"),
        ("PATCH", f"{_R}/issues/{{issue_number}}"),
    }
)
"""What the people in our tests send besides: close, approve, talk, look."""

GONE_FORK = r"(\d+/)?head/(label|user|repo): null is not of type .*"
DEVIATIONS = {
    "the fork of a pull request is gone": GONE_FORK,
    "a signature checked before 2024 has no date": r'.*verification: "verified_at" is .*',
    "a remark on a line that is gone has no line": r"(\d+/)?original_line: null is not .*",
}
"""Where real answers differ from the description; each is seen in recorded traffic."""

ERRORS = frozenset({401, 403, 404, 422, 429, *range(500, 600)})
"""Any operation may answer these, although few list them; so may a question answer 304."""

_SLASHES = ("path", "ref", "branch", "basehead", "dir")
_FORM = 3
"""Counts up when the cut is written differently, so that an old one is not read."""
SOURCE = "package/generated/api.github.com.json"
ENTERPRISE = tuple(f"package/generated/ghes-{version}.json" for version in ("3.17", "3.18", "3.19"))
"""The descriptions of the Enterprise servers that GitHub supports."""


@dataclass(frozen=True)
class Description:
    """A description with few operations, and the addresses of all of them for routing."""

    addresses: tuple[str, ...]
    operations: dict[str, dict[str, Any]]
    components: dict[str, Any]

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        return [(_pattern(address), address) for address in sorted(self.addresses, key=_literal)]

    def route(self, path: str) -> str | None:
        """Find the address a path belongs to; the most literal one wins."""
        return next(
            (address for pattern, address in self._patterns if pattern.fullmatch(path)), None
        )

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Find the operation of a request."""
        address = self.route(path)
        found = self.operations.get(f"{method} {address}") if address else None
        return (address, found) if address and found is not None else None

    def response_schema(self, operation: dict[str, Any], status: int) -> dict[str, Any] | None:
        """Find what a response must look like; None when it is not declared, {} for no body."""
        declared = operation["responses"].get(str(status))
        if declared is None:
            return None
        if "$ref" in declared:
            declared = self.components["responses"][declared["$ref"].rsplit("/", 1)[1]]
        content = declared.get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        return dict(schema)

    def complaints(self, schema: dict[str, Any], value: Any) -> list[str]:
        """Say what is wrong with a value, by place."""
        checker = _checker(json.dumps(schema, sort_keys=True), self)
        return [
            f"{'/'.join(map(str, e.instance_path))}: {e.message}"
            for e in checker.iter_errors(value)
        ]

    def __hash__(self) -> int:
        """Be the same as itself only; there is one."""
        return id(self)


@cache
def _checker(schema: str, description: Description) -> Any:
    whole = {"components": description.components, "allOf": [json.loads(schema)]}
    return jsonschema_rs.Draft4Validator(whole, validate_formats=False)


def _pattern(address: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", address)
    return re.compile("".join(_part(part) for part in parts))


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return "(.+)" if part[1:-1] in _SLASHES else "([^/]+)"


def _literal(address: str) -> tuple[int, int, int]:
    greedy = sum(f"{{{name}}}" in address for name in _SLASHES)
    return (greedy, address.count("{"), -len(address))


def description(source: str = SOURCE) -> Description:
    """Load the part about what the bot and the people in our tests send."""
    return cut(tuple(sorted(OPERATIONS.keys() | PEOPLE)), source)


@cache
def cut(wanted: tuple[tuple[str, str], ...], source: str = SOURCE) -> Description:
    """Load the part about some operations; it is cut out once and kept."""
    name = hashlib.sha256(repr((_FORM, OPENAPI, source, wanted)).encode()).hexdigest()[:16]
    file = cache_folder() / f"description-{name}.json"
    if not file.exists():
        whole = json.loads(member(npm_archive(), source))
        draft = file.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(json.dumps(_cut_from(whole, wanted)))
        draft.replace(file)
    kept = json.loads(file.read_text())
    return Description(tuple(kept["addresses"]), kept["operations"], kept["components"])


def _cut_from(whole: dict[str, Any], wanted: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    operations = {}
    for method, address in wanted:
        place = whole["paths"][address]
        operation = dict(place[method.lower()])
        shared = [*place.get("parameters", []), *operation.get("parameters", [])]
        operation["parameters"] = [_followed(one, whole) for one in shared]
        operations[f"{method} {address}"] = _plain(operation)
    components: dict[str, Any] = {}
    waiting = _references(operations)
    while waiting:
        kind, name = waiting.pop()
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _plain(whole["components"][kind][name])
            waiting |= _references(components[kind][name])
    return {"addresses": list(whole["paths"]), "operations": operations, "components": components}


def _followed(value: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    kind, name = value["$ref"].split("/")[-2:]
    return dict(whole["components"][kind][name])


def _references(value: Any) -> set[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            kind, name = value["$ref"].split("/")[-2:]
            return {(kind, name)}
        return set().union(*(_references(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(one) for one in value))
    return set()


def _plain(value: Any) -> Any:
    """Rewrite OpenAPI 3.0 as JSON Schema: `nullable`, and nothing that only illustrates."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    names = ("example", "examples", "x-github", "discriminator", "description", "summary")
    # A property may be called like a keyword; there its value is a schema of its own.
    plain = {k: _plain(v) for k, v in value.items() if k not in names or _is_schema(v)}
    if plain.pop("nullable", False) is not True:
        return plain
    if not isinstance(plain.get("type"), str):
        return {"anyOf": [plain, {"enum": [None]}]}
    plain["type"] = [plain["type"], "null"]
    return plain | ({"enum": [*plain["enum"], None]} if "enum" in plain else {})


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and bool(
        {"type", "$ref", "anyOf", "oneOf", "allOf"} & set(value)
    )
