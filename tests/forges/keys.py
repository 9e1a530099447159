"""The bot's app on the test server: its key, and where it is installed with which rights."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.world.github_zones import needed

from .server.app import App, InstalledOn

if TYPE_CHECKING:
    from .server.web import Server

BOT = "lockstep[bot]"
APP = 7
"""Id of the bot's app on the test server."""


@cache
def pair_of_keys() -> tuple[str, str]:
    """Make a private key and its public half, once for all tests."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def registered(server: Server, **rights: str) -> str:
    """Register the bot's app and install it on acme/models; return its private key.

    Args:
        server: Where.
        rights: Permissions that differ from those the app needs; `none` takes one away.
    """
    private, public = pair_of_keys()
    wanted = {**needed(), **rights}
    given = {name: level for name, level in wanted.items() if level != "none"}
    here = InstalledOn(id=1, owner="acme", repositories={"acme/models"}, permissions=given)
    account = server.state.accounts[BOT]
    app = App(id=APP, slug="lockstep", account=account, public_key=public, installations=[here])
    server.state.apps[:] = [app]
    return private
