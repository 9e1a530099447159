"""Checks every exchange with the test server against GitHub's own description.

It sits where PyGithub leaves the process (`requests`' adapter), so nothing is sent that the
description does not know, and the server cannot answer what GitHub would not.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import parse_qsl, urlsplit

import pytest
from graphql import OperationDefinitionNode, parse, validate
from requests.adapters import HTTPAdapter

from .description import ERRORS, GONE_FORK, Description
from .server.graph import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest, Response

PREFIX, GRAPHQL, STORAGE = "/api/v3", "/api/graphql", "/storage/"
FAULT = "X-Ordered-Fault"


@dataclass
class Wire:
    """What was sent and answered, and what was wrong with it."""

    description: Description
    seen: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[Wire]:
        """Watch everything that `requests` sends to the loopback."""
        send = HTTPAdapter.send

        def watched_send(
            adapter: HTTPAdapter, request: PreparedRequest, **options: Any
        ) -> Response:
            known = self.ask(request)
            response = send(adapter, request, **options)
            if known and FAULT not in response.headers:
                self.answer(*known, response)
            return response

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HTTPAdapter, "send", watched_send)
            yield self

    def ask(self, request: PreparedRequest) -> tuple[str, str, dict[str, Any]] | None:
        """Check a request: the operation, its query and its body."""
        parts = urlsplit(str(request.url))
        if parts.path.startswith(STORAGE):
            if "Authorization" in request.headers:
                self.complaints.append(f"{parts.path}: a token is shown to a storage")
            return None
        if parts.path == GRAPHQL:
            self._ask_graphql(json.loads(_text(request.body)))
            return None
        path, method = parts.path.removeprefix(PREFIX), str(request.method)
        found = self.description.operation(method, path)
        if found is None:
            self.complaints.append(f"{method} {path}: GitHub has no such operation among ours")
            return None
        address, operation = found
        known = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        # PyGithub takes the addresses of further pages from GitHub's own links.
        extra = {name for name, _ in parse_qsl(parts.query)} - known
        if extra:
            self.complaints.append(f"{method} {address}: unknown in the query: {sorted(extra)}")
        body = json.loads(_text(request.body)) if request.body else None
        self._check_body(f"{method} {address}", operation, body)
        return method, address, operation

    def _ask_graphql(self, sent: dict[str, Any]) -> None:
        """Check a document; `test_schema.py` checks that the slice is GitHub's."""
        document = parse(sent["query"])
        wrong = [error.message for error in validate(schema(), document)]
        self.complaints += [f"/graphql: {one}" for one in wrong]
        names = [one.name.value for one in document.definitions if _is_operation(one) and one.name]
        declared = set(re.findall(r"\$(\w+):", sent["query"]))
        extra = set(sent.get("variables") or {}) - declared
        if extra:
            self.complaints.append(f"/graphql {names}: unknown variables: {sorted(extra)}")
        for name in names:
            self.seen.setdefault(("POST", f"/graphql {name}"), set()).add(200)

    def _check_body(self, name: str, operation: dict[str, Any], body: Any) -> None:
        declared = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if declared is None:
            if body is not None:
                self.complaints.append(f"{name}: a body where none belongs")
            return
        schema = declared["schema"]
        named = self.description.components.get("schemas", {})
        while "$ref" in schema:
            schema = named[schema["$ref"].rsplit("/", 1)[1]]
        unknown = set(body or {}) - set(schema.get("properties", {}))
        if unknown:
            self.complaints.append(f"{name}: unknown in the body: {sorted(unknown)}")
        self.complaints += [
            f"{name}: body {c}" for c in self.description.complaints(schema, body or {})
        ]

    def answer(
        self, method: str, address: str, operation: dict[str, Any], response: Response
    ) -> None:
        """Check a response: its status and its body."""
        self.seen.setdefault((method, address), set()).add(response.status_code)
        name = f"{method} {address} -> {response.status_code}"
        body = json.loads(response.content) if response.content else None
        self.complaints += [
            f"{name}: {c}" for c in verdict(self.description, operation, response.status_code, body)
        ]


def _is_operation(node: Any) -> TypeGuard[OperationDefinitionNode]:
    return isinstance(node, OperationDefinitionNode)


def _text(body: object) -> str:
    return body.decode() if isinstance(body, bytes) else str(body)


def verdict(
    description: Description,
    operation: dict[str, Any],
    status: int,
    body: Any,
    *,
    forgiven: str = GONE_FORK,
) -> list[str]:
    """Say what is wrong with a response, what `forgiven` matches aside."""
    if status == 304:
        return [] if body is None else ["a body where none belongs"]
    schema = description.response_schema(operation, status)
    if schema is None and status in ERRORS:
        schema = {"type": "object", "required": ["message"]}
    if schema is None:
        return ["this status is not declared"]
    if not schema:
        return [] if body is None else ["a body where none belongs"]
    complaints = description.complaints(schema, body)
    return [one for one in complaints if not re.fullmatch(forgiven, one)]
