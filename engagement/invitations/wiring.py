"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.invitations.links import revoke_links_of
from engagement.invitations.service import mark_bounced
from engagement.kernel.clock import now

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports
    from engagement.mailing.models import Message


def plug_in(app: Flask, ports: Ports) -> Policy:  # noqa: ARG001
    """Let an invitation know when its mail came back or its person has another address, and say what erasure does to this room's tables."""
    ports.bounced.append(_came_back)
    ports.address_changed.append(revoke_links_of)
    ports.person_tables["invitation"] = "goes with the person, with its links, codes, replies and held forms"
    return {}


def _came_back(message: Message) -> None:
    if message.invitation_id is not None:
        mark_bounced(invitation_id=message.invitation_id, at=now())
