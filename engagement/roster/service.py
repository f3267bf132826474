"""What is done with the roster: adding, finding and changing people, and putting them in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from engagement.consultations.losing import one_at_a_time
from engagement.consultations.models import ClearedFor
from engagement.consultations.service import clear
from engagement.kernel.audit import Actor, ActorKind, note
from engagement.kernel.base import new_id
from engagement.kernel.bilingual import Text
from engagement.kernel.bulk import insert_new
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index, keys
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.ports import ports
from engagement.roster.filters import visible
from engagement.roster.folding import fold, name_key, organization_key
from engagement.roster.models import Batch, BatchMember, IdentifiedThrough, Organization, Person
from engagement.roster.particulars import Particulars
from engagement.roster.safe_hours import SafeHours, change_safe_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access

T = TypeVar("T")

LONGEST_BATCH_NAME = 200
# Far below the number of values that either database takes in one statement.
AT_ONCE = 500


class AddressTakenError(DomainError):
    """Somebody on the roster has this address already."""

    def __init__(self) -> None:
        """Say so on the address."""
        said = Text("Somebody with this address is already on the roster.", "Une personne du répertoire a déjà cette adresse.")
        super().__init__(said, field="email")


class BadBatchNameError(DomainError):
    """The name of the batch is missing, too long or taken."""


def add_person(
    *,
    consultation_id: UUID,
    given_name: str,
    family_name: str,
    email: str | None = None,
    phone: str = "",
    organization: str = "",
    sector: str | None = None,
    region: str | None = None,
    language: str | None = None,
    identified_through: IdentifiedThrough,
    actor: Actor,
    batch_id: UUID | None = None,
    safe_contact: str = "",
    do_not_contact: bool = False,
) -> Person:
    """Put somebody on the roster, and in a batch where one is named.

    Into a restricted batch: only members who are cleared for it will know of this person.
    Raises AddressTakenError, and BadPersonError for particulars that cannot be.
    """
    particulars = Particulars(
        given_name=given_name, family_name=family_name, email=email, phone=phone, organization=organization, sector=sector,
        region=region, language=language, identified_through=identified_through, safe_contact=safe_contact,
        do_not_contact=do_not_contact,
    )  # fmt: skip
    person, added = find_or_add(consultation_id=consultation_id, particulars=particulars, actor=actor, batch_id=batch_id)
    if not added:
        raise AddressTakenError
    return person


def find_or_add(
    *,
    consultation_id: UUID,
    particulars: Particulars,
    actor: Actor,
    batch_id: UUID | None = None,
    safe_hours: SafeHours | None = None,
    name_unproven: bool = False,
) -> tuple[Person, bool]:
    """Return the person whom these particulars mean, added if they are new, and whether they are.

    Somebody who is there already stays as they are: only a new person is put in the batch, gets the hours, and may have a
    name that nobody has proven. A person who is known through a restricted batch only is not found: the open roster gets a
    row of its own. Raises BadPersonError, and AbsentError for a batch of another consultation.
    """
    particulars = particulars.cleaned()
    index = address_index(particulars.email) if particulars.email else None
    with writing() as session:
        batch = _batch_in(session, consultation_id, batch_id) if batch_id else None
        there = same_address(consultation_id, [index], batch_id).get(index) if index else None
        if there is not None:
            return session.get_one(Person, there), False
        person = Person(consultation_id=consultation_id, created_at=now(), open_to_team=batch is None or not batch.restricted)
        _write(session, person, particulars)
        person.safe_hours, person.name_unproven = safe_hours.stored() if safe_hours else "", name_unproven
        try:
            with session.begin_nested():
                session.add(person)
        except IntegrityError:
            # On PostgreSQL somebody else may have added the address since we looked.
            there = same_address(consultation_id, [index], batch_id).get(index) if index else None
            if there is None:
                raise
            return session.get_one(Person, there), False
        note(session, "add_person", person, actor)
        if batch is not None:
            session.add(BatchMember(batch_id=batch.id, person_id=person.id, added_at=now()))
    return person, True


def edit_person(*, person_id: UUID, particulars: Particulars, safe_hours: SafeHours | None = None, actor: Actor) -> Person:
    """Change what is written down about a person; ``safe_hours`` None leaves theirs as they are.

    Raises AbsentError, AddressTakenError, BadPersonError.
    """
    particulars = particulars.cleaned()
    index = address_index(particulars.email) if particulars.email else None
    with writing() as session:
        person = session.get(Person, person_id)
        if person is None:
            raise AbsentError
        elsewhere = person.email_index is not None and person.email_index != index
        moved = index is not None and index != person.email_index and person.open_to_team
        if moved and same_address(person.consultation_id, [index], None):
            raise AddressTakenError
        if person.do_not_contact != particulars.do_not_contact:
            note(session, "change_wishes", person, actor)
        _write(session, person, particulars)
        person.name_unproven = False
        try:
            session.flush()
        except IntegrityError:
            raise AddressTakenError from None
        if safe_hours is not None:
            change_safe_hours(person_id=person.id, hours=safe_hours, actor=actor)
        for tell in [*ports().person_changed, *(ports().address_changed if elsewhere else ())]:
            tell(person.id)
        note(session, "edit_person", person, actor)
    return person


def _write(session: Session, person: Person, particulars: Particulars) -> None:
    for field in ("given_name", "family_name", "email", "phone", "sector", "region", "language", "identified_through", "do_not_contact"):
        setattr(person, field, getattr(particulars, field))
    person.name_key = name_key(particulars.given_name, particulars.family_name)
    person.email_index = address_index(particulars.email) if particulars.email else None
    person.safe_contact = particulars.safe_contact
    person.organization = _organization(session, person.consultation_id, particulars.organization)


def _organization(session: Session, consultation_id: UUID, name: str) -> Organization | None:
    if not name:
        return None
    key = organization_key(name)
    found = session.scalar(select(Organization).where(Organization.consultation_id == consultation_id, Organization.name_key == key))
    if found is None:
        found = Organization(consultation_id=consultation_id, name=name, name_key=key)
        try:
            with session.begin_nested():
                session.add(found)
        except IntegrityError:
            return session.scalars(
                select(Organization).where(Organization.consultation_id == consultation_id, Organization.name_key == key)
            ).one()
    return found


def same_address(consultation_id: UUID, indexes: Sequence[bytes | None], batch_id: UUID | None) -> dict[bytes, UUID]:
    """Return, by the blind index of their address, who would be the same person as somebody new.

    Those are the people whom the whole team sees, and those in the batch that the new one is for.
    """
    found: dict[bytes, UUID] = {}
    in_batch = Person.id.in_(select(BatchMember.person_id).where(BatchMember.batch_id == batch_id))
    for some in chunks([index for index in indexes if index is not None]):
        rows = db.session.execute(
            select(Person.email_index, Person.id)
            .where(Person.consultation_id == consultation_id, Person.email_index.in_(some), or_(Person.open_to_team, in_batch))
            .order_by(Person.open_to_team, Person.created_at.desc())
        )
        found |= {index: person_id for index, person_id in rows if index is not None}
    return found


def find_person(access: Access, person_id: UUID) -> Person:
    """Return a person whom this member may know of, or raise AbsentError."""
    found = db.session.scalar(select(Person).where(Person.id == person_id, visible(access)))
    if found is None:
        raise AbsentError
    return found


def add_batch(*, consultation_id: UUID, name: str, restricted: bool = False, actor: Actor) -> Batch:
    """Create a batch; a restricted one is known to whoever creates it, until they clear others for it.

    Raises BadBatchNameError. The name of a restricted batch is never "taken": that would tell of it.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_BATCH_NAME:
        said = Text("Enter a name of at most 200 characters.", "Entrez un nom d’au plus 200 caractères.")
        raise BadBatchNameError(said, field="name")
    with writing() as session:
        one_at_a_time(session, consultation_id)
        same_name = find_batch_named(consultation_id, name)
        if same_name is not None and not same_name.restricted:
            said = Text("There is a batch of this name already.", "Il existe déjà un lot de ce nom.")
            raise BadBatchNameError(said, field="name")
        batch = Batch(
            consultation_id=consultation_id, name=name, name_index=keys.blind_index(fold(name)), restricted=restricted, created_at=now()
        )
        session.add(batch)
        session.flush()
        note(session, "add_batch", batch, actor)
        if restricted and actor.kind is ActorKind.STAFF and actor.id is not None:
            clear(consultation_id=consultation_id, user_id=actor.id, kind=ClearedFor.BATCH, subject_id=batch.id, actor=actor)
    return batch


def put_in_batch(*, batch_id: UUID, person_ids: Iterable[UUID], actor: Actor) -> int:
    """Put people of the batch's consultation in it; return how many were not in it before.

    Into a restricted batch: those of them who are in no open batch are hidden from members
    who are not cleared. Into an open batch: people who are known through restricted batches
    only are left out, since it would show them to the whole team.
    """
    wanted = list(dict.fromkeys(person_ids))
    with writing() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise AbsentError
        put = 0
        for some in chunks(wanted):
            put += put_some(session, batch, some)
        note(session, "put_in_batch", batch, actor)
    return put


def put_some(session: Session, batch: Batch, person_ids: Sequence[UUID]) -> int:
    """Put at most AT_ONCE people in the batch by the rules of put_in_batch, in the current transaction."""
    condition = Person.id.in_(person_ids) & (Person.consultation_id == batch.consultation_id)
    if not batch.restricted:
        condition &= Person.open_to_team
    there = select(BatchMember.person_id).where(BatchMember.batch_id == batch.id)
    new = list(session.scalars(select(Person.id).where(condition, Person.id.not_in(there))))
    if not new:
        return 0
    moment = now()
    # Somebody else may put one of them in it at this moment (PostgreSQL): each is in it once.
    rows = [{"id": new_id(), "batch_id": batch.id, "person_id": each, "added_at": moment} for each in sorted(new)]
    put = insert_new(session, BatchMember, rows)
    if batch.restricted:
        hidden = Person.id.in_(new) & Person.id.not_in(in_an_open_batch())
        session.execute(update(Person).where(hidden).values(open_to_team=False).execution_options(synchronize_session="fetch"))
        for forget in ports().sheltered:
            forget(new)
    return len(put)


def in_an_open_batch() -> Select[UUID]:
    """Return the query for the ids of people who are in a batch that everybody knows of."""
    return select(BatchMember.person_id).join(Batch, Batch.id == BatchMember.batch_id).where(Batch.restricted.is_(False))


def _batch_in(session: Session, consultation_id: UUID, batch_id: UUID) -> Batch:
    batch = session.get(Batch, batch_id)
    if batch is None or batch.consultation_id != consultation_id:
        raise AbsentError
    return batch


def batches_of(access: Access) -> list[Batch]:
    """Return the batches that this member may know of, by name."""
    known = select(Batch).where(
        Batch.consultation_id == access.consultation.id, or_(Batch.restricted.is_(False), Batch.id.in_(access.cleared))
    )
    return sorted(db.session.scalars(known), key=lambda batch: (fold(batch.name), batch.created_at))


def find_batch(access: Access, batch_id: UUID) -> Batch:
    """Return a batch that this member may know of, or raise AbsentError."""
    found = next((batch for batch in batches_of(access) if batch.id == batch_id), None)
    if found is None:
        raise AbsentError
    return found


def find_batch_named(consultation_id: UUID, name: str) -> Batch | None:
    """Return the batch of this name, an open one first; case, accents and spacing do not count."""
    return db.session.scalars(
        select(Batch)
        .where(Batch.consultation_id == consultation_id, Batch.name_index == keys.blind_index(fold(name)))
        .order_by(Batch.restricted, Batch.created_at)
    ).first()


def batch_sizes(access: Access) -> dict[UUID, int]:
    """Return how many people are in each batch that this member may know of."""
    ids = [batch.id for batch in batches_of(access)]
    rows = db.session.execute(
        select(BatchMember.batch_id, func.count()).where(BatchMember.batch_id.in_(ids)).group_by(BatchMember.batch_id)
    )
    return dict.fromkeys(ids, 0) | {batch_id: size for batch_id, size in rows}  # noqa: C416 - dict(rows) is not typed


def batches_with(access: Access, person_id: UUID) -> list[tuple[Batch, datetime]]:
    """Return the batches this person is in, as far as the member may know of them, and since when."""
    rows = db.session.execute(select(BatchMember.batch_id, BatchMember.added_at).where(BatchMember.person_id == person_id))
    since = {batch_id: added_at for batch_id, added_at in rows}  # noqa: C416 - dict(rows) is not typed
    return [(batch, since[batch.id]) for batch in batches_of(access) if batch.id in since]


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into pieces that fit into one statement."""
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
