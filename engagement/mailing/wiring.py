"""What this capability plugs into the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.mailing import held_cli
from engagement.mailing.afresh import write_all_afresh, write_theirs_afresh
from engagement.mailing.answering import take_automatic, take_report, take_unsubscribe
from engagement.mailing.cli import QUEUE, mail_commands
from engagement.mailing.contacting import look_at_open_tasks, read_theirs_anew
from engagement.mailing.holding import hold_backlog
from engagement.mailing.imap import fetch_each_minute
from engagement.mailing.receive_cli import receive_command
from engagement.mailing.sending_views import SENDING_POLICY, sending
from engagement.mailing.transport import mail
from engagement.mailing.views import POLICY, mailing
from engagement.mailing.worker import Queue

if TYPE_CHECKING:
    from flask import Flask

    from engagement.kernel.policy import Policy
    from engagement.kernel.ports import Ports


def plug_in(app: Flask, ports: Ports) -> Policy:
    """Plug in the transport, the worker's queue, the page on sending and, outside production, the local mailbox."""
    mail.init_app(app)
    queue = Queue(app.config["SETTINGS"], app.app_context)
    app.extensions[QUEUE] = queue
    ports.bell = queue.ring
    mail_commands.add_command(receive_command)
    ports.resumed.append(hold_backlog)
    ports.person_changed += [write_theirs_afresh, read_theirs_anew]
    ports.consultation_changed.append(write_all_afresh)
    held_cli.add_to(mail_commands)
    app.cli.add_command(mail_commands)
    ports.person_tables["preference_link"] = "goes with the person"
    ports.inbound += [take_report, take_automatic, take_unsubscribe]
    ports.chores.append(fetch_each_minute)
    ports.person_tables["inbound_mail"] = "text, address and bytes are dropped; the row stays without a person"
    ports.chores.append(look_at_open_tasks)
    ports.person_tables["contact_task"] = "goes with the person, with its script and note"
    ports.person_tables["message"] = "address, subject and bytes are dropped; the row stays without a person"
    app.register_blueprint(sending)
    if not app.config["SETTINGS"].serves_local_mailbox:
        return SENDING_POLICY
    app.register_blueprint(mailing)
    return SENDING_POLICY | POLICY
