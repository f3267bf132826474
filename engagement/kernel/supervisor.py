"""Several programs under one parent: started together, stopped together, failing together.

The parts are forked from a process that has loaded the application once, so that all of them
share its memory. That process then turns into ``watching.py``, which holds nothing but their
names. Each part has a process group of its own: a Ctrl-C reaches the parent only, which then
ends each part the way that part likes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Seconds that parts get to end by themselves.
GRACE = 15.0
STANDARD_INPUT = 0
# From linux/prctl.h.
PR_SET_PDEATHSIG = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WATCHING = str(Path(__file__).resolve().with_name("watching.py"))


@dataclass(frozen=True)
class Part:
    """One program: what it is called, what it does until it is stopped, and the signal that stops it politely."""

    name: str
    run: Callable[[], object]
    stop: int = signal.SIGTERM


def port_is_free(port: int) -> bool:
    """Return whether nobody listens on this port of this machine."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def run_together(parts: Sequence[Part], port: int, greeting: str = "", grace: float = GRACE) -> NoReturn:
    """Start all parts and be their parent from now on; it does not return.

    ``greeting`` is printed when something answers on ``port``. The process ends with 0 after a
    request to stop, with 1 if a part ended by itself.
    """
    # What is loaded stays out of every later collection, and so stays shared.
    gc.collect()
    gc.freeze()
    # A request to stop that comes now waits until somebody listens to it.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    running: dict[int, Part] = {}
    try:
        for part in parts:
            running[_fork(part)] = part
        _watch(running, port, greeting, grace)
    except BaseException:
        # Nobody would look after them.
        for pid in running:
            os.killpg(pid, signal.SIGKILL)
        raise


def _watch(running: dict[int, Part], port: int, greeting: str, grace: float) -> NoReturn:
    told = [str(port), str(grace), *(f"{pid}:{int(part.stop)}:{part.name}" for pid, part in running.items())]
    out, into = os.pipe()
    os.write(into, greeting.encode())
    os.close(into)
    os.dup2(out, STANDARD_INPUT)
    os.set_inheritable(STANDARD_INPUT, True)
    # By its file, without the packages of the program: it stays small.
    os.execv(sys.executable, [sys.executable, "-I", "-S", WATCHING, *told])  # noqa: S606 - our own program.


def _fork(part: Part) -> int:
    _flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        # Both sides set it, so that it is set whichever runs first.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return pid
    return _be(part, parent)


def _be(part: Part, parent: int) -> NoReturn:
    """Be this part from now on; the process ends with it."""
    status = 1
    try:
        os.setpgid(0, 0)
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        _take_name(part.name)
        _end_with(parent, part.stop)
        part.run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        status = 0
    except BaseException:  # noqa: BLE001 - the process ends here, and says why.
        traceback.print_exc()
    finally:
        try:
            _flush()
        finally:
            # Whatever happened: no part goes on as if it were the parent.
            os._exit(status)


def _end_with(parent: int, stop: int) -> None:
    """Have the system stop this part politely when the parent is gone, however it went (Linux: prctl(2)).

    Elsewhere the parts outlive a parent that was killed, and have to be stopped by hand.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop)
    if os.getppid() != parent:
        # It went before that was said.
        raise SystemExit(1)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # Closed from the beginning, or nobody reads it any more.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()


def _take_name(name: str) -> None:
    """Let the process list tell the parts apart, where the system can (Linux: 15 letters)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"convoke {name}"[:15], encoding="ascii")
