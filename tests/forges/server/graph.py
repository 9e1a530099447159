"""The GraphQL API of the test server: a slice of GitHub's schema, executed by graphql-core."""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

from . import graph_nodes, queue, talk
from .answers import Answer, Declined

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    from .answers import Asked
    from .state import Hosted, Pull

SCHEMA = Path(__file__).with_name("schema.graphql")
KINDS = {403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE"}


@cache
def schema() -> GraphQLSchema:
    """Build the slice."""
    return build_schema(SCHEMA.read_text())


def answered(asked: Asked) -> Answer:
    """Execute one document; errors come with a 200, as at GitHub."""
    result = graphql_sync(
        schema(),
        asked.body["query"],
        root_value=Root(),
        context_value=asked,
        variable_values=asked.body.get("variables"),
    )
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [worded(error) for error in result.errors]
    return Answer(status=200, body=body)


def worded(error: GraphQLError) -> dict[str, Any]:
    """Write an error as GitHub does: its type beside its message."""
    places = [{"line": at.line, "column": at.column} for at in error.locations or ()]
    shown: dict[str, Any] = {"message": error.message, "locations": places}
    if error.path is not None:
        shown["path"] = list(error.path)
    kind = (error.extensions or {}).get("type")
    return shown | ({"type": kind} if kind else {})


def wrong(kind: str, message: str) -> GraphQLError:
    """Make an error of a type that GitHub names."""
    return GraphQLError(message, extensions={"type": kind})


class Root:
    """The fields of Query and Mutation."""

    def rateLimit(self, _info: GraphQLResolveInfo) -> dict[str, Any]:  # noqa: N802 -- GitHub's name
        """Say what is left; the server never runs out by itself."""
        return {"cost": 1, "remaining": 4999, "resetAt": "2027-01-15T08:00:00Z"}

    def repository(
        self,
        info: GraphQLResolveInfo,
        owner: str,
        name: str,
        followRenames: bool,  # noqa: FBT001, N803 -- GitHub's name
    ) -> dict[str, Any]:
        """Find a repository, under its present name or, unless told not to, a former one."""
        asked: Asked = info.context
        full = f"{owner}/{name}"
        if followRenames:
            full = asked.state.renamed.get(full, full)
        hosted = asked.state.repositories.get(full)
        if hosted is None or hosted.role(asked.account) == "none":
            raise wrong("NOT_FOUND", f"Could not resolve to a Repository with the name '{full}'.")
        return graph_nodes.repository(replace(asked, hosted=hosted))

    def addComment(self, info: GraphQLResolveInfo, input: dict[str, str]) -> dict[str, Any]:  # noqa: A002, N802 -- GitHub's names
        """Comment, and show the subject with what else was said."""
        asked, pull = _located(info.context, input["subjectId"])
        told = replace(asked, body={"body": input["body"]})
        try:
            said = talk.said_by(told, str(pull.number))
        except Declined as error:
            raise _of(error) from None
        edge = {"node": graph_nodes.comment(asked, said)}
        return {"commentEdge": edge, "subject": graph_nodes.pull(asked, pull)}

    def enqueuePullRequest(self, info: GraphQLResolveInfo, input: dict[str, str]) -> dict[str, Any]:  # noqa: A002, N802 -- GitHub's names
        """Put a pull request into the queue."""
        asked, pull = _located(info.context, input["pullRequestId"])
        if asked.repository.role(asked.account) == "read":
            raise wrong("FORBIDDEN", "Resource not accessible by integration")
        try:
            queue.entered(asked, pull, input.get("expectedHeadOid"))
        except Declined as error:
            raise _of(error) from None
        return {"mergeQueueEntry": {"id": f"MQE_{pull.id}"}}


def _of(error: Declined) -> GraphQLError:
    body = error.answer.body
    words = [one["message"] for one in body.get("errors", ()) if "message" in one]
    return wrong(KINDS[error.answer.status], "; ".join(words) or str(error))


def _located(asked: Asked, node: str) -> tuple[Asked, Pull]:
    """Find a pull request by its node id."""
    kind, _, number = base64.b64decode(node).decode().partition(":")
    places: list[tuple[Hosted, Pull]] = [
        (hosted, pull)
        for hosted in asked.state.repositories.values()
        for pull in hosted.pulls.values()
        if kind == "PullRequest" and pull.id == int(number)
    ]
    if not places or places[0][0].role(asked.account) == "none":
        raise wrong("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")
    return replace(asked, hosted=places[0][0]), places[0][1]
