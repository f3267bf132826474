"""A real name server on this machine, that answers as a test says."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Names:
    """What the server knows: for each name, kind to values. Names in ``silent`` and ``broken`` get none or a fault."""

    records: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def say(self, name: str, kind: str, *values: str) -> None:
        """Have a name hold these values."""
        self.records.setdefault(name, {})[kind] = list(values)

    def answer(self, wire: bytes) -> bytes | None:
        """Answer one question."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.records:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif kind in self.records[name]:
            values = [_quoted(each) if kind == "TXT" else each for each in self.records[name][kind]]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
        return response.to_wire()


def _quoted(text: str) -> str:
    # A text longer than 255 bytes stands in several pieces.
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200)) or '""'


@contextmanager
def a_name_server() -> Iterator[Names]:
    """Run the server on a free port."""
    names = Names()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            said = names.answer(wire)
            if said is not None:
                socket.sendto(said, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        names.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield names
        server.shutdown()
