"""Why an app gets no token, in words that name the way out; never with a key or a token."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from bot.core.errors import Denied, NotARepository, Problem
from bot.world.github_patience import said
from bot.world.github_zones import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from github import GithubException

    from bot.world.github_zones import Zone

CLOCK_S = 60.0
"""Seconds that this machine's clock may be ahead of GitHub's."""


def unseen(error: GithubException, repository: str, now: datetime) -> Exception:
    """Say why the installation was not found; what another try may mend stays as it is."""
    if error.status == 404:
        return NotARepository(
            Problem(
                what=f"the app is not installed on {repository} (404)",
                remedy="install it there: the app's page, Install App; and check the name",
            )
        )
    return _unsigned(error, now)


def unminted(error: GithubException, slug: str, zone: Zone, now: datetime) -> Exception:
    """Say why there is no token; what another try may mend stays as it is."""
    if error.status == 404:
        return NotARepository(
            Problem(
                what=f"the installation of {slug} was removed (404)",
                remedy="install the app on the repository again",
            )
        )
    if error.status == 422 or (error.status == 403 and "suspended" in said(error).lower()):
        return Denied(
            Problem(
                what=f"GitHub gives {slug} no token for `{zone.value}`: {said(error)}",
                remedy=f"the app needs {shown(zone.permissions)} on this repository",
            )
        )
    return _unsigned(error, now)


def without_rights(slug: str, zone: Zone, lacking: Mapping[str, str]) -> Denied:
    """Say which rights the installation lacks for a zone."""
    return Denied(
        Problem(
            what=f"the app {slug} may not do what `{zone.value}` does; it lacks {shown(lacking)}",
            remedy="add that on the app's page under Permissions, and let an owner accept it on "
            "the installation's page",
        )
    )


def _unsigned(error: GithubException, now: datetime) -> Exception:
    if error.status != 401:
        return error
    ahead = _ahead(error.headers or {}, now)
    if ahead is not None and abs(ahead) > CLOCK_S:
        way = "ahead of" if ahead > 0 else "behind"
        return Denied(
            Problem(
                what=f"GitHub does not accept the app's word (401); this machine's clock is "
                f"{abs(ahead):.0f} s {way} GitHub's",
                remedy="set the clock of this machine",
            )
        )
    return Denied(
        Problem(
            what=f"GitHub does not accept the app's word: {said(error)} (401)",
            remedy="LOCKSTEP_APP_ID and the private key must be of the same app, and the key "
            "must not have been deleted there",
        )
    )


def _ahead(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that this machine's clock is ahead of GitHub's; None when it does not say."""
    try:
        return (now - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
