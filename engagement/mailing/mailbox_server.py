"""The local mailbox's server: real SMTP on this machine, for trying out. Not loaded by the web."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP

from engagement.mailing.mailbox import keep

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 20 * 1024 * 1024


class Keeper:
    """What aiosmtpd calls for each mail: stores it in ``folder``."""

    def __init__(self, folder: Path) -> None:
        """Make the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802
        """Store the mail, with the envelope's addresses as a mail server writes them on top."""
        keep(self.folder, envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content)
        return "250 2.0.0 kept"


async def serve(folder: Path, port: int) -> None:
    """Take mail on 127.0.0.1 until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stopped.set)
    keeper = Keeper(folder)
    server = await loop.create_server(lambda: SMTP(keeper, data_size_limit=LARGEST, enable_SMTPUTF8=True), "127.0.0.1", port)
    async with server:
        await stopped.wait()
