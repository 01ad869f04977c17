"""A real HTTP server on loopback that serves files and misbehaves as told."""

import contextlib
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STALLS_S = 30.0
"""Most a stalled handler waits for the test's end; tests end it at once, nothing waits that long."""


@dataclass
class FaultServer:
    """What is served and how. Change it between or during requests."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Path → content."""
    fault: str = ""
    """"", "break", "stall", "stall-head", "lie-longer", "lie-shorter", "endless", "wrong-bytes", "no-ranges",
    "wrong-range", "redirect", "compressed", or a status such as "503"."""
    faults: int = 1_000_000
    """How many requests the fault is for; later ones are served well."""
    break_every: int = 1
    """Bytes after which "break" cuts the line."""
    location: str = ""
    """Where "redirect" points to."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """(request target, Range header) of every request."""
    sent: int = 0
    """Body bytes sent."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set when a request has come."""
    served: threading.Event = field(default_factory=threading.Event)
    """Set when a body byte has been sent."""
    ended: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def _take_fault(self) -> str:
        if self.faults <= 0:
            return ""
        self.faults -= 1
        return self.fault


@contextlib.contextmanager
def serve(files: dict[str, bytes] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[FaultServer]:
    """A running server; its `url` has no trailing slash. With `tls` it speaks https as "localhost"."""
    state = FaultServer(files or {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        state.url = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: FaultServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            self._answer()

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # a client that broke off, or that did not trust the certificate
            super().handle()

    def _answer(self) -> None:
        state, wanted = self.state, self.headers.get("Range", "")
        fault = state._take_fault()
        state.requests.append((self.path, wanted))
        state.asked.set()
        path = re.sub(r"^http://[^/]+", "", self.path)  # a proxy is given the whole address
        if fault.isdecimal():
            self.send_response(int(fault))
            self._end(b"")
            return
        if fault == "stall-head":
            state.ended.wait(STALLS_S)
            return
        if fault == "redirect":
            self.send_response(302)
            self.send_header("Location", state.location)
            self._end(b"")
            return
        if path not in state.files:
            self.send_response(404)
            self._end(b"")
            return
        content = state.files[path]
        if fault == "wrong-bytes":
            content = bytes(byte ^ 0xFF for byte in content)
        match = None if fault == "no-ranges" else re.fullmatch(r"bytes=(\d+)-", wanted)
        start = int(match[1]) if match else 0
        if start >= len(content) > 0:
            self.send_response(416)
            self._end(b"")
            return
        self.send_response(206 if match else 200)
        if match:
            first = 0 if fault == "wrong-range" else start
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self._body(content[start:], fault)

    def _body(self, body: bytes, fault: str) -> None:
        self.close_connection = True
        if fault == "endless":
            self.end_headers()  # no length: the body ends with the connection, that is never
            with contextlib.suppress(ConnectionError):
                while not self.state.ended.is_set():
                    self._send(b"x" * 65536)
            return
        if fault == "compressed":
            self.send_header("Content-Encoding", "gzip")
        length = len(body) + {"lie-longer": 1000, "lie-shorter": -1000}.get(fault, 0)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        if fault == "break":
            self._send(body[: self.state.break_every])
        elif fault == "stall":
            self._send(body[: len(body) // 2])
            self.state.ended.wait(STALLS_S)
        else:
            self._send(body)

    def _send(self, data: bytes) -> None:
        # counted first: the client may be done before this thread comes to its next line
        self.state.sent += len(data)
        self.wfile.write(data)
        self.state.served.set()

    def _end(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
