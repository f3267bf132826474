"""The figures of themes as a picture, and as rows for a data file: the same figures as on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.kernel.charts import Chart, bar_chart
from engagement.kernel.wording import number_words, percent_words

if TYPE_CHECKING:
    from engagement.findings.reading import Line, ThemeTable

# Whether 1 to 4 spoke of a theme, or all but 1 to 4, is not told.
NOT_SHOWN = Text("not shown", "non indiqué")
FEW_IN_ALL = Text("1 to 4", "de 1 à 4")
NO_PILLAR = Text("", "")
HEADER = Text("theme|pillar|n|percent|N", "thème|pilier|n|pourcentage|N")
BASE = Text(
    "N = {n} submissions. Results are not mutually exclusive.", "N = {n} contributions. Les résultats ne sont pas mutuellement exclusifs."
)
MOST = Text(
    "The most frequent theme is “{name}”: {percent} of the submissions.",
    "Le thème le plus fréquent est «\u00a0{name}\u00a0»\u00a0: {percent} des contributions.",
)
MOST_SHOWN = Text(
    "Of the themes whose figures are shown, the most frequent is “{name}”: {percent} of the submissions.",
    "Parmi les thèmes dont les chiffres sont indiqués, le plus fréquent est « {name} » : {percent} des contributions.",
)
FEW = Text(
    "Themes whose figures are not shown are not drawn.", "Les thèmes dont les chiffres ne sont pas indiqués ne sont pas représentés."
)
NOTHING = Text("No submission carries a code yet.", "Aucune contribution ne porte encore de code.")
COLUMNS = Text("Theme|Percentage", "Thème|Pourcentage")


def chart_of(table: ThemeTable, language: str) -> Chart:
    """Return the bars of one prompt, in the order of its table; counts that are not shown have no bar."""
    drawn = [(line.code.text("name").in_(language), float(line.figure.percent)) for line in table.themes if line.figure.percent is not None]
    theme, percentage = COLUMNS.in_(language).split("|")
    return bar_chart(
        table.prompt.text("wording").in_(language),
        description_of(table, language),
        drawn,
        unit="%",
        language=language,
        note=BASE.in_(language).format(n=base_of(table, language)),
        columns=(theme, percentage),
    )


def base_of(table: ThemeTable, language: str) -> str:
    """Return N as it is written."""
    return FEW_IN_ALL.in_(language) if table.submissions is None else number_words(table.submissions, language)


def description_of(table: ThemeTable, language: str) -> str:
    """Return in words what the picture shows, for whoever does not see it."""
    first = max(table.themes, key=lambda line: line.figure.n or 0, default=None)
    hidden = any(line.figure.n is None for line in table.themes)
    if first is None or not first.figure.n:
        return (FEW if hidden else NOTHING).in_(language)
    said = MOST_SHOWN if hidden else MOST
    words = said.in_(language).format(name=first.code.text("name").in_(language), percent=percent_of(first, language))
    return f"{words} {FEW.in_(language)}" if hidden else words


def percent_of(line: Line, language: str) -> str:
    """Return a line's percentage as it is written, the words for it where it is not shown."""
    percent = line.figure.percent
    if line.figure.n is None:
        return NOT_SHOWN.in_(language)
    return percent_words(None if percent is None else percent / 100, language, digits=0)


def data_rows(table: ThemeTable, language: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the data file, in ``language``."""
    rows = [
        [
            line.code.text("name").in_(language),
            (line.parent.text("name") if line.parent else NO_PILLAR).in_(language),
            NOT_SHOWN.in_(language) if line.figure.n is None else str(line.figure.n),
            "" if line.figure.percent is None else str(line.figure.percent),
            FEW_IN_ALL.in_(language) if table.submissions is None else str(table.submissions),
        ]
        for line in table.themes
    ]
    return HEADER.in_(language).split("|"), rows
