"""A delivery is GitHub's when its body was signed with a secret that we share with GitHub.

SHA-256 only: the older `X-Hub-Signature` (SHA-1) is never looked at, so nobody can ask for it.

Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from bot.core.errors import Malformed, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST = 16
"""Characters of a secret; GitHub recommends a random one of high entropy."""
_FORM = re.compile(r"sha256=[0-9a-f]{64}")


def unsigned(body: bytes, header: str | None, secrets: Sequence[bytes]) -> str | None:
    """Say why a body is not signed by any of the secrets; None when it is.

    Every secret is tried and every comparison takes the same time, wherever it differs.
    """
    if header is None:
        return "it carries no X-Hub-Signature-256"
    if not _FORM.fullmatch(header):
        return "its X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits"
    given = header.removeprefix("sha256=").encode()
    matches = [
        hmac.compare_digest(hmac.new(secret, body, hashlib.sha256).hexdigest().encode(), given)
        for secret in secrets
    ]
    return None if any(matches) else "its signature is of none of our secrets"


def secrets_of(text: str) -> tuple[bytes, ...]:
    """Read secrets, one a line; the first is in use, the others end with a rotation.

    Raises:
        Malformed: there is none, or one is too short to be safe.
    """
    found = tuple(line.strip().encode() for line in text.splitlines() if line.strip())
    if not found or any(len(secret) < SHORTEST for secret in found):
        raise Malformed(
            Problem(
                what="there is no webhook secret"
                if not found
                else f"a webhook secret has fewer than {SHORTEST} characters",
                remedy="make one with `openssl rand -hex 32` and give it to GitHub as well",
            )
        )
    return found
