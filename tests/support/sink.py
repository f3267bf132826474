"""A mail server that takes everything as fast as it can: a bare socket, a thread for each connection.

``python -m tests.support.sink`` runs it as a process of its own: it prints its port, and for each
line of its input the number of mails that it took.
"""

from __future__ import annotations

import socket
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

OFFERS = b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-DSN\r\n250 8BITMIME\r\n"
PLAIN_OFFERS = b"250 sink.example\r\n"
END = b"\r\n.\r\n"


class Sink:
    """Takes mail on a free port of this machine; ``arrived`` holds a recipient for each mail, in order."""

    greeting = b"220 sink.example ESMTP\r\n"

    def __init__(self, offers: bytes = OFFERS) -> None:
        """Listen; mail is taken from now on."""
        self.offers = offers
        self.arrived: list[str] = []
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        """Return the running sink."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take no more calls."""
        # Closing alone would leave the thread waiting for a call that never comes.
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self.listening.accept()
            except OSError:
                return
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._answer, args=(caller,), daemon=True).start()

    def _answer(self, caller: socket.socket) -> None:
        try:
            with caller:
                self._talk(caller)
        except OSError:
            return

    def _talk(self, caller: socket.socket) -> None:
        caller.sendall(self.greeting)
        held, recipient = b"", ""
        while got := caller.recv(1 << 16):
            held += got
            replies = b""
            while b"\r\n" in held:
                line, _, held = held.partition(b"\r\n")
                word = line[:4].upper()
                said = self.answer(line)
                replies += said
                if word in {b"MAIL", b"RSET"}:
                    recipient = ""
                if word == b"RCPT" and said.startswith(b"2"):
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode("ascii", "replace")
                if word == b"DATA":
                    caller.sendall(replies)
                    held = self._text(caller, held)
                    replies = self.answer_to_text(recipient) if recipient else b"554 5.5.1 no recipient\r\n"
                if word == b"QUIT":
                    caller.sendall(replies)
                    return
            if replies:
                caller.sendall(replies)

    def answer(self, line: bytes) -> bytes:
        """Answer a command."""
        word = line[:4].upper()
        return {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n", b"EHLO": self.offers, b"HELO": PLAIN_OFFERS}.get(
            word, b"250 2.0.0 ok\r\n"
        )

    def answer_to_text(self, recipient: str) -> bytes:
        """Answer for a text that has arrived."""
        self.arrived.append(recipient)
        return b"250 2.0.0 taken\r\n"

    def _text(self, caller: socket.socket, held: bytes) -> bytes:
        """Read a text to its end; return what came after it."""
        # The text may be empty: the line before it ended its command.
        held = b"\r\n" + held
        while True:
            at = held.find(END)
            if at >= 0:
                return held[at + len(END) :]
            got = caller.recv(1 << 16)
            if not got:
                raise ConnectionAbortedError
            held += got


if __name__ == "__main__":
    running = Sink(PLAIN_OFFERS if "plain" in sys.argv else OFFERS)
    print(running.port, flush=True)  # noqa: T201
    for _ in sys.stdin:
        print(len(running.arrived), flush=True)  # noqa: T201
