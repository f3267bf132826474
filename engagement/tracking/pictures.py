"""The pictures of the response page, drawn from what its reader may know."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.kernel.charts import Chart, bar_chart, line_chart
from engagement.kernel.wording import number_words, short_date

if TYPE_CHECKING:
    from engagement.consultations.models import Consultation
    from engagement.tracking.reading import Page

# A line of more days is drawn through the days with answers only.
MOST_DAYS = 400

OVER_TIME = Text("Responses over time", "Réponses au fil du temps")
SILENT = Text("Silent, by sector", "Sans réponse, par secteur")
_N_ANSWERS = Text(
    "N = {n} responses, complete and in part, counted from the first day.",
    "N = {n} réponses, complètes et partielles, cumulées depuis le premier jour.",
)
_N_ONE_ANSWER = Text("N = 1 response, complete or in part.", "N = 1 réponse, complète ou partielle.")
_N_SILENT = Text(
    "N = {n} people by name who were sent a questionnaire and have not answered; bounced mails are among them.",
    "N = {n} personnes désignées par leur nom qui ont reçu un questionnaire sans y répondre; les courriels non distribués en font partie.",
)
_N_ONE_SILENT = Text(
    "N = 1 person by name who was sent a questionnaire and has not answered; bounced mails are among them.",
    "N = 1 personne désignée par son nom qui a reçu un questionnaire sans y répondre; les courriels non distribués en font partie.",
)
_SOME_SECTORS = Text(
    " Sectors of which a small count is held back are left out.", " Les secteurs dont un petit nombre n’est pas montré sont omis."
)
_TOLD_TIME = Text("From {first} to {last}, the responses rise to {n}.", "Du {first} au {last}, les réponses atteignent {n}.")
_TOLD_ONE_DAY = Text("On {last}, the responses rise to {n}.", "Le {last}, les réponses atteignent {n}.")
_TOLD_ONE_ANSWER = Text("The first response came on {last}.", "La première réponse est arrivée le {last}.")
_TOLD_SILENT = Text("Most are in this sector: {sector}, {n}.", "Secteur le plus représenté\u00a0: {sector}, {n}.")
_TOLD_SEVERAL = Text("Several sectors have most: {n} each.", "Plusieurs secteurs sont les plus représentés\u00a0: {n} chacun.")
_CLOSES = Text("Closing date", "Date de clôture")
_DAY_COLUMNS = Text("Day|Responses in all", "Jour|Réponses au total")
_SECTOR_COLUMNS = Text("Sector|People", "Secteur|Personnes")


def over_time(page: Page, consultation: Consultation, language: str) -> Chart | None:
    """Return the line of the responses, None where there is nothing to draw."""
    if not page.over_time:
        return None
    first, (last, count) = page.over_time[0][0], page.over_time[-1]
    total = number_words(count, language)
    told = _TOLD_ONE_ANSWER if count == 1 else _TOLD_ONE_DAY if first == last else _TOLD_TIME
    note = _N_ONE_ANSWER if count == 1 else _N_ANSWERS
    starts = consultation.opens_on if consultation.opens_on and consultation.opens_on < first else first - timedelta(days=1)
    points = [(starts, 0), *page.over_time]
    closes = consultation.closes_on
    marks = [(closes, _CLOSES.in_(language))] if closes and starts < closes <= last else []
    chart = line_chart(
        OVER_TIME.in_(language),
        told.in_(language).format(first=short_date(first, language), last=short_date(last, language), n=total),
        points if page.guarded else _each_day(points),
        marks=marks,
        language=language,
        note=note.in_(language).format(n=total),
    )
    return _with_rows(chart, _DAY_COLUMNS.in_(language), tuple((day.isoformat(), count) for day, count in page.over_time))


def _each_day(points: list[tuple[date, int]]) -> list[tuple[date, int]]:
    """Return a point for every day, so that days without an answer are flat."""
    first, last = points[0][0], points[-1][0]
    if (last - first).days > MOST_DAYS:
        return points
    known, count, filled = dict(points), 0, []
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        count = known.get(day, count)
        filled.append((day, count))
    return filled


def silent_by_sector(page: Page, language: str) -> Chart | None:
    """Return the bars of those who have not answered, None where there is nothing to draw."""
    if not page.silent:
        return None
    rows = [(label.in_(language), count) for _, label, count in page.silent]
    count = sum(count for _, count in rows)
    note = (_N_ONE_SILENT if count == 1 else _N_SILENT).in_(language).format(n=number_words(count, language))
    # Of several sectors that have most, none is named.
    alone = len(rows) == 1 or rows[0][1] > rows[1][1]
    told = (_TOLD_SILENT if alone else _TOLD_SEVERAL).in_(language).format(sector=rows[0][0], n=number_words(rows[0][1], language))
    chart = bar_chart(
        SILENT.in_(language),
        told,
        rows,
        language=language,
        note=note + (_SOME_SECTORS.in_(language) if page.guarded else ""),
    )
    return _with_rows(chart, _SECTOR_COLUMNS.in_(language), tuple(rows))


def _with_rows(chart: Chart, columns: str, rows: tuple[tuple[str | float, ...], ...]) -> Chart:
    return replace(chart, columns=tuple(columns.split("|")), rows=rows)


def picture(name: str, page: Page, consultation: Consultation, language: str) -> Chart | None:
    """Return the picture called ``name`` ("over-time", "silent"), None where there is none."""
    if name == "over-time":
        return over_time(page, consultation, language)
    return silent_by_sector(page, language) if name == "silent" else None
