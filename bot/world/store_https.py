"""Read one file over https from a host of the public internet, and from no other.

An address in a lock is chosen by whoever opens a pull request.  Without a guard it could make
the bot read a cloud's metadata service or a neighbour behind the same firewall (SSRF).  So the
name is resolved here, every address it has is checked, and the connection goes to the checked
address: a second look-up could answer differently.  Redirects pass through the same door.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote, urljoin, urlsplit

from bot.world.store_sources import ONE_FILE, unreachable

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable, Iterator
    from typing import Self

_OK = 200
_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_LATER = (408, 425, 429, 500, 502, 503, 504)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INNER = tuple(
    map(
        ipaddress.ip_network,
        # Special-purpose networks that Python takes for global: protocol assignments, which
        # hold a cloud's metadata service, site-local, documentation, segment routing, NAT64.
        ("192.0.0.0/24", "fec0::/10", "3fff::/20", "5f00::/16", "64:ff9b:1::/48"),
    )
)
"""Source: IANA IPv4 and IPv6 special-purpose address registries."""


def _resolve(host: str, port: int) -> list[str]:
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a read over https may go."""

    hosts: frozenset[str] = frozenset()
    """Hosts that may have a private address, lower case; a company's own store is named here."""
    plain_http: bool = False
    """Allow http:// to the hosts above; for tests against a server on loopback."""
    answer_seconds: float = 20.0
    """How long one connect or read may wait."""
    pauses: tuple[float, ...] = (0.5, 2.0)
    """Seconds before each further attempt."""
    resolve: Callable[[str, int], list[str]] = _resolve
    """Names a host's addresses."""


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet, however it is wrapped."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    if any(ip in network for network in _INNER):
        return False
    reserved = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast
    return ip.is_global and not (reserved or ip.is_reserved or ip.is_unspecified)


@dataclass(frozen=True, slots=True)
class OverHttps:
    """The one file at an https address."""

    url: str
    reach: Reach
    remote: bool = True

    def pieces(self, most: int) -> list[str]:  # noqa: ARG002 -- the protocol of every source
        """Name the one file; https has no listing, so a folder cannot be read this way."""
        _checked_parts(self.url, self.reach)
        return [ONE_FILE]

    def open(self, piece: str) -> BinaryIO:  # noqa: ARG002 -- the protocol of every source
        """Send the request, again where that could help, and return the body."""
        for pause in (*self.reach.pauses, None):
            try:
                return self._follow()
            except _TryAgain as error:
                if pause is None:
                    raise unreachable(error.reason, "run again once the server answers") from None
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _follow(self) -> BinaryIO:
        url = self.url
        for _ in range(_REDIRECTS + 1):
            answer = _get(url, self.reach)
            place = answer.response.headers.get("Location")
            if answer.response.status not in _MOVED or place is None:
                _accept(answer)
                return cast("BinaryIO", answer)
            answer.close()
            url = _next(url, place)
        raise unreachable("it redirects again and again", "name the final address")


def _next(url: str, place: str) -> str:
    try:
        return urljoin(url, place)
    except ValueError:
        raise unreachable("it redirects to no valid URL", "name the final address") from None


class _Answer:
    """A response whose body does not end before the length its server announced."""

    def __init__(self, response: http.client.HTTPResponse, line: socket.socket) -> None:
        self.response, self._line = response, line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self.response.close()
        self._line.close()

    def read(self, size: int) -> bytes:
        """Read once from the network: a body that trickles must not hold the deadline up."""
        if not self.response.chunked:
            chunk = self.response.read1(size)
        else:
            # The size of a chunk is a line of its own, and could trickle for ever.
            with _cut_after(self._line.gettimeout() or 0, self._line):
                chunk = self.response.read1(size)
        # http.client ends a body that was cut short as if it were whole.
        if not chunk and self.response.length:
            raise unreachable("the connection broke off", "run again once the server answers")
        return chunk


@contextmanager
def _cut_after(seconds: float, line: socket.socket) -> Iterator[threading.Event]:
    """Cut a connection that is still busy when its time is over, however often it says a byte."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


class _TryAgain(Exception):  # noqa: N818 -- never leaves this module
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _accept(answer: _Answer) -> None:
    status = answer.response.status
    if status == _OK:
        return
    answer.close()
    if status in _LATER:
        raise _TryAgain(f"the server answered {status}")
    remedy = "check the address; the file must be readable without a credential"
    raise unreachable(f"the server answered {status}", remedy)


def _checked_parts(url: str, reach: Reach) -> tuple[str, str, int, str]:
    """Return scheme, host, port and request target of an address that may be asked.

    Raises:
        NotFetched: another scheme, a user name or password, or no valid host and port.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise unreachable("the address is not a valid URL", "write https://host/path") from None
    allowed = {"https", "http"} if reach.plain_http and host in reach.hosts else {"https"}
    if parts.scheme not in allowed or not host:
        raise unreachable("the address does not use https", "write https://host/path")
    if "@" in parts.netloc:
        raise unreachable(
            "the address holds a user name or password",
            "remove it, revoke it (git history keeps it), and use a store with an identity",
        )
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), target


def _get(url: str, reach: Reach) -> _Answer:
    # These two cost more to import than all the rest of a run that reads nothing over https.
    import http.client
    import ssl

    scheme, host, port, target = _checked_parts(url, reach)
    address = _address(host, port, reach)
    wire, line = http.client.HTTPConnection(host, port), None
    # `identity`: the digest is of the bytes as they lie, and no bomb is unpacked here.
    headers = {"User-Agent": "lockstep", "Accept-Encoding": "identity", "Connection": "close"}
    try:
        wire.sock = socket.create_connection((address, port), timeout=reach.answer_seconds)
        line = wire.sock.dup()
        line.settimeout(reach.answer_seconds)
        with _cut_after(reach.answer_seconds, line) as late:
            if scheme == "https":
                trusted = ssl.create_default_context()
                wire.sock = trusted.wrap_socket(wire.sock, server_hostname=host)
            wire.request("GET", target, headers=headers)
            response = wire.getresponse()
        if late.is_set():
            raise TimeoutError  # noqa: TRY301 -- told as every other time-out
    except ssl.SSLCertVerificationError:
        raise unreachable(
            f"the certificate of {host} is not valid here", "add its authority to this machine"
        ) from None
    except (TimeoutError, ConnectionResetError, http.client.RemoteDisconnected):
        raise _TryAgain(f"{host} did not answer in time") from None
    except (OSError, http.client.HTTPException) as error:
        remedy = "check the address, or run again once the server is up"
        kind = "refused the connection" if isinstance(error, ConnectionRefusedError) else "failed"
        raise unreachable(f"{host} {kind}", remedy) from None
    else:
        answer, line = _Answer(response, line), None
        return answer
    finally:
        if line is not None:
            line.close()
        # The response keeps its own reference to the connection until it is read or closed.
        wire.close()


def _address(host: str, port: int, reach: Reach) -> str:
    """Resolve a host once and return an address that may be connected to."""
    try:
        found = reach.resolve(host, port)
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise unreachable(f"the host {host} has no address", "check the address")
    if host not in reach.hosts and not all(is_public(address) for address in found):
        raise unreachable(
            f"{host} lies in a private, local or metadata network",
            "use a public https address, s3, or a path in the repository",
        )
    return found[0]
