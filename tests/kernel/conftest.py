"""The kernel's tests plant faults too."""

from tests.app.conftest import planted

__all__ = ["planted"]
