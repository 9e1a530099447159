"""A request as the operations see it, and the answers they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .state import Account, Hosted, State

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status, a JSON body (None for no body at all) and further headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    """Sent as it is, instead of the body."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that was understood: who asks which operation with what."""

    state: State
    api: str
    path: str
    account: Account | None
    query: dict[str, str]
    body: dict[str, Any]
    hosted: Hosted | None = None
    token: str = ""
    """What the request was signed with."""

    @property
    def repository(self) -> Hosted:
        """The repository that is asked about."""
        assert self.hosted is not None
        return self.hosted

    @property
    def writer(self) -> Account:
        """The account that asks; operations that need one are refused before."""
        assert self.account is not None
        return self.account


class Declined(Exception):  # noqa: N818 -- an answer, named as it reads
    """The operation ends with an error."""

    def __init__(self, status: int, message: str, *errors: dict[str, str]) -> None:
        """Say it as GitHub does."""
        super().__init__(message)
        self.answer = declined(status, message, *errors)


def declined(status: int, message: str, *errors: dict[str, str], **headers: str) -> Answer:
    """Make an error as GitHub words it."""
    body: dict[str, Any] = {"message": message, "documentation_url": DOCS, "status": str(status)}
    if errors:
        body["errors"] = list(errors)
    return Answer(status=status, body=body, headers=headers)


def page_of(asked: Asked, items: list[Any]) -> Answer:
    """Answer one page of a list, with links to its neighbours.

    Source: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    size = min(int(asked.query.get("per_page", "30")), 100)
    number = int(asked.query.get("page", "1"))
    last = max(1, -(-len(items) // size))
    rest = "".join(f"&{k}={v}" for k, v in asked.query.items() if k not in {"page", "per_page"})
    places = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    fitting = {
        rel: place
        for rel, place in places.items()
        if (rel in {"next", "last"} and number < last) or (rel in {"prev", "first"} and number > 1)
    }
    links = ", ".join(
        f'<{asked.api}{asked.path}?page={place}&per_page={size}{rest}>; rel="{rel}"'
        for rel, place in fitting.items()
    )
    shown = items[(number - 1) * size : number * size]
    return Answer(status=200, body=shown, headers={"Link": links} if links else {})
