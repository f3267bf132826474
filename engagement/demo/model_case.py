"""Loading the model case: the 2018 consultation as its team would have run it here.

One transaction: it is there as a whole or not at all. The verbs of the rooms do the work, and
what they date with today is put back to 2018, since their rules would refuse an answer that
comes years late.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation, Status
from engagement.consultations.service import Particulars, create_consultation, keep_document
from engagement.demo.events_2018 import hold_events
from engagement.demo.findings_2018 import tell_findings
from engagement.demo.loading import Loading
from engagement.demo.paper import one_page
from engagement.demo.people_2018 import SEED, plan_people
from engagement.demo.questionnaire_2018 import send_questionnaire
from engagement.demo.rows import Roster
from engagement.demo.team import join_team
from engagement.demo.texts_2018 import CONSULTATION, PAPER
from engagement.kernel.audit import Actor, staff
from engagement.kernel.db import writing
from engagement.roster.models import IdentifiedThrough
from engagement.roster.service import add_batch, add_person, put_in_batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from engagement.accounts.models import User
    from engagement.demo.people_2018 import Plan, Someone
    from engagement.roster.models import Person

SLUG = "way-forward-2018"
BEGAN = datetime(2018, 7, 16, 14, tzinfo=UTC)
ASKED_FROM, ASKED_UNTIL, RECEIVED_UNTIL = date(2018, 9, 6), date(2018, 10, 12), date(2018, 11, 1)


def load_model_case(team: dict[str, User], tick: Callable[[], None]) -> None:
    """Load the model case whole; ``tick`` is called once for each person on its roster."""
    actor = staff(team["organizer"].id)
    drawn = random.Random(f"{SEED} days")  # noqa: S311 - inventing days is no secret.
    plan = plan_people()
    with writing() as session:
        consultation = _announce(actor)
        loading = Loading(session, consultation, actor, drawn, tick)
        people = _fill_roster(loading, plan)
        survivors = _shelter_survivors(consultation, plan, actor)
        events = hold_events(loading, people, survivors)
        send_questionnaire(loading, people)
        coder = staff(team["analyst"].id)
        tell_findings(session, consultation_id=consultation.id, event_id=events["summit"].id, coder=coder, actor=actor)
        join_team(consultation, team, events["summit"].id, actor)
        consultation.status = Status.ANALYSING


def _announce(actor: Actor) -> Consultation:
    particulars = Particulars(
        # It is open while it is loaded, as it was when all this happened.
        status=Status.OPEN,
        is_public=True,
        zone="America/Toronto",
        opens_on=ASKED_FROM,
        closes_on=ASKED_UNTIL,
        received_until=RECEIVED_UNTIL,
        contact_email="consultation@example.org",
        contact_phone="613-555-0100",
        texts=CONSULTATION,
    )
    consultation = create_consultation(slug=SLUG, particulars=particulars, actor=actor, is_demo=True)
    consultation.created_at = BEGAN
    for language, (title, filename, lines) in PAPER.items():
        content = one_page(title, lines)
        keep_document(
            consultation_id=consultation.id, language=language, title=title, filename=filename, content=content, actor=actor
        )  # fmt: skip
    return consultation


def _fill_roster(loading: Loading, plan: Plan) -> list[tuple[Someone, Person]]:
    """Put everybody but the survivors on the roster, and in the batches they were chosen in."""
    roster, actor = Roster(loading), loading.actor
    people = [(someone, roster.person(someone, BEGAN + timedelta(days=(someone.wave or 0) * 21))) for someone in plan.people]
    loading.store()
    first = [person.id for someone, person in people if someone.wave == 0 and someone.through is not IdentifiedThrough.OPEN_CALL]
    summit = [person.id for someone, person in people if "summit" in someone.replies]
    regional = [person.id for someone, person in people if someone.replies.keys() & {"vancouver", "winnipeg", "montreal"}]
    for name, members in (("First batch, questionnaire", first), ("National summit", summit), ("Regional roundtables", regional)):
        _batch(loading.consultation.id, name, members, actor)
    return people


def _batch(consultation_id: UUID, name: str, members: list[UUID], actor: Actor) -> None:
    batch = add_batch(consultation_id=consultation_id, name=name, actor=actor)
    batch.created_at = BEGAN
    put_in_batch(batch_id=batch.id, person_ids=members, actor=actor)


def _shelter_survivors(consultation: Consultation, plan: Plan, actor: Actor) -> list[Person]:
    """Put the survivors in a restricted batch, under code names that a support worker holds."""
    batch = add_batch(consultation_id=consultation.id, name="Survivor roundtable", restricted=True, actor=actor)
    batch.created_at = BEGAN
    sheltered = []
    for code_name in plan.code_names:
        person = add_person(
            consultation_id=consultation.id,
            given_name="Participant",
            family_name=code_name,
            safe_contact="Only through the support worker, on weekdays before noon: 416-555-0142.",
            identified_through=IdentifiedThrough.STAFF,
            batch_id=batch.id,
            actor=actor,
        )
        person.created_at = BEGAN
        sheltered.append(person)
    return sheltered
