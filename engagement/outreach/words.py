"""What one mailing says: its own words, or the text of its purpose; and words kept under a name for other mailings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engagement.events.models import Event
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.ports import ports
from engagement.mailing.composing import Composer
from engagement.mailing.placeholders import missing_from, names_in
from engagement.mailing.service import check_text
from engagement.mailing.texts import MailText, own_text, shipped_text, text_of
from engagement.outreach.models import Mailing, MailingState, SavedText
from engagement.roster.folding import fold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

ANNOUNCEMENT = "announcement"
LONGEST_NAME = 100
# What an announcement can always say, and what it can say besides where it is about something.
ALWAYS = ("salutation", "name", "lead", "consultation_title", "contact", "support_line")
ABOUT_EVENT = ("event_title", "event_name", "event_kind", "when", "where", "access", "reply_link")
ABOUT_QUESTIONNAIRE = ("questionnaire_title", "closes_on", "link")


class WordsFixedError(DomainError):
    """The mailing was approved: what it says cannot be changed any more."""


class BadNameError(DomainError):
    """A saved text cannot have this name."""


class NotForAllError(DomainError):
    """These words may not be kept where the whole team sees them."""


def words_of(mailing: Mailing) -> MailText:
    """Return what this mailing says: its own words where it has some, else the text of its purpose."""
    own = own_words(mailing)
    return own if own is not None else text_of(mailing.consultation_id, mailing.purpose)


def own_words(mailing: Mailing) -> MailText | None:
    """Return the mailing's own words, None where it has none."""
    if not (mailing.text("subject") or mailing.text("body")):
        return None
    return MailText(mailing.text("subject"), mailing.text("body"), mailing.stale_texts(), mailing.created_at)


def mailing_text(mailing_id: UUID) -> MailText | None:
    """Return the own words of a mailing, for the one who writes its mails; None where it has none, or is gone."""
    mailing = db.session.get(Mailing, mailing_id)
    return own_words(mailing) if mailing is not None else None


def places_of(mailing: Mailing) -> tuple[str, ...]:
    """Return the closed list of placeholders that this mailing's words may use."""
    if mailing.purpose == ANNOUNCEMENT:
        more = ABOUT_EVENT if mailing.event_id else ABOUT_QUESTIONNAIRE if mailing.questionnaire_id else ()
        return (*ALWAYS, *more)
    composer: Composer | None = ports().composers.get(mailing.purpose)
    return composer.placeholders if composer else ()


def needed_of(mailing: Mailing) -> tuple[str, ...]:
    """Return the placeholders without which this mailing is of no use."""
    composer: Composer | None = ports().composers.get(mailing.purpose)
    return composer.needed if composer else ()


def missing_places(mailing: Mailing) -> list[str]:
    """Return the placeholders that the mailing's words leave out in one language or both, and cannot do without."""
    body, needed = words_of(mailing).body, needed_of(mailing)
    return list(dict.fromkeys(name for side in (body.en, body.fr) if side.strip() for name in missing_from(side, needed)))


def strange_places(mailing: Mailing) -> list[str]:
    """Return the placeholders in the mailing's words that it has no value for."""
    text = words_of(mailing)
    named = [name for part in (text.subject, text.body) for side in (part.en, part.fr) for name in names_in(side)]
    return [name for name in dict.fromkeys(named) if name not in places_of(mailing)]


def change_words(*, mailing_id: UUID, subject: Text, body: Text, confirmed: bool = False, actor: Actor) -> Mailing:
    """Have a draft say this, and nothing else does.

    Edited in one language only, the other one becomes stale and the mailing cannot be approved
    until it is mended or ``confirmed``. Raises BadTextError, UnknownPlaceholderError,
    MissingPlaceholderError, SecretInSubjectError, WordsFixedError.
    """
    found = db.session.get(Mailing, mailing_id)
    if found is None:
        raise AbsentError
    check_text(subject, body, places_of(found), needed_of(found))
    with writing() as session:
        mailing = _draft(session, mailing_id)
        if own_words(mailing) is None:
            _begin(mailing)
        mailing.set_text("subject", subject, confirmed=confirmed)
        mailing.set_text("body", body, confirmed=confirmed)
        note(session, "change_mailing_words", mailing, actor)
    return mailing


def _draft(session: Session, mailing_id: UUID) -> Mailing:
    mailing = session.get(Mailing, mailing_id, with_for_update=True, populate_existing=True)
    if mailing is None:
        raise AbsentError
    if mailing.state is not MailingState.DRAFT:
        said = Text(
            "This mailing was approved or discarded: its words stand.",
            "Cet envoi a été approuvé ou abandonné\u00a0: son texte ne change plus.",
        )
        raise WordsFixedError(said)
    return mailing


def _begin(mailing: Mailing) -> None:
    """Let the text of the purpose stand first, so that an edit of one side is seen against the other."""
    theirs = own_text(mailing.consultation_id, mailing.purpose)
    if theirs is None:
        shipped = shipped_text(mailing.purpose)
        mailing.with_texts(subject=shipped.subject, body=shipped.body)
        return
    for field in mailing.bilingual_fields:
        mailing.set_text(field, theirs.text(field))
    # What was stale in it stays stale until somebody mends it.
    mailing.translated_pairs = dict(theirs.translated_pairs or {})


def use_usual_words(*, mailing_id: UUID, actor: Actor) -> None:
    """Have a draft say what mails of its purpose usually say. Doing it twice is doing it once. Raises WordsFixedError."""
    with writing() as session:
        mailing = _draft(session, mailing_id)
        for field in ("subject_en", "subject_fr", "body_en", "body_fr"):
            setattr(mailing, field, "")
        mailing.translated_pairs = {}
        note(session, "use_usual_words", mailing, actor)


def save_words(*, mailing_id: UUID, name: str, actor: Actor) -> SavedText:
    """Keep what a mailing says under a name, for other mailings of the same purpose.

    Raises BadNameError (missing, too long, taken), NotForAllError (about a restricted event).
    """
    name = " ".join(name.split())
    if not name:
        raise BadNameError(Text("Enter a name for these words.", "Entrez un nom pour ce texte."), field="name")
    if len(name) > LONGEST_NAME:
        raise BadNameError(Text("Use at most 100 characters.", "Employez au plus 100 caractères."), field="name")
    with writing() as session:
        mailing = session.get(Mailing, mailing_id)
        if mailing is None:
            raise AbsentError
        _require_for_all(session, mailing)
        text = words_of(mailing)
        row = SavedText(consultation_id=mailing.consultation_id, purpose=mailing.purpose, name=name, name_key=fold(name)[:200])
        row.with_texts(subject=text.subject, body=text.body)
        row.saved_at, row.saved_by = now(), actor.id
        _add(session, row)
        note(session, "save_words", row, actor)
    return row


def _require_for_all(session: Session, mailing: Mailing) -> None:
    event = session.get(Event, mailing.event_id) if mailing.event_id else None
    if event is not None and event.restricted:
        said = Text(
            "The words of a mailing about a restricted event are not kept for the whole team.",
            "Le texte d’un envoi au sujet d’un événement restreint n’est pas conservé pour toute l’équipe.",
        )
        raise NotForAllError(said, field="name")


def _add(session: Session, row: SavedText) -> None:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        taken = Text(
            "Another saved text has this name: choose a different one.", "Un autre texte porte déjà ce nom\u00a0: choisissez-en un autre."
        )
        raise BadNameError(taken, field="name") from None


def saved_texts(consultation_id: UUID, purpose: str) -> Sequence[SavedText]:
    """Return the texts that a consultation keeps for a purpose, by name."""
    kept = select(SavedText).where(SavedText.consultation_id == consultation_id, SavedText.purpose == purpose)
    return db.session.scalars(kept.order_by(SavedText.name_key)).all()


def find_saved(consultation_id: UUID, saved_id: UUID) -> SavedText:
    """Return a saved text of this consultation, or raise AbsentError."""
    found = db.session.get(SavedText, saved_id)
    if found is None or found.consultation_id != consultation_id:
        raise AbsentError
    return found


def drop_saved(*, consultation_id: UUID, saved_id: UUID, actor: Actor) -> None:
    """Throw a saved text away; mailings that began from it keep their words. Raises AbsentError."""
    with writing() as session:
        row = find_saved(consultation_id, saved_id)
        note(session, "drop_saved_text", row, actor)
        session.delete(row)
