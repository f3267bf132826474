"""What is done with a consultation: creating and editing it, its documents, its team."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.accounts.models import User
from engagement.accounts.service import BadAddressError, checked_address
from engagement.consultations.losing import one_at_a_time, others_cleared
from engagement.consultations.models import (
    Clearance,
    ClearedFor,
    Consultation,
    Document,
    Membership,
    Status,
)
from engagement.consultations.particulars import BadDatesError, BadTitleError, Particulars, check_particulars, require_title
from engagement.kernel.audit import Actor, note
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import DATE_OUT_OF_REACH, can_be_entered, now, today
from engagement.kernel.db import db, stored_once, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import Role
from engagement.kernel.ports import ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

__all__ = ["BadDatesError", "BadTitleError", "Particulars"]

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LARGEST_DOCUMENT = 10 * 1024 * 1024
DOCUMENT_KINDS = {
    "pdf": (b"%PDF-", "application/pdf"),
    "docx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


class BadSlugError(DomainError):
    """The short name does not fit an address, or is taken."""


class BadContactError(DomainError):
    """The contact address cannot be written to: every mail of the consultation names it as where answers go."""


class NotPublishableError(DomainError):
    """A text that the public would read is stale, or stands in one language only."""


class BadDocumentError(DomainError):
    """The file is not a document that we publish."""


class BadMembershipError(DomainError):
    """This membership cannot be."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A background document in one language, as it was sent."""

    language: str
    filename: str
    content: bytes


def create_consultation(
    *, slug: str, particulars: Particulars, documents: Sequence[Upload] = (), actor: Actor, is_demo: bool = False
) -> Consultation:
    """Create a consultation with its documents; whoever creates it is its organizer.

    Raises BadSlugError, BadTitleError, BadDatesError, BadContactError, NotPublishableError, BadDocumentError; then nothing is stored.
    """
    if not SLUG.fullmatch(slug) or len(slug) > Consultation.slug.type.length:
        said = Text(
            "The short name takes lower-case letters, digits and single hyphens.",
            "Le nom court se compose de minuscules sans accent, de chiffres et de traits d’union simples.",
        )
        raise BadSlugError(said, field="slug")
    with writing() as session:
        taken = BadSlugError(Text("This short name is taken.", "Ce nom court est déjà pris."), field="slug")
        there = select(Consultation).where(Consultation.slug == slug)
        if session.scalar(there):
            raise taken
        consultation = Consultation(slug=slug, is_demo=is_demo, created_at=now())
        _write(consultation, particulars)
        if stored_once(session, consultation, there) is not consultation:
            raise taken
        note(session, "create_consultation", consultation, actor, consultation.id)
        _keep_all(consultation.id, documents, actor)
        if actor.id is not None:
            session.add(Membership(user_id=actor.id, consultation_id=consultation.id, role=Role.ORGANIZER))
    return consultation


def edit_consultation(*, consultation_id: UUID, particulars: Particulars, documents: Sequence[Upload] = (), actor: Actor) -> Consultation:
    """Change a consultation; a text edited in one language only makes the other one stale.

    When a pause ends, whoever waited for that is told in the same transaction.
    Raises BadTitleError, BadDatesError, BadContactError, NotPublishableError, BadDocumentError; then nothing is stored.
    """
    with writing() as session:
        consultation = session.get(Consultation, consultation_id)
        if consultation is None:
            raise AbsentError
        was_paused, said = consultation.status is Status.PAUSED, _said_in_mails(consultation)
        _write(consultation, particulars)
        note(session, "edit_consultation", consultation, actor, consultation.id)
        if was_paused and consultation.status is not Status.PAUSED:
            session.flush()
            for tell in ports().resumed:
                tell(consultation.id)
        if _said_in_mails(consultation) != said:
            session.flush()
            for tell in ports().consultation_changed:
                tell(consultation.id)
        _keep_all(consultation.id, documents, actor)
    return consultation


def _said_in_mails(consultation: Consultation) -> tuple[object, ...]:
    """Return what mails say of a consultation; its last days are those of a questionnaire that has none of its own."""
    texts = (consultation.text(field) for field in ("title", "lead", "contact", "support_line", "privacy_notice"))
    days = (consultation.closes_on, consultation.received_until)
    return (*texts, *days, consultation.zone, consultation.contact_email, consultation.contact_phone)


def _keep_all(consultation_id: UUID, documents: Sequence[Upload], actor: Actor) -> None:
    for each in documents:
        keep_document(
            consultation_id=consultation_id, language=each.language, title="", filename=each.filename, content=each.content, actor=actor
        )


def _write(consultation: Consultation, new: Particulars) -> None:
    check_particulars(new)
    for name in ("status", "is_public", "zone", "opens_on", "closes_on", "received_until", "contact_phone"):
        setattr(consultation, name, getattr(new, name))
    consultation.contact_email = _contact_address(new.contact_email)
    for field, words in new.texts.items():
        consultation.set_text(field, words, confirmed=field in new.confirmed)
    require_title(consultation.text("title"))
    if consultation.is_public and not is_publishable(consultation):
        raise NotPublishableError(
            Text(
                "The public page needs title, why, who and what in English and French, neither older than the other. "
                "Fill in what is empty, mend what is marked as older, or keep the page private for now.",
                "La page publique exige le titre, le pourquoi, le qui et le quoi en français et en anglais, à jour tous les "
                "deux. Remplissez ce qui est vide, corrigez ce qui est signalé comme antérieur, ou gardez la page privée pour "
                "l’instant.",
            ),
            field="is_public",
        )


def _contact_address(typed: str) -> str:
    try:
        return checked_address(typed) if typed.strip() else ""
    except BadAddressError as error:
        raise BadContactError(error.said, field="contact_email") from None


def is_publishable(consultation: Consultation) -> bool:
    """Return whether the public page can be shown: whole in both languages, nothing stale."""
    needed = ("title", "why", "who", "what")
    whole = all(consultation.text(field).whole for field in needed)
    return whole and not consultation.stale_texts() and not consultation.missing_texts()


def consultations_of(user_id: UUID) -> list[Consultation]:
    """Return the consultations of which this account is a member today, the newest first."""
    rows = db.session.execute(
        select(Consultation, Membership.until)
        .join(Membership, Membership.consultation_id == Consultation.id)
        .where(Membership.user_id == user_id)
        .order_by(Consultation.created_at.desc(), Consultation.slug)
    )
    current = [consultation for consultation, until in rows if until is None or until >= today(consultation.zone)]
    return list(dict.fromkeys(current))


def find_consultation(slug: str) -> Consultation:
    """Return the consultation with this short name, or raise AbsentError."""
    found = db.session.scalar(select(Consultation).where(Consultation.slug == slug))
    if found is None:
        raise AbsentError
    return found


def all_invented() -> bool:
    """Return whether there are consultations, and each of them is of the demonstration."""
    return set(db.session.scalars(select(Consultation.is_demo).distinct())) == {True}


def public_consultations() -> list[Consultation]:
    """Return the consultations whose public page can be shown, the newest first."""
    rows = db.session.scalars(
        select(Consultation).where(Consultation.is_public).order_by(Consultation.created_at.desc(), Consultation.slug)
    )
    return [row for row in rows if is_publishable(row)]


def keep_document(*, consultation_id: UUID, language: str, title: str, filename: str, content: bytes, actor: Actor) -> Document:
    """Store the background document for one language, in place of an earlier one.

    Takes PDF and Word, by their first bytes, up to 10 MB. Raises BadDocumentError.
    """
    ending = filename.rpartition(".")[2].lower()
    magic, media_type = DOCUMENT_KINDS.get(ending, (b"\0", ""))
    if not media_type or not content.startswith(magic):
        said = Text("“{name}” is neither a PDF nor a Word document.", "«\u00a0{name}\u00a0» n’est ni un PDF ni un document Word.")
        raise BadDocumentError(said.format(name=filename[:80]), field=f"document_{language}")
    if len(content) > LARGEST_DOCUMENT:
        said = Text("“{name}” is larger than 10 MB.", "«\u00a0{name}\u00a0» dépasse 10\u00a0Mo.")
        raise BadDocumentError(said.format(name=filename[:80]), field=f"document_{language}")
    with writing() as session:
        one_at_a_time(session, consultation_id)
        row = session.scalar(select(Document).where(Document.consultation_id == consultation_id, Document.language == language))
        if row is None:
            row = Document(consultation_id=consultation_id, language=language)
            session.add(row)
        row.title, row.filename, row.media_type = title.strip() or filename, filename[-200:], media_type
        row.content, row.uploaded_at = content, now()
        session.flush()
        note(session, "keep_document", row, actor)
    return row


def find_document(consultation_id: UUID, language: str) -> Document | None:
    """Return the background document in this language, if there is one."""
    return db.session.scalar(select(Document).where(Document.consultation_id == consultation_id, Document.language == language))


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A membership with the account it belongs to."""

    user: User
    membership: Membership


def team_of(consultation_id: UUID) -> list[TeamMember]:
    """Return everybody on the team, by name."""
    rows = db.session.execute(
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.consultation_id == consultation_id)
        .order_by(User.name, Membership.event_id)
    )
    return [TeamMember(user, membership) for user, membership in rows]


def admit(
    *, consultation_id: UUID, email: str, role: Role, event_id: UUID | None = None, until: date | None = None, actor: Actor
) -> Membership:
    """Give an account a role, in the whole consultation or in one event; an earlier role there is replaced.

    Raises BadMembershipError: no such account, a note-taker without an event, a last day that is
    over or cannot be meant, the last organizer gone.
    """
    if role is Role.NOTE_TAKER and event_id is None:
        said = Text("A note-taker is let into one event: choose it.", "La prise de notes vaut pour un seul événement\u00a0: choisissez-le.")
        raise BadMembershipError(said, field="event_id")
    with writing() as session:
        one_at_a_time(session, consultation_id)
        if until is not None:
            _require_ahead(until, session.get_one(Consultation, consultation_id).zone)
        led = has_organizer(consultation_id)
        user = session.scalar(select(User).where(User.email_key == email.strip().casefold()))
        if user is None:
            said = Text("There is no account for {email}.", "Il n’y a pas de compte pour {email}.")
            raise BadMembershipError(said.format(email=email.strip()[:80]), field="email")
        row = session.scalar(
            select(Membership).where(
                Membership.user_id == user.id,
                Membership.consultation_id == consultation_id,
                Membership.event_id.is_(None) if event_id is None else Membership.event_id == event_id,
            )
        )
        if row is None:
            row = Membership(user_id=user.id, consultation_id=consultation_id, event_id=event_id, role=role)
            session.add(row)
        row.role, row.until = role, until
        session.flush()
        _keep_an_organizer(consultation_id, led)
        note(session, f"admit_{role}", row, actor)
    return row


def _require_ahead(until: date, zone: str) -> None:
    if not can_be_entered(until):
        raise BadMembershipError(DATE_OUT_OF_REACH, field="until")
    if until < today(zone):
        said = Text("This day has passed: the role would have ended already.", "Ce jour est passé\u00a0: le rôle aurait déjà pris fin.")
        raise BadMembershipError(said, field="until")


def dismiss(*, consultation_id: UUID, membership_id: UUID, actor: Actor) -> None:
    """End a membership, with what it was cleared for.

    Raises BadMembershipError for the last organizer, and for whoever alone is cleared for a restricted event or batch.
    """
    with writing() as session:
        one_at_a_time(session, consultation_id)
        row = session.get(Membership, membership_id)
        if row is None or row.consultation_id != consultation_id:
            raise AbsentError
        led = has_organizer(consultation_id)
        note(session, "dismiss", row, actor)
        session.delete(row)
        session.flush()
        _keep_an_organizer(consultation_id, led)
        whole = (Membership.user_id == row.user_id, Membership.consultation_id == consultation_id, Membership.event_id.is_(None))
        if row.event_id is None or session.scalar(select(Membership.id).where(*whole)) is None:
            lost = select(Clearance).where(Clearance.user_id == row.user_id, Clearance.consultation_id == consultation_id)
            if row.event_id is not None:
                lost = lost.where(Clearance.subject_id == row.event_id)
            for clearance in session.scalars(lost).all():
                if not others_cleared(session, clearance):
                    raise BadMembershipError(
                        Text(
                            "This member alone is cleared for something restricted: have them clear somebody else for it first.",
                            "Ce membre est seul à détenir une habilitation\u00a0: demandez-lui d’habiliter d’abord quelqu’un d’autre.",
                        )
                    )
                session.delete(clearance)


def has_organizer(consultation_id: UUID) -> bool:
    """Return whether somebody leads the whole consultation without an end date."""
    found = db.session.scalar(
        select(Membership.id).where(
            Membership.consultation_id == consultation_id,
            Membership.role == Role.ORGANIZER,
            Membership.event_id.is_(None),
            Membership.until.is_(None),
        )
    )
    return found is not None


def _keep_an_organizer(consultation_id: UUID, led: bool) -> None:  # noqa: FBT001
    if led and not has_organizer(consultation_id):
        raise BadMembershipError(
            Text(
                "A consultation needs an organizer without an end date.",
                "Une consultation a besoin d’une ou d’un responsable sans date de fin.",
            )
        )


def clear(*, consultation_id: UUID, user_id: UUID, kind: ClearedFor, subject_id: UUID, actor: Actor) -> None:
    """Let a member know of a restricted event or batch. Doing it twice is doing it once."""
    with writing() as session:
        there = select(Clearance).where(Clearance.user_id == user_id, Clearance.subject_id == subject_id)
        if session.scalar(there) is None:
            row = Clearance(user_id=user_id, consultation_id=consultation_id, kind=kind, subject_id=subject_id, granted_at=now())
            if stored_once(session, row, there) is row:
                note(session, f"clear_for_{kind}", row, actor)


def clearances_of(consultation_id: UUID) -> list[tuple[User, UUID]]:
    """Return who is cleared for which restricted event or batch, by name."""
    rows = db.session.execute(
        select(User, Clearance.subject_id)
        .join(Clearance, Clearance.user_id == User.id)
        .where(Clearance.consultation_id == consultation_id)
        .order_by(User.name)
    )
    return [(user, subject_id) for user, subject_id in rows]


def revoke_clearance(*, consultation_id: UUID, user_id: UUID, subject_id: UUID, actor: Actor) -> None:
    """Let a member know of a restricted event or batch no longer. Doing it twice is doing it once.

    Raises BadMembershipError where nobody else would be cleared for it: it would be lost to everybody.
    """
    theirs = (Clearance.consultation_id == consultation_id, Clearance.subject_id == subject_id, Clearance.user_id == user_id)
    with writing() as session:
        one_at_a_time(session, consultation_id)
        for row in session.scalars(select(Clearance).where(*theirs)).all():
            if not others_cleared(session, row):
                said = Text(
                    "Nobody else is cleared for it: clear somebody first.",
                    "Personne d’autre n’a cette habilitation\u00a0: habilitez d’abord quelqu’un.",
                )
                raise BadMembershipError(said)
            note(session, f"revoke_clearance_for_{row.kind}", row, actor)
            session.delete(row)
