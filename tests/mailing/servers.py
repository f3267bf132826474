"""Mail servers that misbehave on purpose, and one that gives out access tokens: real sockets on this machine."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.mailing.given import Post
from tests.support.sink import Sink

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask


@dataclass(frozen=True)
class Certificate:
    """A certificate that signs for itself, and its key."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what a server needs to show it."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file, self.key)
        return made


def a_certificate(folder: Path, name: str = "127.0.0.1", *, days: int = 30) -> Certificate:
    """Make a certificate for an address of this machine, or for another name; it may have run out."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    whose = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=60))
        .not_valid_after(moment + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([whose]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "server.pem", folder / "server.key"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return Certificate(file, secret)


@contextmanager
def serving(app: Flask, handler: Any, **options: Any) -> Iterator[Any]:
    """Run an aiosmtpd server with this handler, and have the application send to it."""
    with Sink() as free:
        port = free.port
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    state = app.extensions["mail"]
    before, state.port = state.port, port
    yield handler
    state.port = before
    controller.stop()


@contextmanager
def sending_to(app: Flask, port: int) -> Iterator[None]:
    """Have the application send to a port of this machine."""
    state = app.extensions["mail"]
    before, state.port = state.port, port
    yield
    state.port = before


class Talker(Sink):
    """A sink that says what a test wants: its answers to RCPT and to a text, in their order, "hang" and "drop" among them."""

    def __init__(
        self, *, at_rcpt: tuple[str, ...] = (), at_data: tuple[str, ...] = (), drops_after: int = 10**9, greeting: str = ""
    ) -> None:
        """Keep what is to be said; when it has been said, all is taken."""
        self.at_rcpt, self.at_data = list(at_rcpt), list(at_data)
        self.drops_after = drops_after
        self.commands: list[str] = []
        self.calls = 0
        if greeting:
            self.greeting = greeting.encode() + b"\r\n"
        super().__init__()

    def _talk(self, caller: socket.socket) -> None:
        self.calls += 1
        self.taken_here = 0
        super()._talk(caller)

    def answer(self, line: bytes) -> bytes:
        """Answer a command."""
        self.commands.append(line.decode())
        if line[:4].upper() == b"RCPT" and self.at_rcpt:
            return self._said(self.at_rcpt.pop(0))
        return super().answer(line)

    def answer_to_text(self, recipient: str) -> bytes:
        """Answer for a text, or do not."""
        if self.taken_here >= self.drops_after:
            raise ConnectionAbortedError
        said = self.at_data.pop(0) if self.at_data else "250 2.0.0 taken"
        if not said.startswith(("4", "5")):
            self.arrived.append(recipient)
            self.taken_here += 1
        return self._said(said)

    def _said(self, words: str) -> bytes:
        if words == "drop":
            raise ConnectionAbortedError
        if words == "hang":
            time.sleep(3)
            raise ConnectionAbortedError
        return words.encode() + b"\r\n"


@dataclass
class SigningIn(Post):
    """A server that lets in whoever shows a token that it knows (XOAUTH2)."""

    good: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Look at the token; a bad one is told so in two steps, as the large ones do."""
        said = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        user, _, rest = said.partition("\x01")
        token = rest.removeprefix("auth=Bearer ").rstrip("\x01")
        self.shown.append(token)
        if user == "user=team@convoke.example" and token in self.good:
            return AuthResult(success=True, auth_data=user)
        await server.challenge_auth(json.dumps({"status": "401", "schemes": "bearer"}).encode(), encode_to_b64=True)
        return AuthResult(success=False, handled=False, message="535 5.7.3 not let in")


class TokenServer(ThreadingHTTPServer):
    """Gives out a new access token for each question, or what a test wants it to answer."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), _TokenAnswers)
        self.asked: list[dict[str, str]] = []
        self.lasts: Any = 3600
        self.status, self.body, self.location = 200, None, ""
        self.waits = 0.0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        """Return where it gives tokens."""
        return f"http://127.0.0.1:{self.server_address[1]}/token"


class _TokenAnswers(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append({name: values[0] for name, values in parse_qs(body).items()})
        time.sleep(self.server.waits)
        number = len(self.server.asked)
        said = self.server.body or json.dumps({"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": self.server.lasts})
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def a_token_server() -> Iterator[TokenServer]:
    """Run a token server for the length of the block."""
    server = TokenServer()
    yield server
    server.shutdown()
    server.server_close()
