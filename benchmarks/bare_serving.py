"""How the bare application is served: as engagement/kernel/serving.py serves ours, without loading ours."""

from __future__ import annotations

import gc
import os
from typing import Any

bind = f"127.0.0.1:{os.environ['PORT']}"
workers = 2
threads = 4
worker_class = "gthread"
preload_app = True
accesslog = None
loglevel = "warning"
control_socket_disable = True


def when_ready(server: Any) -> None:  # noqa: ARG001
    """Share what is loaded, as ours does."""
    gc.collect()
    gc.freeze()
