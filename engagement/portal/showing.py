"""What the pages about a reply say: whether it can be given, what stands, what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement.consultations.models import Consultation, Status
from engagement.events.models import SeatState
from engagement.invitations.models import Choice, Mode
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import in_utc, now
from engagement.questionnaires.opening import Standing as QuestionnaireStanding
from engagement.questionnaires.opening import standing_of
from engagement.questionnaires.service import questionnaires_of
from engagement.questionnaires.wholeness import faults_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.events.guests import GuestView, SittingSeen, Standing
    from engagement.questionnaires.models import Questionnaire

_CLOSED = {Status.ANALYSING, Status.REPORTED, Status.NOT_GOING_FORWARD}


def coming_sittings(view: GuestView) -> tuple[SittingSeen, ...]:
    """Return the sittings that take place and are not over yet."""
    moment = now()
    return tuple(sitting for sitting in view.sittings if not sitting.cancelled and in_utc(sitting.ends_wall, view.zone) > moment)


def dates_of(coming: Sequence[SittingSeen]) -> str:
    """Return what a page keeps of the dates that it asks for: which they are, and when each begins."""
    return " ".join(f"{sitting.id.hex}:{sitting.starts_wall:%Y%m%d%H%M}" for sitting in coming)


def why_closed(view: GuestView, consultation: Consultation) -> Text | None:
    """Return why no reply is taken now, in one calm line; None where one is."""
    if view.closed is not None:
        return view.closed
    if view.sittings and not coming_sittings(view):
        return Text("This event is over. Thank you for your interest.", "Cet événement est terminé. Merci de votre intérêt.")
    if consultation.status in _CLOSED:
        return Text("This consultation is closed. Thank you for your interest.", "Cette consultation est terminée. Merci de votre intérêt.")
    return None


def offered_questionnaire(consultation: Consultation) -> Questionnaire | None:
    """Return the questionnaire that can be sent instead, if one is open and whole."""
    return next(
        (
            row
            for row in questionnaires_of(consultation.id)
            if standing_of(row, consultation) is QuestionnaireStanding.OPEN and not faults_of(row.id)
        ),
        None,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """What one guest has replied about one sitting, and what it came to."""

    sitting: SittingSeen | None
    reply: Text
    seat: Text
    answered: bool = True


def lines_of(view: GuestView) -> list[Line]:
    """Return the standing reply, sitting by sitting; of the event as a whole where it has no date yet.

    A sitting that is still to come and was not replied to stands there as such.
    """
    if not view.sittings:
        return [Line(None, _reply_words(view.standing, view.modes), Text("", ""))] if view.standing else []
    coming = coming_sittings(view) if view.standing else ()
    return [_line(view, sitting) for sitting in view.sittings if sitting.standing or sitting in coming]


def has_replied(view: GuestView) -> bool:
    """Return whether there is a reply to show: to a sitting that is still to come, or to all that there is."""
    coming = coming_sittings(view)
    return view.standing is not None and (not coming or any(sitting.standing for sitting in coming))


def _standings(view: GuestView) -> list[Standing]:
    said = [sitting.standing for sitting in view.sittings if sitting.standing and not sitting.cancelled]
    return said or ([view.standing] if view.standing else [])


def may_come_in_person(view: GuestView) -> bool:
    """Return whether, as far as was said, the guest may be in the room: then we ask what they eat."""
    there = any(each.choice is not Choice.DECLINED and each.mode is not Mode.ONLINE for each in _standings(view))
    return there and Mode.IN_PERSON in view.modes


def _line(view: GuestView, sitting: SittingSeen) -> Line:
    if sitting.cancelled:
        return Line(sitting, Text("This sitting is cancelled.", "Cette séance est annulée."), Text("", ""))
    if sitting.standing is None:
        return Line(
            sitting,
            Text("You have not replied for this date yet.", "Vous n’avez pas encore répondu pour cette date."),
            Text("", ""),
            answered=False,
        )
    return Line(sitting, _reply_words(sitting.standing, view.modes), _seat_words(sitting.standing))


def _reply_words(standing: Standing | None, modes: Sequence[Mode]) -> Text:
    if standing is None or standing.choice is Choice.DECLINED:
        return Text("You cannot come.", "Vous ne pouvez pas participer.")
    if standing.choice is Choice.TENTATIVE:
        return Text("Maybe.", "Peut-être.")
    if standing.mode is None and len(modes) > 1:
        return Text("You are coming.", "Vous participerez.")
    if standing.mode is Mode.ONLINE or tuple(modes) == (Mode.ONLINE,):
        return Text("You are coming, online.", "Vous participerez, en ligne.")
    return Text("You are coming, in person.", "Vous participerez, en personne.")


def _seat_words(standing: Standing) -> Text:
    if standing.seat is None:
        return _SAY_HOW if standing.choice is Choice.ACCEPTED and standing.mode is None else Text("", "")
    if standing.seat is SeatState.TAKEN:
        return Text("A seat is kept for you.", "Une place vous est réservée.")
    said = Text(
        "All seats are taken. You are number {place} on the waiting list.",
        "Toutes les places sont prises. Vous êtes au rang {place} de la liste d’attente.",
    )
    return said.format(place=standing.place)


_SAY_HOW = Text(
    "Please say whether in person or online: until then, no seat is kept for you.",
    "Veuillez préciser si ce sera en personne ou en ligne\u00a0: d’ici là, aucune place ne vous est réservée.",
)
_KEEP = Text(
    "Your seat is yours. If you cannot come after all, change your reply, so that somebody else can have it.",
    "Votre place vous est acquise. Si vous ne pouvez finalement pas venir, changez votre réponse\u00a0: "
    "une autre personne pourra l’occuper.",
)
_WAIT = Text(
    "If a seat becomes free, we write to you. Until then, please do not make the journey.",
    "Si une place se libère, nous vous écrirons. D’ici là, veuillez ne pas faire le déplacement.",
)
_UNSURE = Text(
    "No seat is kept for you yet. Open the same link again once you know.",
    "Aucune place ne vous est encore réservée. Ouvrez de nouveau le même lien dès que vous saurez.",
)
_CONFIRMED = Text("We are sending you an email that says what we recorded.", "Nous vous envoyons un courriel qui confirme votre réponse.")
_DECLINED = Text("You need not do anything more.", "Vous n’avez rien d’autre à faire.")
_NO_DATE = Text("We write to you as soon as the date is known.", "Nous vous écrirons dès que la date sera connue.")
_SENDING = Text("We are sending you the questionnaire by email.", "Nous vous envoyons le questionnaire par courriel.")


def what_happens_next(view: GuestView, consultation: Consultation, *, by_mail: bool) -> list[Text]:
    """Return what the guest can expect after this reply, line by line; ``by_mail``: a mail about it is on its way."""
    standings = _standings(view)
    seats = {standing.seat for standing in standings}
    choices = {standing.choice for standing in standings}
    said = (
        (_KEEP, SeatState.TAKEN in seats),
        (_WAIT, SeatState.WAITING in seats),
        (_UNSURE, Choice.TENTATIVE in choices),
        (_NO_DATE, not view.sittings and Choice.ACCEPTED in choices),
        (_SENDING, view.wants_questionnaire and offered_questionnaire(consultation) is not None),
        (_CONFIRMED, by_mail),
        (_DECLINED, choices == {Choice.DECLINED}),
    )
    return [words for words, holds in said if holds]
