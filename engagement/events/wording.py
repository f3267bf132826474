"""The sentences of an event's mails, in the guest's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.events.guests import published_agendas
from engagement.events.models import SeatState
from engagement.invitations.models import Choice, Mode
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.wording import span_words, time_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.events.guests import Named
    from engagement.events.models import Event, Seat, Sitting
    from engagement.invitations.models import Reply
    from engagement.kernel.bilingual import Language

NO_DATE = {"en": "date not set yet", "fr": "date à venir"}


def when_words(event: Event, sitting: Sitting | None, language: Language) -> str:
    """Return when a sitting is, on its own clocks; the date note, or that there is no date yet."""
    if sitting is None:
        return event.text("date_note").in_(language) or NO_DATE[language]
    return span_words(sitting.starts_wall, sitting.ends_wall, event.zone, language)


def part_words(event: Event, sitting: Sitting | None, sittings: Sequence[Sitting], language: Language) -> str:
    """Return which day of several this mail is for, since each has its own calendar entry; else nothing.

    Neither a day that is cancelled nor one that is over is among them: nobody can come to it.
    """
    ahead = [each for each in sittings if each.cancelled_at is None and each.ends_at > now()]
    if sitting is None or len(ahead) < 2:
        return ""
    days = "\n".join(f"– {when_words(event, each, language)}" for each in ahead)
    if language == "fr":
        return (
            f"Il y a {len(ahead)} séances; vous pouvez répondre à toutes en une fois\u00a0:\n{days}\n"
            "Chacune fait l’objet d’un courriel distinct, avec sa propre inscription au calendrier."
        )
    return (
        f"There are {len(ahead)} sittings; you can reply to all of them in one go:\n{days}\n"
        "Each comes in a mail of its own, with its own calendar entry."
    )


def agenda_words(sitting: Sitting, language: Language) -> str:
    """Return the agenda as guests see it, a line for each item; nothing where there is none."""
    lines = []
    for item in published_agendas([sitting.id]).get(sitting.id, ()):
        head = item.title.in_(language)
        kind = item.kind_words.in_(language)
        # "Welcome (welcome)" says it twice.
        said_already = kind.casefold() in head.casefold()
        what = head if said_already else f"{head} ({kind.lower()})" if head else kind
        people = "; ".join(_named(each, language) for each in item.people)
        lines.append(f"{time_words(item.starts_wall, language)}  {what}{_before(people, language)}{people}")
    if not lines:
        return ""
    head = {"en": "Agenda", "fr": "Ordre du jour"}[language]
    return head + "\n" + "\n".join(lines)


def _named(guest: Named, language: Language) -> str:
    part = guest.part.in_(language).lower()
    return f"{guest.name} ({part})" if language == "fr" else f"{guest.name}, {part}"


def _before(people: str, language: Language) -> str:
    if not people:
        return ""
    return " – " if language == "fr" else ": "


DECLINED = Text("You cannot come.", "Vous ne pouvez pas participer.")
TENTATIVE = Text(
    "You may come. No seat is kept until you say that you are coming.",
    "Vous participerez peut-être. Aucune place n’est retenue tant que vous n’avez pas dit oui.",
)
COMING = Text("You are coming.", "Vous participerez.")
HOW = Text(
    "You are coming. Please say on your page whether in person or online: until then no seat is kept.",
    "Vous participerez. Veuillez indiquer sur votre page si ce sera en personne ou en ligne\u00a0: d’ici là, aucune place n’est retenue.",
)
LINK = Text("On the day, follow this link:", "Le jour même, suivez ce lien\u00a0:")
SEATED = {
    (SeatState.TAKEN, Mode.IN_PERSON): Text(
        "You are coming in person. Your seat is kept.", "Vous participerez en personne. Votre place est réservée."
    ),
    (SeatState.TAKEN, Mode.ONLINE): Text(
        "You are coming online. Your seat is kept.", "Vous participerez en ligne. Votre place est réservée."
    ),
    (SeatState.WAITING, Mode.IN_PERSON): Text(
        "You are on the waiting list for a seat in person. We will write to you as soon as one is yours.",
        "Vous êtes sur la liste d’attente pour une place en personne. Nous vous écrirons dès qu’une place vous est attribuée.",
    ),
    (SeatState.WAITING, Mode.ONLINE): Text(
        "You are on the waiting list for a seat online. We will write to you as soon as one is yours.",
        "Vous êtes sur la liste d’attente pour une place en ligne. Nous vous écrirons dès qu’une place vous est attribuée.",
    ),
}


def recorded_words(reply: Reply, seat: Seat | None, online_link: str, language: Language) -> str:
    """Return what was recorded, and what it means for the seat. The link stands only beside an online seat."""
    if reply.choice is not Choice.ACCEPTED:
        return (DECLINED if reply.choice is Choice.DECLINED else TENTATIVE).in_(language)
    if seat is None:
        # Accepted in a calendar, of a sitting that has two ways of taking part.
        return (HOW if reply.sitting_id is not None and reply.mode is None else COMING).in_(language)
    said = SEATED[seat.state, seat.mode].in_(language)
    if online_link and (seat.state, seat.mode) == (SeatState.TAKEN, Mode.ONLINE):
        return f"{said}\n{LINK.in_(language)}\n{online_link}"
    return said


def kept_words(reply: Reply, language: Language) -> str:
    """Return that the questionnaire was asked for instead, where it was."""
    if not reply.wants_questionnaire:
        return ""
    return (
        "Vous avez demandé le questionnaire\u00a0: nous avons noté votre demande."
        if language == "fr"
        else "You asked for the questionnaire: we have noted it."
    )
