"""The test server's slice of GraphQL is GitHub's, and every document of the bot is valid there."""

from __future__ import annotations

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    parse,
    validate,
)

from .github_schema import DOCUMENTS, github_schema
from .server.graph import schema

LATER = {"isInMergeQueue", "enqueuePullRequest", "mergeQueueEntry"}
"""What an Enterprise server may not know."""


def ours() -> dict[str, GraphQLNamedType]:
    return {n: t for n, t in schema().type_map.items() if not n.startswith("__")}


def differences(mine: GraphQLNamedType, theirs: GraphQLNamedType | None) -> list[str]:
    """Say where a type of the slice is not GitHub's."""
    if type(mine) is not type(theirs):
        return [f"{mine.name}: another kind of type"]
    if isinstance(mine, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
        unknown = set(mine.values) - set(theirs.values)
        return [f"{mine.name}.{name}: no such value" for name in sorted(unknown)]
    if isinstance(mine, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
        return _inputs(mine, theirs)
    if isinstance(mine, GraphQLObjectType | GraphQLInterfaceType) and isinstance(
        theirs, GraphQLObjectType | GraphQLInterfaceType
    ):
        return _fields(mine, theirs) + _interfaces(mine, theirs)
    return []


def _inputs(mine: GraphQLInputObjectType, theirs: GraphQLInputObjectType) -> list[str]:
    wrong = [
        f"{mine.name}.{name}: {field.type} is not GitHub's"
        for name, field in mine.fields.items()
        if name not in theirs.fields or str(theirs.fields[name].type) != str(field.type)
    ]
    needed = {n for n, field in theirs.fields.items() if str(field.type).endswith("!")}
    return wrong + [f"{mine.name}.{name}: left out" for name in sorted(needed - set(mine.fields))]


def _fields(
    mine: GraphQLObjectType | GraphQLInterfaceType, theirs: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    wrong = []
    for name, field in mine.fields.items():
        known = theirs.fields.get(name)
        if known is None or str(known.type) != str(field.type):
            wrong.append(f"{mine.name}.{name}: {field.type} is not GitHub's")
            continue
        for argument, taken in field.args.items():
            there = known.args.get(argument)
            same = there is not None and str(there.type) == str(taken.type)
            if there is None or not same or there.default_value != taken.default_value:
                wrong.append(f"{mine.name}.{name}({argument}): not GitHub's")
        needed = {a for a, taken in known.args.items() if str(taken.type).endswith("!")}
        wrong += [f"{mine.name}.{name}({a}): left out" for a in sorted(needed - set(field.args))]
    return wrong


def _interfaces(
    mine: GraphQLObjectType | GraphQLInterfaceType, theirs: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    known = {one.name for one in theirs.interfaces}
    return [
        f"{mine.name}: does not implement {one.name}"
        for one in mine.interfaces
        if one.name not in known
    ]


@pytest.fixture(scope="module")
def github_s() -> GraphQLSchema:
    """Return GitHub's schema, or skip without npm."""
    return github_schema()


def test_every_type_field_and_argument_of_the_slice_is_github_s(github_s: GraphQLSchema) -> None:
    wrong = [
        complaint
        for name, mine in ours().items()
        for complaint in differences(mine, github_s.type_map.get(name))
    ]
    assert wrong == []
    assert len(ours()) >= 45


def test_every_document_of_the_bot_is_valid_in_github_s_schema(github_s: GraphQLSchema) -> None:
    assert len(DOCUMENTS) == 9
    for name, text in DOCUMENTS.items():
        assert validate(github_s, parse(text)) == [], name
        assert validate(schema(), parse(text)) == [], name


def test_a_field_github_does_not_know_or_types_otherwise_is_caught(
    github_s: GraphQLSchema,
) -> None:
    from graphql import build_schema

    damaged = build_schema(
        """
        type Query { repository(name: String!): Repository }
        interface Node { id: ID! }
        type Repository implements Node { id: ID! name: String speed: Int pullRequest: Int }
        enum OrderDirection { ASC SIDEWAYS }
        """
    )
    wrong = [
        complaint
        for name, mine in damaged.type_map.items()
        if not name.startswith("__") and name not in {"ID", "String", "Int", "Boolean"}
        for complaint in differences(mine, github_s.type_map.get(name))
    ]
    assert wrong == [
        "Query.repository(owner): left out",
        "Repository.name: String is not GitHub's",
        "Repository.speed: Int is not GitHub's",
        "Repository.pullRequest: Int is not GitHub's",
        "OrderDirection.SIDEWAYS: no such value",
    ]


def test_only_the_questions_about_queues_name_what_an_enterprise_server_may_lack() -> None:
    naming = {name for name, text in DOCUMENTS.items() if any(word in text for word in LATER)}
    assert naming == {"Queued", "Enqueue"}
