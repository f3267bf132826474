"""Charts: Vega-Lite specifications as plain dicts, rendered to SVG for a page and to PNG and SVG files.

The picture in a page carries no title (the page's heading is it) and obeys the strict policy:
no style, no script, nothing remote. The files carry title and note, so that they stand alone.
Words inside a chart are ours, in the language asked for; nothing is left to the renderer's English.
"""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from engagement.kernel.wording import NBSP, number_words, short_date

if TYPE_CHECKING:
    from collections.abc import Sequence

INK, SOFT, LINE, BRAND, WARN = "#1b1f24", "#4c5662", "#c9ced6", "#1f3a5f", "#8a5300"
FONT = "Atkinson Hyperlegible Next, sans-serif"
WIDTH = 620
LABEL_WIDTH = 210
LABEL_LETTERS = 30
# On a small screen: 320 px less the margins of the page.
NARROW_WIDTH, NARROW_LETTERS = 280, 36
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}

# What the renderer says of its own parts, in English; the picture's own name and description replace it.
_ENGLISH_ARIA = re.compile(r' (?:role|aria-label|aria-roledescription|aria-hidden)="[^"]*"')


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of figures: what it is called, what it shows in words, its base, and how it is drawn.

    ``columns`` and ``rows`` are the same figures as a table, for the page and the data file.
    """

    title: str
    description: str
    note: str
    language: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    drawing: str
    narrow: str

    @property
    def svg(self) -> Markup:
        """Return the picture to stand in a page, under a heading that is its title."""
        return Markup(_named(_render_svg(self.drawing), self.title, self.description, self.language))  # noqa: S704 - all words are escaped by the renderer or by us.

    @property
    def narrow_svg(self) -> Markup:
        """Return the same picture for a small screen, where its words keep their size."""
        return Markup(_named(_render_svg(self.narrow), self.title, self.description, self.language))  # noqa: S704 - as above.

    def svg_file(self) -> bytes:
        """Return the picture as a file of its own, with title and note."""
        named = _named(_render_svg(self._titled()), self.title, self.description, self.language)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{named}\n'.encode()

    def png(self, scale: float = 2) -> bytes:
        """Return the picture in pixels, for a text processor; ``scale`` 2 is 192 dots per inch."""
        return _render_png(self._titled(), scale)

    def _titled(self) -> str:
        spec = json.loads(self.drawing)
        spec["title"] = {"text": textwrap.wrap(self.title, 60), "subtitle": textwrap.wrap(self.note, 90)}
        return json.dumps(spec)


def bar_chart(
    title: str,
    description: str,
    rows: Sequence[tuple[str, float]],
    *,
    unit: str = "",
    language: str = "en",
    note: str = "",
    columns: tuple[str, str] = ("", ""),
) -> Chart:
    """Return horizontal bars in the order of ``rows``, each with its value beside it.

    ``unit`` follows each number after a non-breaking space ("%"); ``note`` says N and base.
    """
    bars = [_bar(index, label, value, _shown(value, unit, language)) for index, (label, value) in enumerate(rows)]
    most = max([value for _, value in rows] + [1])
    y = {"field": "row", "type": "nominal", "sort": None, "axis": None}
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, most]}}
    words = {"type": "text", "baseline": "middle", "color": INK, "fontSize": 14}
    spec = _spec(
        width=WIDTH - LABEL_WIDTH - 90,
        height={"step": 14 + 16 * max([len(bar["label"]) for bar in bars] + [1])},
        data={"values": bars},
        layer=[
            {
                "mark": {**words, "align": "left", "x": -LABEL_WIDTH, "dy": {"expr": "datum.lift"}, "lineHeight": 16},
                "encoding": {"y": y, "text": {"field": "label", "type": "nominal"}},
            },
            {"mark": {"type": "bar", "color": BRAND, "height": 20}, "encoding": {"y": y, "x": x}},
            {
                "mark": {**words, "align": "left", "dx": 8},
                "encoding": {"y": y, "x": x, "text": {"field": "shown", "type": "nominal"}},
            },
        ],
    )
    kept = tuple((label, value) for label, value in rows)
    return Chart(title, description, note, language, columns, kept, json.dumps(spec), _narrow_bars(rows, unit, language))


def _narrow_bars(rows: Sequence[tuple[str, float]], unit: str, language: str) -> str:
    """Return bars for a small screen, each below its label."""
    lines = [textwrap.wrap(label, NARROW_LETTERS) or [""] for label, _ in rows]
    # From the middle of a row up to the first line of its label: the bar stands at the foot of the row.
    bars = [
        {"row": str(index), "value": value, "shown": _shown(value, unit, language), "label": label, "lift": -16 * (len(label) - 1) - 2}
        for index, ((_, value), label) in enumerate(zip(rows, lines, strict=True))
    ]
    y = {"field": "row", "type": "nominal", "sort": None, "axis": None}
    most = max([value for _, value in rows] + [1])
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, most]}}
    words = {"type": "text", "align": "left", "color": INK, "fontSize": 14}
    foot = 8 * max([len(each) for each in lines] + [1])
    spec = _spec(
        width=NARROW_WIDTH - 70,
        height={"step": 32 + 2 * foot},
        data={"values": bars},
        layer=[
            {
                "mark": {**words, "baseline": "bottom", "x": 0, "yOffset": foot - 8, "dy": {"expr": "datum.lift"}, "lineHeight": 16},
                "encoding": {"y": y, "text": {"field": "label", "type": "nominal"}},
            },
            {"mark": {"type": "bar", "color": BRAND, "height": 16, "yOffset": foot}, "encoding": {"y": y, "x": x}},
            {
                "mark": {**words, "baseline": "middle", "dx": 8, "yOffset": foot},
                "encoding": {"y": y, "x": x, "text": {"field": "shown", "type": "nominal"}},
            },
        ],
    )
    return json.dumps({**spec, "padding": 4})


def _bar(index: int, label: str, value: float, shown: str) -> dict[str, Any]:
    lines = textwrap.wrap(label, LABEL_LETTERS) or [""]
    # Half the height of the lines below the first, so that a label of several is centred on its bar.
    return {"row": str(index), "value": value, "shown": shown, "label": lines, "lift": -8 * (len(lines) - 1)}


def line_chart(
    title: str,
    description: str,
    points: Sequence[tuple[date, float]],
    *,
    marks: Sequence[tuple[date, str]] = (),
    language: str = "en",
    note: str = "",
    columns: tuple[str, str] = ("", ""),
) -> Chart:
    """Return a line over days, from nought up; ``marks`` are days worth a dashed line and a word."""
    first = min([day for day, _ in points] + [day for day, _ in marks]).toordinal()
    last = max([day for day, _ in points] + [day for day, _ in marks]).toordinal()
    ticks = even_steps(max([value for _, value in points] + [1]))
    amounts = {str(tick): number_words(tick, language) for tick in ticks}
    x = {
        "field": "day",
        "type": "quantitative",
        "scale": {"domain": [first, max(last, first + 1)], "nice": False, "zero": False},
        "axis": _days_axis(first, last, language),
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [0, ticks[-1]], "nice": False},
        "axis": _axis(values=list(ticks), labelExpr=f"{json.dumps(amounts)}[datum.value]", grid=True, gridColor=LINE),
    }
    few = len(points) < 3
    line = [{"day": day.toordinal(), "value": value} for day, value in points]
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": line},
            "mark": {"type": "line", "color": BRAND, "strokeWidth": 2.5, "point": few and {"color": BRAND, "size": 40}},
            "encoding": {"x": x, "y": y},
        },
        *_mark_layers(marks, x),
    ]
    spec = _spec(width=WIDTH - 70, height=200, layer=layers)
    kept = tuple((day.isoformat(), value) for day, value in points)
    return Chart(title, description, note, language, columns, kept, json.dumps(spec), _narrow_line(spec, marks, x, language))


def _narrow_line(spec: dict[str, Any], marks: Sequence[tuple[date, str]], x: dict[str, Any], language: str) -> str:
    """Return the same line for a small screen: two days named, and the words of a mark on the side where there is room."""
    first, last = x["scale"]["domain"]
    drawn = spec["layer"][0]
    few = {**x, "axis": _days_axis(first, last, language, steps=2)}
    line = {**drawn, "encoding": {**drawn["encoding"], "x": few}}
    layers = [line, *_mark_layers(marks, few, middle=(first + last) / 2)]
    return json.dumps({**spec, "padding": 4, "width": NARROW_WIDTH - 50, "height": 180, "layer": layers})


def _days_axis(first: int, last: int, language: str, *, steps: int = 5) -> dict[str, Any]:
    days = {str(day): _day_words(day, language) for day in range(first, last + (steps == 5), max(1, ceil((last - first) / steps)))}
    return _axis(values=[int(day) for day in days], labelExpr=f"{json.dumps(days)}[datum.value]", labelAlign="left")


@dataclass(frozen=True, slots=True)
class Branch:
    """A dot of a tree: its column and row, and the place of the dot that holds it up, where one does."""

    column: int
    row: float
    held_by: tuple[int, float] | None = None


def tree_chart(
    title: str, description: str, branches: Sequence[Branch], heads: Sequence[str], *, language: str = "en", note: str = ""
) -> Chart:
    """Return dots in columns, each under its head and with a line to the dot that holds it up."""
    wide, narrow = (json.dumps(_tree(branches, heads, width)) for width in (WIDTH - 70, NARROW_WIDTH - 60))
    return Chart(title, description, note, language, (), (), wide, narrow)


def _tree(branches: Sequence[Branch], heads: Sequence[str], width: int) -> dict[str, Any]:
    rows = max([each.row for each in branches] + [1])
    x = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, max(len(heads) - 1, 1)], "nice": False}}
    y = {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [rows, 0], "nice": False}}
    lines = [{"x": each.held_by[0], "y": each.held_by[1], "to_x": each.column, "to_y": each.row} for each in branches if each.held_by]
    dots = [{"x": each.column, "y": each.row} for each in branches]
    named = [{"x": column, "y": 0, "word": head} for column, head in enumerate(heads)]
    ends = {"x": x, "y": y, "x2": {"field": "to_x"}, "y2": {"field": "to_y"}}
    words = {"type": "text", "align": "left", "baseline": "bottom", "dy": -10, "dx": -4, "color": INK, "fontSize": 14}
    layers = [
        {"data": {"values": lines}, "mark": {"type": "rule", "color": SOFT, "strokeWidth": 0.7}, "encoding": ends},
        {"data": {"values": dots}, "mark": {"type": "circle", "color": BRAND, "size": 22, "opacity": 1}, "encoding": {"x": x, "y": y}},
        {"data": {"values": named}, "mark": words, "encoding": {"x": x, "y": y, "text": {"field": "word", "type": "nominal"}}},
    ]
    return {**_spec(width=width, height=max(60, 5 * ceil(rows)), layer=layers), "padding": 4}


def even_steps(most: float) -> list[int]:
    """Return whole numbers from nought, evenly apart (1, 2 or 5 times a power of ten), up to at least ``most``."""
    rough = max(most, 1) / 4
    power = 10 ** max(0, floor(log10(rough)))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough)
    return list(range(0, step * ceil(most / step) + 1, step)) if most > 0 else [0, 1]


def _mark_layers(marks: Sequence[tuple[date, str]], x: dict[str, Any], *, middle: float | None = None) -> list[dict[str, Any]]:
    """Return dashed lines and their words: right of each, or left of those past the ``middle`` where one is given."""
    place = {"x": x}
    layers: list[dict[str, Any]] = []
    for day, word in marks:
        values = {"values": [{"day": day.toordinal(), "word": word}]}
        before = middle is not None and day.toordinal() > middle
        text = {"type": "text", "baseline": "bottom", "color": WARN, "fontSize": 14, "y": -4}
        side = {"align": "right", "dx": 4} if before else {"align": "left", "dx": 4}
        layers += [
            {"data": values, "mark": {"type": "rule", "color": WARN, "strokeDash": [4, 3]}, "encoding": place},
            {"data": values, "mark": {**text, **side}, "encoding": {**place, "text": {"field": "word", "type": "nominal"}}},
        ]
    return layers


def _axis(**more: Any) -> dict[str, Any]:
    plain = {"title": None, "domain": False, "ticks": False, "grid": False, "labelColor": INK, "labelFontSize": 14, "labelPadding": 8}
    return {**plain, "labelLimit": LABEL_WIDTH + 40, "labelLineHeight": 16, "labelOverlap": False, **more}


def _spec(**parts: Any) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "padding": {"left": 4, "top": 8, "right": 40, "bottom": 8},
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "title": {
                "anchor": "start",
                "frame": "bounds",
                "fontSize": 18,
                "color": INK,
                "subtitleFontSize": 14,
                "subtitleColor": SOFT,
                "offset": 14,
            },
        },
        **parts,
    }


def _shown(value: float, unit: str, language: str) -> str:
    number = number_words(value, language)
    return f"{number}{NBSP}{unit}" if unit else number


def _day_words(ordinal: int, language: str) -> str:
    return short_date(date.fromordinal(ordinal), language).rpartition(" ")[0]


@lru_cache(maxsize=128)
def _render_svg(drawing: str) -> str:
    import vl_convert  # noqa: PLC0415 - it starts a script engine, which a process that draws nothing need not carry.

    return str(vl_convert.vegalite_to_svg(json.loads(drawing)))


@lru_cache(maxsize=32)
def _render_png(drawing: str, scale: float) -> bytes:
    import vl_convert  # noqa: PLC0415 - as above.

    return bytes(vl_convert.vegalite_to_png(json.loads(drawing), scale=scale))


def _named(svg: str, title: str, description: str, language: str) -> str:
    """Return the picture with its name and description for those who do not see it, instead of the renderer's English."""
    bare = _ENGLISH_ARIA.sub("", svg)
    head, _, body = bare.partition(">")
    name = escape(f"{title}. {description}" if description else title)
    words = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return f'{head} role="img" lang="{escape(language)}" aria-label="{name}">{words}{body}'
