"""A small web server on loopback whose pages are bytes or functions of the request."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Page = bytes | Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def web(pages: dict[str, Page]) -> Iterator[tuple[str, list[str]]]:
    """Serve pages; yield the address and the list of paths that were asked for."""
    asked: list[str] = []

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            page = pages.get(self.path.split("?")[0])
            if callable(page):
                page(self)
                return
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def moved_to(place: str) -> Page:
    """Answer with a redirect."""

    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", place)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return page


def failing(times: int, then: bytes, status: int = 503) -> Page:
    """Answer with a failure a few times, then with bytes."""
    left = [times]

    def page(request: BaseHTTPRequestHandler) -> None:
        left[0] -= 1
        body = b"" if left[0] >= 0 else then
        request.send_response(status if left[0] >= 0 else 200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return page
