"""A file becomes people in two steps: it is checked and kept, then somebody who saw the preview says yes.

Storing goes in chunks, each a short transaction that also moves the mark on how far it came.
So nothing else waits long for the database, and an import that was interrupted goes on where
it stopped: no row is lost and none is stored twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import lazyload

from engagement.kernel.audit import Actor, note
from engagement.kernel.base import new_id
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from engagement.roster.checking import Checked, GoodRow, Problem, Twice, identity
from engagement.roster.folding import name_key, organization_key
from engagement.roster.models import Batch, BatchMember, IdentifiedThrough, Organization, Person, RosterImport
from engagement.roster.particulars import Particulars
from engagement.roster.service import chunks, put_some, same_address
from engagement.roster.wishes import Wishes, wish_for_address

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engagement.consultations.access import Access

# Rows in one transaction: well under the 200 ms for which anything may hold the write lock.
ROWS_AT_ONCE = 250
WISHES_AT_ONCE = 20
_PREPARED = (
    "id", "given_name", "family_name", "name_key", "email", "email_index", "phone", "sector", "region", "language",
    "identified_through", "safe_contact_sealed", "do_not_contact",
)  # fmt: skip
_FIELDS = tuple(field.name for field in fields(Particulars))


@dataclass(frozen=True, slots=True)
class KeptImport:
    """A file that was checked: everything its preview shows, and what will be stored.

    ``there`` holds the numbers of good rows whose person is on the roster already; of these,
    ``wishes`` are those who asked by this file not to be contacted, and ``differs`` those of
    whom it says something else about safe contact, which is left as it stands.
    """

    id: UUID
    filename: str
    batch_id: UUID | None
    checked: Checked
    there: frozenset[int]
    rows_done: int
    people_added: int
    applied: bool
    wishes: frozenset[int] = frozenset()
    differs: frozenset[int] = frozenset()

    @property
    def new(self) -> list[GoodRow]:
        """Return the rows that make a new person."""
        return [row for row in self.checked.good if row.number not in self.there]

    @property
    def known(self) -> list[GoodRow]:
        """Return the rows of people who are on the roster already; first those in which something is to be seen."""
        rows = [row for row in self.checked.good if row.number in self.there]
        return sorted(rows, key=lambda row: row.number not in self.wishes | self.differs)

    @property
    def rows_with_problems(self) -> int:
        """Return how many rows have at least one problem."""
        return len({problem.row for problem in self.checked.problems})


def already_there(consultation_id: UUID, good: list[GoodRow], batch_id: UUID | None) -> dict[int, UUID]:
    """Return, by row number, the person on the roster who is meant by a good row.

    Looks only among the people whom the whole team sees and those in the batch the file is for.
    """
    indexes = {address_index(row.person.email): row.number for row in good if row.person.email}
    found = {indexes[index]: person_id for index, person_id in same_address(consultation_id, list(indexes), batch_id).items()}
    by_name = {identity(row.person): row.number for row in good if not row.person.email}
    keys = list({name_key(row.person.given_name, row.person.family_name) for row in good if not row.person.email})
    in_batch = Person.id.in_(select(BatchMember.person_id).where(BatchMember.batch_id == batch_id))
    for some in chunks(keys):
        rows = db.session.execute(
            select(Person.id, Person.name_key, Organization.name_key, Person.phone)
            .outerjoin(Organization, Organization.id == Person.organization_id)
            .where(Person.consultation_id == consultation_id, Person.email_index.is_(None), Person.name_key.in_(some))
            .where(or_(Person.open_to_team, in_batch))
        )
        for person_id, person_key, organization, phone in rows:
            number = by_name.get("\n".join((person_key, organization or "", phone)))
            if number is not None:
                found[number] = person_id
    return found


def news_of(good: list[GoodRow], there: dict[int, UUID]) -> tuple[set[int], set[int]]:
    """Return, of the rows of people on the roster, those with a new wish not to be contacted, and with other words on safe contact."""
    wishing = {there[row.number]: row.number for row in good if row.number in there and row.person.do_not_contact}
    told = {there[row.number]: row for row in good if row.number in there and row.person.safe_contact}
    wishes, differs = set(), set()
    for some in chunks(list(wishing.keys() | told.keys())):
        for person in db.session.scalars(select(Person).where(Person.id.in_(some)).options(lazyload(Person.organization))):
            if person.id in wishing and not person.do_not_contact:
                wishes.add(wishing[person.id])
            if person.id in told and told[person.id].person.safe_contact != (person.safe_contact or ""):
                differs.add(told[person.id].number)
    return wishes, differs


def keep_import(*, consultation_id: UUID, filename: str, checked: Checked, batch_id: UUID | None, actor: Actor) -> KeptImport:
    """Keep a checked file, sealed, until its preview has been seen; it replaces what this actor had kept before."""
    there = already_there(consultation_id, checked.good, batch_id)
    wishes, differs = news_of(checked.good, there)
    row = RosterImport(consultation_id=consultation_id, created_by=actor.id, created_at=now())
    content = {
        "filename": filename[-200:],
        "batch_id": str(batch_id) if batch_id else None,
        "there": sorted(there),
        "wishes": sorted(wishes),
        "differs": sorted(differs),
        "rows": checked.rows,
        "good": [[good.number, *(getattr(good.person, field) for field in _FIELDS)] for good in checked.good],
        "sheets": [checked.sheet, *checked.unread],
        "twice": [[twice.row, twice.first, twice.name, twice.wish, twice.differs] for twice in checked.twice],
        "problems": [[problem.row, problem.column, problem.said.en, problem.said.fr] for problem in checked.problems],
    }
    row.content = json.dumps(content).encode()
    with writing() as session:
        mine = RosterImport.created_by == actor.id if actor.id else RosterImport.created_by.is_(None)
        waiting = (RosterImport.consultation_id == consultation_id, RosterImport.rows_done == 0, RosterImport.applied_at.is_(None))
        session.execute(delete(RosterImport).where(mine, *waiting))
        session.add(row)
        session.flush()
        note(session, "check_import", row, actor)
    return _opened(row)


def find_import(access: Access, import_id: UUID) -> KeptImport:
    """Return an import of this member's own, or raise AbsentError: nobody else sees what a file holds."""
    row = db.session.scalar(
        select(RosterImport).where(
            RosterImport.id == import_id,
            RosterImport.consultation_id == access.consultation.id,
            RosterImport.created_by == access.user_id,
        )
    )
    if row is None:
        raise AbsentError
    return _opened(row)


def discard_import(*, import_id: UUID, actor: Actor) -> None:
    """Forget a file that was checked and not stored."""
    with writing() as session:
        row = session.get(RosterImport, import_id)
        if row is not None:
            note(session, "discard_import", row, actor)
            session.delete(row)


def apply_chunk(kept: KeptImport, actor: Actor) -> KeptImport:
    """Store the next rows of an import; return it as it stands then.

    People who are on the roster already stay as they are, but that a wish not to be contacted
    holds from now on; all are put in the batch, if one was chosen. With the last row the content of the file is dropped.
    """
    for attempt in range(3):
        try:
            return _apply(kept, actor)
        except IntegrityError:
            # On PostgreSQL somebody else may have added one of these people since we looked: look again.
            if attempt == 2:
                raise
    raise AssertionError


def _apply(kept: KeptImport, actor: Actor) -> KeptImport:
    # Made ready outside the transaction, for where we think we are; the stored mark has the last word.
    some = _next(kept)
    prepared = {good.number: _prepared(good.person) for good in some}
    with writing() as session:
        row = session.get(RosterImport, kept.id, with_for_update=True)
        if row is None:
            raise AbsentError
        if row.rows_done == kept.rows_done and row.applied_at is None:
            batch = session.get(Batch, kept.batch_id) if kept.batch_id else None
            there = already_there(row.consultation_id, some, kept.batch_id)
            new = [good for good in some if good.number not in there]
            _add_people(session, row.consultation_id, [(good.person, prepared[good.number]) for good in new], batch)
            _take_wishes(some, there, actor)
            if batch is not None:
                put_some(session, batch, list(there.values()))
            row.rows_done += len(some)
            row.people_added += len(new)
            if row.rows_done >= len(kept.checked.good):
                row.applied_at, row.content = now(), None
                note(session, "import_people", row, actor)
    return replace(kept, rows_done=row.rows_done, people_added=row.people_added, applied=row.applied_at is not None)


def _next(kept: KeptImport) -> list[GoodRow]:
    """Return the rows that are stored together: fewer where people on the roster get a wish, for each is a verb of its own."""
    some = kept.checked.good[kept.rows_done : kept.rows_done + ROWS_AT_ONCE]
    wishing = [place for place, row in enumerate(some) if row.number in kept.wishes]
    return some[: wishing[WISHES_AT_ONCE]] if len(wishing) > WISHES_AT_ONCE else some


def _take_wishes(some: list[GoodRow], there: dict[int, UUID], actor: Actor) -> None:
    """Have those not be contacted any more who are on the roster and asked for that; nothing else of them changes."""
    wishes, _ = news_of([row for row in some if row.person.do_not_contact], there)
    for number in sorted(wishes):
        wish_for_address(person_id=there[number], wishes=Wishes(do_not_contact=True), actor=actor)


def _prepared(person: Particulars) -> dict[str, Any]:
    """Return the columns of a new person, all but what only the transaction knows."""
    row = Person(
        given_name=person.given_name, family_name=person.family_name, name_key=name_key(person.given_name, person.family_name),
        email=person.email, email_index=address_index(person.email) if person.email else None, phone=person.phone,
        sector=person.sector, region=person.region, language=person.language, identified_through=person.identified_through,
        safe_contact=person.safe_contact, do_not_contact=person.do_not_contact,
    )  # fmt: skip
    return {column: getattr(row, column) for column in _PREPARED}


def _add_people(session: Session, consultation_id: UUID, people: list[tuple[Particulars, dict[str, Any]]], batch: Batch | None) -> None:
    if not people:
        return
    named = {organization_key(each.organization): each.organization for each, _ in people}
    organizations = _organizations(session, consultation_id, named)
    moment = now()
    common = {"consultation_id": consultation_id, "open_to_team": batch is None or not batch.restricted, "created_at": moment}
    rows = [columns | common | {"organization_id": organizations.get(organization_key(each.organization))} for each, columns in people]
    session.execute(insert(Person), rows)
    if batch is not None:
        members = [{"id": new_id(), "batch_id": batch.id, "person_id": row["id"], "added_at": moment} for row in rows]
        session.execute(insert(BatchMember), members)


def _organizations(session: Session, consultation_id: UUID, named: dict[str, str]) -> dict[str, UUID]:
    named.pop("", None)
    rows = session.execute(
        select(Organization.name_key, Organization.id).where(
            Organization.consultation_id == consultation_id, Organization.name_key.in_(list(named))
        )
    )
    found: dict[str, UUID] = {key: organization_id for key, organization_id in rows}  # noqa: C416 - dict(rows) is not typed
    for key, name in named.items():
        if key not in found:
            made = Organization(consultation_id=consultation_id, name=name, name_key=key)
            session.add(made)
            found[key] = made.id
    session.flush()
    return found


def _opened(row: RosterImport) -> KeptImport:
    content: dict[str, Any] = json.loads(row.content or b'{"filename": "", "batch_id": null, "there": [], "rows": 0}')
    sheet, *unread = content.get("sheets", [""])
    checked = Checked(
        rows=content["rows"],
        sheet=sheet,
        unread=tuple(unread),
        good=[GoodRow(number, _particulars(values)) for number, *values in content.get("good", [])],
        twice=[Twice(*each) for each in content.get("twice", [])],
        problems=[Problem(number, column, Text(en, fr)) for number, column, en, fr in content.get("problems", [])],
    )
    batch_id = UUID(content["batch_id"]) if content["batch_id"] else None
    return KeptImport(
        row.id,
        content["filename"],
        batch_id,
        checked,
        frozenset(content["there"]),
        row.rows_done or 0,
        row.people_added or 0,
        row.applied_at is not None,
        frozenset(content.get("wishes", ())),
        frozenset(content.get("differs", ())),
    )


def _particulars(values: list[Any]) -> Particulars:
    named = dict(zip(_FIELDS, values, strict=True))
    return Particulars(**{**named, "identified_through": IdentifiedThrough(named["identified_through"])})
