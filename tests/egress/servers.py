# ruff: noqa: E501 - tables of cases read better in one line
"""Servers on loopback that behave like an OpenAI-compatible endpoint on a good day, and on bad ones."""

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handler = Callable[["Exchange"], Awaitable[None]]
NOW = dt.datetime.now(dt.UTC)


@dataclass
class Exchange:
    """One request as it came in, and where the answer goes."""

    head: str
    body: bytes
    writer: asyncio.StreamWriter

    async def send(self, data: bytes | str) -> None:
        self.writer.write(data.encode() if isinstance(data, str) else data)
        await self.writer.drain()

    async def begin(self, status: str = "200 OK", *headers: str) -> None:
        await self.send(
            "\r\n".join(
                [f"HTTP/1.1 {status}", "Content-Type: text/event-stream", "Connection: close", *headers, "", ""]
            )
        )


async def forever() -> None:
    """Wait until the test is over."""
    await asyncio.Event().wait()


def event(text: str | None = None, *, finish: bool = False, usage: tuple[int, int] | None = None) -> str:
    """One server-sent event of a streamed answer."""
    choices = [] if text is None else [{"delta": {"content": text}, "finish_reason": "stop" if finish else None}]
    out: dict[str, object] = {"choices": choices}
    if usage:
        out["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return f"data: {json.dumps(out)}\n\n"


async def good(exchange: Exchange) -> None:
    """A proper answer in three pieces."""
    await exchange.begin()
    for text in ("Light ", "is scattered ", "by air."):
        await exchange.send(event(text))
    await exchange.send(event("", finish=True) + event(usage=(50, 7)) + "data: [DONE]\n\n")


@dataclass
class Server:
    """A running server; `handler` may be changed between requests."""

    handler: Handler = good
    url: str = ""
    received: list[Exchange] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(
                (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")),
                0,
            )
            exchange = Exchange(head, await reader.readexactly(length), writer)
            self.received.append(exchange)
            await self.handler(exchange)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running(handler: Handler = good, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server on 127.0.0.1 while the block runs."""
    server = Server(handler)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        listener.close()


class Authority:
    """A test certificate authority that writes PEM files into a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self._cert = (
            self._builder(self._name, self._key.public_key(), NOW + dt.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
                              data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False), critical=True)
            .sign(self._key, hashes.SHA256())
        )  # fmt: skip
        self.file = directory / "ca.pem"
        self.file.write_bytes(self._cert.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, until: dt.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=9))
            .not_valid_after(until)
        )

    def issue(self, name: str, *, address: str = "127.0.0.1", days: int = 1) -> tuple[Path, Path]:
        """Certificate and key files for a host (or a client) valid for `days` from now (negative: expired)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        cert = (
            self._builder(subject, key.public_key(), NOW + dt.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        cert_file, key_file = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return cert_file, key_file

    def server(
        self, name: str = "server", *, ask_client: bool = False, address: str = "127.0.0.1", days: int = 1
    ) -> ssl.SSLContext:
        """What a server of that certificate needs; `ask_client` demands a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, address=address, days=days))
        if ask_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        return context
