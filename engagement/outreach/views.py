"""Pages of mail that was planned: the list, and one message with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.consultations.models import Status
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said
from engagement.mailing.contacting import MAY_BECOME_A_TASK
from engagement.mailing.guard import trouble
from engagement.mailing.models import State
from engagement.mailing.service import NEVER_TAKEN, NOT_BEGUN, cancel, send_again, settle_as_arrived
from engagement.mailing.suppressions import allow_again, suppression_of
from engagement.outreach.backlog import DECIDED_HERE, closed_to, waiting_counts
from engagement.outreach.listing import Row, find_message, history_of, messages_of, states_of
from engagement.outreach.reading import subject_as_sent, text_as_sent
from engagement.outreach.service import find_mailing, mailings_of, title_of
from engagement.outreach.task_listing import task_of_message
from engagement.outreach.vocabulary import (
    HOLDS,
    LANGUAGES,
    LINE_TROUBLES,
    REASONS,
    STATES,
    TAKEN,
    placeholder_words,
    purpose_name,
    why_of_step,
    words_for_reason,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement.consultations.access import Access
    from engagement.outreach.models import Mailing

# Where a message can stand because its address must not be written to.
HELD_BACK = frozenset({State.SUPPRESSED, State.FAILED})

outreach = Blueprint("outreach", __name__)

POLICY: Policy = {
    "outreach.mail": member(Permission.SEE_MAIL),
    "outreach.message": member(Permission.SEE_MAIL),
    "outreach.send_message_again": member(Permission.INVITE),
    "outreach.settle_message": member(Permission.INVITE),
    "outreach.cancel_message": member(Permission.INVITE),
    "outreach.allow_address_again": member(Permission.EDIT_ROSTER),
}


@outreach.app_context_processor
def _words() -> dict[str, object]:
    return {
        "MAIL_STATES": STATES,
        "MAIL_LANGUAGES": LANGUAGES,
        "MAIL_REASONS": REASONS,
        "MAIL_TAKEN": TAKEN,
        "words_for_reason": words_for_reason,
        "why_of_step": why_of_step,
        "MAIL_HOLDS": HOLDS,
        "purpose_name": purpose_name,
        "placeholder_words": placeholder_words,
    }


def chosen_state() -> State | None:
    """Return the state that the address asks for, None for all."""
    wanted = request.args.get("state", "")
    return State(wanted) if wanted in set(State) else None


@outreach.get("/c/<slug>/mail")
def mail(slug: str) -> Any:  # noqa: ARG001
    """Show the mailings and the messages."""
    access = current_access()
    only = _chosen_mailing(access)
    return render_template(
        "outreach/mail.html",
        mailings=[(each, title_of(each)) for each in mailings_of(access)],
        messages=messages_of(access, chosen_state(), only.id if only else None, request.args.get("page", 1, type=int)),
        counts=states_of(access, only.id if only else None),
        state=chosen_state(),
        only_mailing=title_of(only) if only else None,
        paused=access.consultation.status is Status.PAUSED,
        waits=sum(number for because, number in waiting_counts(access).items() if because in DECIDED_HERE),
        trouble=trouble(),
        closed=closed_to(access),
        TROUBLES=LINE_TROUBLES,
    )


def _chosen_mailing(access: Access) -> Mailing | None:
    wanted = request.args.get("mailing", type=UUID)
    return find_mailing(access, wanted) if wanted else None


@outreach.get("/c/<slug>/mail/messages/<uuid:message_id>")
def message(slug: str, message_id: UUID) -> Any:  # noqa: ARG001
    """Show one message: where it stands, what happened to it, what it says."""
    access = current_access()
    row = find_message(access, message_id)
    return render_template(
        "outreach/message.html",
        row=row,
        message=row.message,
        history=history_of(message_id),
        subject=subject_as_sent(row.message),
        text=text_as_sent(row.message),
        **_what_may_be_done(access, row),
        may_allow=access.may(Permission.EDIT_ROSTER) and row.message.state in HELD_BACK and suppression_of(_address_now(row)) is not None,
        paused=access.consultation.status is Status.PAUSED,
    )


def _what_may_be_done(access: Access, row: Row) -> dict[str, object]:
    may_become = row.person is not None and row.message.state in MAY_BECOME_A_TASK
    return {
        "may_act": access.may(Permission.INVITE),
        "never_taken": row.message.state in NEVER_TAKEN,
        "not_begun": row.message.state in NOT_BEGUN,
        "task": task_of_message(access, row.message.id),
        "may_become_a_task": may_become,
    }


def _address_now(row: Row) -> str | None:
    return row.person.email if row.person else row.message.to_address


@outreach.post("/c/<slug>/mail/messages/<uuid:message_id>/allow")
def allow_address_again(slug: str, message_id: UUID) -> Any:
    """Let the address of a message be written to again."""
    access = current_access()
    if not access.may(Permission.SEE_MAIL):
        abort(404)
    row = find_message(access, message_id)
    if allow_again(person_id=row.message.person_id, address=_address_now(row), actor=access.actor):
        flash(gettext("This address may be written to again."))
    return redirect(url_for(".message", slug=slug, message_id=message_id))


@outreach.post("/c/<slug>/mail/messages/<uuid:message_id>/again")
def send_message_again(slug: str, message_id: UUID) -> Any:
    """Have a message go once more."""
    return _done(slug, message_id, send_again, gettext("It will be sent again."))


@outreach.post("/c/<slug>/mail/messages/<uuid:message_id>/arrived")
def settle_message(slug: str, message_id: UUID) -> Any:
    """Write down that a doubtful message arrived."""
    return _done(slug, message_id, settle_as_arrived, gettext("It counts as sent."))


@outreach.post("/c/<slug>/mail/messages/<uuid:message_id>/cancel")
def cancel_message(slug: str, message_id: UUID) -> Any:
    """Stop a message that has not begun to go."""
    return _done(slug, message_id, cancel, gettext("Cancelled."))


def _done(slug: str, message_id: UUID, verb: Callable[..., object], words: str) -> Any:
    access = current_access()
    find_message(access, message_id)
    with refusals_said():
        verb(message_id=message_id, actor=access.actor)
        flash(words)
    return redirect(url_for(".message", slug=slug, message_id=message_id))
