"""What the model case says of itself and of its events, in our own words, in English and French."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from engagement.events.models import Kind
from engagement.kernel.bilingual import Text

NBSP = "\u00a0"

CONSULTATION: dict[str, Text] = {
    "title": Text("The way forward to end human trafficking", "La voie à suivre pour mettre fin à la traite de personnes"),
    "lead": Text("Public Safety Canada", "Sécurité publique Canada"),
    "why": Text(
        "The national plan against human trafficking has run out. Before a new strategy is written, those who work against it "
        "every day, and those who have lived it, should say what has to change.",
        "Le plan national de lutte contre la traite de personnes est arrivé à son terme. Avant de rédiger une nouvelle stratégie, "
        "il faut entendre les personnes qui la combattent chaque jour et celles qui l’ont vécue.",
    ),
    "who": Text(
        "Organizations that support people who were trafficked, Indigenous organizations, police and prosecutors, health and "
        "front-line services, researchers, industry, and governments at every level. Survivors were heard at a table of their own.",
        "Les organismes qui soutiennent les personnes touchées, les organismes autochtones, la police et les procureurs, les services "
        "de santé et de première ligne, le milieu de la recherche, l’industrie et tous les ordres de gouvernement. Les personnes "
        "survivantes ont été entendues à une table qui leur était réservée.",
    ),
    "what": Text(
        "What stands in the way today, and what would work: whether to keep the four pillars (prevention, protection, prosecution, "
        "partnerships), and what to do about labour trafficking, data, technology and the protection of victims.",
        f"Ce qui fait obstacle aujourd’hui et ce qui fonctionnerait{NBSP}: faut-il conserver les quatre piliers (prévention, protection, "
        "poursuites judiciaires, partenariats), et que faire au sujet du travail forcé, des données, de la technologie et de la "
        "protection des victimes.",
    ),
    "contact": Text(
        "Write to or call the consultation team on working days.",
        "Écrivez à l’équipe de la consultation ou téléphonez-lui les jours ouvrables.",
    ),
    "support_line": Text(
        "Somebody to talk to, day and night, free of charge: 1-800-555-0100.",
        f"Quelqu’un à qui parler, jour et nuit, sans frais{NBSP}: 1-800-555-0100.",
    ),
    "privacy_notice": Text(
        "Why we ask: to prepare a new national strategy. Your answers are read by the consultation team only and are reported "
        "without names. The law can oblige us to share what concerns a child in danger, and a court can order us to produce records. "
        "Taking part is your choice, and you can stop at any time. To see or correct what we hold about you, or to complain, "
        "write to the team; you can also turn to the Privacy Commissioner.",
        f"Pourquoi nous vous consultons{NBSP}: pour préparer une nouvelle stratégie nationale. Seule l’équipe de la consultation lit vos "
        "réponses, et le rapport ne nomme personne. La loi peut nous obliger à signaler ce qui touche un enfant en danger, et un "
        "tribunal peut exiger nos documents. Vous participez librement et pouvez arrêter à tout moment. Pour consulter ou corriger "
        "ce que nous détenons à votre sujet, ou pour vous plaindre, écrivez à l’équipe; vous pouvez aussi vous adresser au "
        "Commissariat à la protection de la vie privée.",
    ),
}
PAPER = {
    "en": ("Discussion paper", "discussion-paper.pdf", [
        "Demonstration only: this paper and all people in this consultation are invented.", "",
        "1. What has been tried: four pillars and what each of them achieved.", "2. What has changed: recruiting, labour, technology.",
        "3. What we would like to hear from you.",
    ]),
    "fr": ("Document de travail", "document-de-travail.pdf", [
        "Démonstration seulement\u00a0: ce document et toutes les personnes de cette consultation sont inventés.", "",
        "1. Ce qui a été tenté\u00a0: quatre piliers et leurs résultats.",
        "2. Ce qui a changé\u00a0: le recrutement, le travail, la technologie.",
        "3. Ce que nous aimerions entendre de vous.",
    ]),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gathering:
    """One of the six events: its texts and days, and how many were invited, came and came to each sitting."""

    key: str
    title: Text
    kind: Kind
    zone: str
    days: tuple[date, ...]
    venue: Text
    about: Text
    seats: int
    invited: int
    came: int
    listed: bool = True
    restricted: bool = False
    date_note: Text = Text("", "")  # noqa: RUF009 - a Text never changes.

    def hours(self) -> list[tuple[datetime, datetime]]:
        """Return when each sitting begins and ends, on the clocks of the event's zone."""
        return [(datetime.combine(day, time(9)), datetime.combine(day, time(16, 30))) for day in self.days]


ROUNDTABLE = Text(
    "A day of discussion in small groups: what is missing, and what would help.",
    "Une journée de discussion en petits groupes\u00a0: ce qui manque et ce qui aiderait.",
)
NO_DATE = Text("Date not published (September to October 2018)", "Date non publiée (septembre à octobre 2018)")

GATHERINGS = (
    Gathering(
        "vancouver", Text("Regional roundtable, Vancouver", "Table ronde régionale, Vancouver"), Kind.ROUNDTABLE, "America/Vancouver",
        (date(2018, 9, 6),), Text("Vancouver, British Columbia", "Vancouver (Colombie-Britannique)"), ROUNDTABLE, 60, 62, 41,
    ),
    Gathering(
        "winnipeg", Text("Regional roundtable, Winnipeg", "Table ronde régionale, Winnipeg"), Kind.ROUNDTABLE, "America/Winnipeg",
        (date(2018, 9, 10),), Text("Winnipeg, Manitoba", "Winnipeg (Manitoba)"), ROUNDTABLE, 50, 52, 33,
    ),
    Gathering(
        "montreal", Text("Regional roundtable, Montréal", "Table ronde régionale, Montréal"), Kind.ROUNDTABLE, "America/Toronto",
        (date(2018, 9, 13),), Text("Montréal, Quebec", "Montréal (Québec)"), ROUNDTABLE, 55, 58, 38,
    ),
    Gathering(
        "summit", Text("National summit, Toronto", "Sommet national, Toronto"), Kind.SUMMIT, "America/Toronto",
        (date(2018, 9, 27), date(2018, 9, 28)), Text("Toronto, Ontario", "Toronto (Ontario)"),
        Text("Two days with people from all regions and sectors.", "Deux jours réunissant toutes les régions et tous les secteurs."),
        140, 140, 92,
    ),
    Gathering(
        "survivors", Text("Survivor roundtable", "Table ronde des personnes survivantes"), Kind.ROUNDTABLE, "America/Toronto", (),
        Text("Toronto, Ontario", "Toronto (Ontario)"),
        Text("Who takes part is known to the people who prepare it, and to nobody else.",
             "Seules les personnes qui la préparent savent qui participe."),
        0, 24, 18, listed=False, restricted=True, date_note=NO_DATE,
    ),
    Gathering(
        "ottawa", Text("Meeting with sex work organizations", "Réunion avec les organismes du travail du sexe"), Kind.MEETING,
        "America/Toronto", (), Text("Ottawa, Ontario", "Ottawa (Ontario)"),
        Text("The discussion paper was sent beforehand.", "Le document de travail a été envoyé au préalable."),
        0, 20, 14, listed=False, date_note=NO_DATE,
    ),
)  # fmt: skip

REASONS = {
    "en": ("Another commitment that day.", "No travel budget this year.", "Somebody else from our office will come.",
           "I would rather write."),
    "fr": ("Un autre engagement ce jour-là.", "Aucun budget de déplacement cette année.", "Une autre personne du bureau ira.",
           "Je préfère écrire."),
}  # fmt: skip
PARTNERS = (
    ("Federal taskforce members", 38, 11), ("Provincial and territorial partners", 27, 8), ("Secrétariat québécois partenaire", 16, 5),
    ("National victim services association", 9, 3),
)  # fmt: skip
