"""The pages behind a link as one guest would see them, for a rehearsal: the same templates, and nothing in them works.

The visit is made up and stored nowhere. Buttons and fields are disabled and links lead nowhere;
besides, a rehearsal is only ever fetched, and what is fetched cannot write.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from flask import g, render_template
from flask_babel import force_locale, gettext

from engagement.consultations.models import Consultation
from engagement.events.guests import GuestView, rehearsed_view
from engagement.events.guests import Standing as Replied
from engagement.events.models import Format, SeatState
from engagement.invitations.models import Choice, Invitation, Mode
from engagement.kernel.base import new_id
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.languages import current_language
from engagement.kernel.ports import Scene
from engagement.kernel.wording import LOCALES
from engagement.portal.choosing import offers
from engagement.portal.drafts import draft_here
from engagement.portal.forms import reply_form
from engagement.portal.session import Visit
from engagement.portal.showing import coming_sittings, dates_of, lines_of, offered_questionnaire, what_happens_next, why_closed
from engagement.questionnaires.opening import Standing
from engagement.roster.models import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from engagement.mailing.composing import Sketch

# The guest of a rehearsal opens the link an hour after the mail, and replies a day later.
OPENED_AFTER = timedelta(hours=1)
REPLIED_AFTER = timedelta(days=1)
_USED = re.compile(r"<(button|input|select|textarea)(?=[\s>])(?![^>]*\bdisabled\b)")
_LINKS = re.compile(r'(<a\b[^>]*?)\shref="/(?:i|r)/[^"]*"')


def scenes(sketch: Sketch, sent_at: datetime) -> Iterator[Scene]:
    """Give the pages behind the link: what is asked, and for an event what stands after a yes."""
    behind = Text("The page behind the link", "La page que le lien ouvre")
    if sketch.event_id:
        yield Scene("page", sent_at + OPENED_AFTER, behind, page=partial(_shown, sketch, _reply_page))
        yes = Text("if they say yes", "si la réponse est oui")
        after = Text("The page after the reply", "La page après la réponse")
        yield Scene("recorded", sent_at + REPLIED_AFTER, after, yes, page=partial(_shown, sketch, _recorded_page))
    elif sketch.questionnaire_id:
        yield Scene("page", sent_at + OPENED_AFTER, behind, page=partial(_shown, sketch, _questionnaire_page))


def _shown(sketch: Sketch, page: Callable[[], str]) -> str:
    """Return a page in the guest's language, with a visit that is made up for this one page."""
    kept = {name: g.get(name) for name in ("visit", "invitation", "consultation", "person")}
    _pretend(sketch)
    try:
        with force_locale(LOCALES.get(g.person.language or "", LOCALES[current_language()])):
            return inert(page())
    finally:
        for name, value in kept.items():
            g.pop(name, None)
            if value is not None:
                setattr(g, name, value)


def _pretend(sketch: Sketch) -> None:
    g.invitation = Invitation(
        consultation_id=sketch.consultation_id,
        person_id=sketch.person_id,
        event_id=sketch.event_id,
        questionnaire_id=sketch.questionnaire_id,
        wave=0,
        created_at=now(),
    )
    g.visit = Visit(g.invitation.id, new_id(), now())
    g.consultation = db.session.get_one(Consultation, sketch.consultation_id)
    g.person = db.session.get_one(Person, sketch.person_id)


def inert(html: str) -> str:
    """Return a page of ours in which nothing can be typed, pressed or followed to a guest's page. Pure."""
    return _LINKS.sub(r"\1", _USED.sub(r"<\1 disabled", html))


def _reply_page() -> str:
    view = rehearsed_view(g.invitation)
    if why_closed(view, g.consultation):
        return _standing(view)
    coming = coming_sittings(view)
    questions = [("choice", gettext("Will you come?"), offers(view.modes, coming, view.venue))]
    return render_template(
        "portal/reply.html",
        form=reply_form(questions, None),
        view=view,
        questions=questions,
        each=False,
        held=None,
        coming=coming,
        dates=dates_of(coming),
        questionnaire=offered_questionnaire(g.consultation),
    )


def _recorded_page() -> str:
    """Return the page that a guest sees who has said yes, in the first way that the event offers."""
    view = rehearsed_view(g.invitation)
    mode = Mode.ONLINE if view.format is Format.ONLINE else Mode.IN_PERSON
    replied = Replied(Choice.ACCEPTED, mode, now(), SeatState.TAKEN if view.sittings else None)
    sittings = tuple(replace(each, standing=replied) for each in view.sittings)
    return _standing(replace(view, sittings=sittings, standing=replied))


def _standing(view: GuestView) -> str:
    return render_template(
        "portal/standing.html",
        view=view,
        lines=lines_of(view),
        closed=why_closed(view, g.consultation),
        what_next=what_happens_next(view, g.consultation, by_mail=bool(g.person.email)),
        just_now=view.standing is not None,
    )


def _questionnaire_page() -> str:
    draft = draft_here()
    if draft.standing is not Standing.OPEN:
        return render_template("portal/questionnaire_closed.html", standing=draft.standing, held=False)
    return render_template("portal/questionnaire_start.html", draft=draft, go_on="")
