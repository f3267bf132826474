"""The package for those who decide on paper: what is laid before them, and what is recorded of their yes.

What is approved is one content with one hash: texts, recipients and their languages, those who
are left out and why, what it is about, and when it goes. Somebody who opts out or replies
afterwards is simply not written to; any other change voids the approval (outreach.facts).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from engagement.kernel.audit import note
from engagement.kernel.bilingual import LANGUAGES, Text
from engagement.kernel.clock import now, on_the_wall, today
from engagement.kernel.db import db, stored_once, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.mailing.bell import ring_when_stored
from engagement.mailing.composing import Composer
from engagement.mailing.letters import write
from engagement.mailing.preference_links import with_footer
from engagement.outreach.facts import Facts, canonical, facts_of, hash_of, why_void
from engagement.outreach.models import ApprovalPackage, Mailing, MailingState
from engagement.outreach.paper import are_renamed, recipients_in
from engagement.outreach.planning import people_of
from engagement.outreach.reach import DOES_NOT, GETS_IT, NOT_REMINDED, Reach, Survey, survey
from engagement.outreach.readiness import faults_before_sending
from engagement.outreach.reading import sample_of, samples, values_for, without_links
from engagement.outreach.reminders import PURPOSES as REMINDERS
from engagement.outreach.reminding import survey_of_reminder
from engagement.outreach.service import TOO_LATE, NotReadyError, held_mailing, title_of
from engagement.outreach.words import words_of

if TYPE_CHECKING:
    from datetime import date

    from engagement.consultations.access import Access
    from engagement.roster.models import Person

NOT_THEM = tuple(dict.fromkeys((*DOES_NOT, *NOT_REMINDED)))
LANGUAGE_OF = {Reach.ENGLISH: "en", Reach.FRENCH: "fr", Reach.BOTH: "both"}
START_OF_HASH = 8
LONGEST_NAME = 200
LONGEST_FILE_NUMBER = 100


class HiddenPeopleError(DomainError):
    """The mailing reaches people whom this member may not know of: the package would have to name them."""


class ChangedSinceError(DomainError):
    """The mailing is not any more what the package says."""


class BadApprovalError(DomainError):
    """What was entered about the yes cannot be."""


def content_of(access: Access, mailing: Mailing) -> Facts:
    """Return what a package of this mailing holds now, as plain JSON values. Raises HiddenPeopleError, NotReadyError."""
    void = why_void(mailing)
    # That an earlier yes holds no more is why a new package is made.
    faults = [fault for fault in faults_before_sending(mailing) if fault != void]
    if faults:
        raise NotReadyError(faults[0])
    people = people_of(list(dict.fromkeys(mailing.people)), access)
    found = _survey_of(mailing, people)
    if found.hidden:
        raise HiddenPeopleError(HIDDEN)
    return {
        "facts": facts_of(mailing),
        "title": _sides(title_of(mailing)),
        "sender": settings().mail_default_sender,
        "recipients": _sorted(_recipients(found)),
        "left_out": _sorted({**_who(each), "why": reach.value} for reach in NOT_THEM for each in found.of(reach)),
        "sample": _sample(mailing, people),
    }


HIDDEN = Text(
    "This mailing reaches people whom you may not know of. A member of the team who may makes the package.",
    "Cet envoi s’adresse à des personnes dont vous ne pouvez pas connaître l’identité. "
    "Un membre de l’équipe qui y est habilité prépare le dossier.",
)


def _survey_of(mailing: Mailing, people: list[Person]) -> Survey:
    return survey_of_reminder(mailing, people) if mailing.purpose in REMINDERS else survey(mailing, people)


def _sides(text: Text) -> Facts:
    return {"en": text.en, "fr": text.fr}


def _sorted(rows: object) -> list[Facts]:
    return sorted(rows, key=lambda row: str(row["id"]))  # type: ignore[call-overload, no-any-return]


def _who(person: Person) -> Facts:
    """Return how somebody is named on the paper, and by what they are sorted there."""
    return {"id": str(person.id), "name": person.name, "organization": person.organization_name, "sort": person.name_key}


def _recipients(found: Survey) -> list[Facts]:
    by_mail = [(each, reach, "mail") for reach in GETS_IT for each in found.of(reach)]
    called = [(each, None, "telephone") for each in found.of(Reach.TELEPHONE)]
    return [
        {**_who(each), "language": LANGUAGE_OF[reach] if reach else each.language or "both", "way": way}
        for each, reach, way in (*by_mail, *called)
    ]


def _sample(mailing: Mailing, people: list[Person]) -> Facts:
    """Return both texts as they read, filled with what is true and the name of an invented person."""
    composer: Composer | None = ports().composers.get(mailing.purpose)
    values = {each: dict(said) for each, said in (values_for(mailing, people[0]) if people else samples(composer)).items()}
    text = with_footer(words_of(mailing), composer)
    filled: Facts = {}
    for language in LANGUAGES:
        for name in ("salutation", "name"):
            if name in values[language]:
                values[language][name] = sample_of(name).in_(language)
        written = write(text, values, language, settings().base_url)
        filled[language] = {"subject": without_links(written.subject), "text": without_links(written.plain).strip()}
    return filled


def make_package(*, access: Access, mailing_id: UUID) -> ApprovalPackage:
    """Store what is laid before those who decide, and return it; the same content is the same package.

    Raises HiddenPeopleError, NotReadyError (a fault, or its time has passed), AbsentError.
    """
    mailing = db.session.get(Mailing, mailing_id)
    if mailing is None or mailing.state not in {MailingState.DRAFT, MailingState.APPROVED, MailingState.PAUSED}:
        raise AbsentError
    if mailing.state is MailingState.DRAFT and mailing.send_at is not None and mailing.send_at <= now():
        raise NotReadyError(TOO_LATE)
    content = content_of(access, mailing)
    whole, facts = hash_of(content), hash_of(content["facts"])  # type: ignore[arg-type]
    with writing() as session:
        same = select(ApprovalPackage).where(ApprovalPackage.mailing_id == mailing_id, ApprovalPackage.hash == whole)
        there = session.scalar(same)
        if there is not None:
            return there
        row = ApprovalPackage(mailing_id=mailing_id, hash=whole, facts_hash=facts, made_at=now(), made_by=access.actor.id)
        row.content = canonical(content)
        stored = stored_once(session, row, same)
        if stored is row:
            note(session, "make_approval_package", row, access.actor, mailing.consultation_id)
    return stored


def packages_of(mailing: Mailing) -> list[ApprovalPackage]:
    """Return the packages that were made of a mailing, the newest first."""
    made = select(ApprovalPackage).where(ApprovalPackage.mailing_id == mailing.id)
    return list(db.session.scalars(made.order_by(ApprovalPackage.made_at.desc(), ApprovalPackage.id)))


def find_package(access: Access, mailing: Mailing, package_id: UUID) -> ApprovalPackage:
    """Return a package of this mailing; AbsentError too where it names somebody whom this member may not know of."""
    found = db.session.get(ApprovalPackage, package_id)
    if found is None or found.mailing_id != mailing.id or not _may_read(access, found):
        raise AbsentError
    return found


def read_content(package: ApprovalPackage) -> dict[str, Any]:
    """Return what a package holds."""
    read: dict[str, Any] = json.loads(package.content or b"{}")
    return read


def _may_read(access: Access, package: ApprovalPackage) -> bool:
    content = read_content(package)
    named = [row["id"] for part in ("recipients", "left_out") for row in content.get(part, ())]
    still_there = people_of(named)
    return len(still_there) == len(people_of(named, access))


def stands(mailing: Mailing, package: ApprovalPackage) -> bool:
    """Return whether the mailing is still what the package says, so that a yes to it would hold."""
    return hash_of(facts_of(mailing)) == package.facts_hash and not are_renamed(recipients_in(package))


def record_approval(
    *,
    access: Access,
    mailing_id: UUID,
    package_id: UUID,
    start_of_hash: str,
    approver: str,
    approved_on: date,
    file_number: str,
) -> Mailing:
    """Write down that somebody said yes on paper to this package, and let the mailing go under its hash.

    ``start_of_hash``: the first eight characters of the hash on the paper that was signed, so
    that a yes to an older paper is not taken for a yes to this. Raises BadApprovalError,
    ChangedSinceError, NotReadyError.
    """
    mailing = db.session.get(Mailing, mailing_id)
    if mailing is None:
        raise AbsentError
    package = find_package(access, mailing, package_id)
    _check_hash(package, start_of_hash)
    _check_words(approver, file_number)
    _check_day(package, approved_on, access.consultation.zone)
    if not stands(mailing, package) or _writes_to_others(mailing, package):
        raise ChangedSinceError(CHANGED)
    if mailing.state is MailingState.DRAFT and mailing.send_at is not None and mailing.send_at <= now():
        raise NotReadyError(TOO_LATE)
    with writing() as session:
        row = held_mailing(mailing_id)
        if row.state not in {MailingState.DRAFT, MailingState.APPROVED, MailingState.PAUSED}:
            raise ChangedSinceError(CHANGED)
        row.package_hash, row.facts_hash = package.hash, package.facts_hash
        row.approver, row.approved_on, row.file_number = approver.strip(), approved_on, file_number.strip()
        row.state, row.paused_because = MailingState.APPROVED, None
        row.approved_at, row.approved_by = now(), access.actor.id
        note(session, "approve_mailing_on_paper", row, access.actor)
        ring_when_stored(session)
    return row


CHANGED = Text(
    "The mailing has changed since this package was made: make a new one and have it approved.",
    "L’envoi a changé depuis la préparation de ce dossier\u00a0: préparez-en un nouveau et faites-le approuver.",
)


def _writes_to_others(mailing: Mailing, package: ApprovalPackage) -> bool:
    """Return whether the mailing would reach somebody who is not among the recipients on the paper."""
    named = recipients_in(package)
    found = _survey_of(mailing, people_of(list(dict.fromkeys(mailing.people))))
    return any(str(each.id) not in named for reach in (*GETS_IT, Reach.TELEPHONE) for each in found.of(reach))


def _check_hash(package: ApprovalPackage, start: str) -> None:
    given = "".join(start.split()).casefold()
    if len(given) < START_OF_HASH or not package.hash.startswith(given):
        said = Text(
            "These are not the first eight characters of this package’s control number: look at the paper that was signed.",
            "Ce ne sont pas les huit premiers caractères du numéro de contrôle de ce dossier\u00a0: regardez le document signé.",
        )
        raise BadApprovalError(said, field="start_of_hash")


def _check_words(approver: str, file_number: str) -> None:
    if not approver.strip():
        raise BadApprovalError(Text("Enter who approved it.", "Entrez le nom de la personne qui a approuvé."), field="approver")
    for words, longest, field in ((approver, LONGEST_NAME, "approver"), (file_number, LONGEST_FILE_NUMBER, "file_number")):
        if len(words) > longest:
            said = Text(f"Use at most {longest} characters.", f"Employez au plus {longest} caractères.")
            raise BadApprovalError(said, field=field)


def _check_day(package: ApprovalPackage, day: date, zone: str) -> None:
    if day > today(zone):
        raise BadApprovalError(Text("This day has not come yet.", "Ce jour n’est pas encore venu."), field="approved_on")
    if day < on_the_wall(package.made_at, zone).date():
        said = Text("The package was made after this day.", "Le dossier a été préparé après ce jour.")
        raise BadApprovalError(said, field="approved_on")
