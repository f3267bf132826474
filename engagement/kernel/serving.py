"""How gunicorn serves the pages: ``gunicorn --config python:engagement.kernel.serving app:app``.

The application is loaded once and then forked, so that the workers share its memory.
There is no access log, and the log of errors quotes no address: that of a personal link is a secret.
"""

from __future__ import annotations

import gc
import os
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = 2
threads = 4
worker_class = "gthread"
preload_app = True
accesslog = None
errorlog = "-"
logger_class = "engagement.kernel.serving_log.CleanLogger"
loglevel = "warning"
# Nothing steers it from outside but signals.
control_socket_disable = True
proc_name = "convoke-web"
# A worker that hangs is replaced; the longest page takes far less.
timeout = 60
graceful_timeout = 10
# Heartbeats in memory, where there is such a place: a full disk must not end the workers.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112


def when_ready(server: Any) -> None:  # noqa: ARG001
    """Leave what is loaded out of every later collection, so that forked workers keep sharing it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Forget connections that were opened before the fork: two processes must never share one."""
    from app import app  # noqa: PLC0415 - the application of this process, loaded before the fork.
    from engagement.kernel.db import close_connections  # noqa: PLC0415

    with app.app_context():
        close_connections(forked=True)
