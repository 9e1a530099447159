"""GitHub's own GraphQL schema, downloaded once, and the documents that the bot sends."""

from __future__ import annotations

import re
from functools import cache

from graphql import GraphQLSchema, build_schema

from bot.world import github_graphql

from .downloads import graphql_archive, member

DOCUMENTS: dict[str, str] = {
    found[1]: text
    for text in vars(github_graphql).values()
    if isinstance(text, str) and (found := re.match(r"\s*(?:query|mutation) (\w+)", text))
}
"""What the bot asks by GraphQL, by the name of the operation."""


@cache
def github_schema() -> GraphQLSchema:
    """Build the schema that GitHub publishes."""
    text = member(graphql_archive(), "package/schema.graphql").decode()
    return build_schema(text, assume_valid=True)
