from __future__ import annotations

import itertools
import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.charts import bar_chart, even_steps, line_chart

HOSTILE = '</svg><script>alert(1)</script>" onload="x\\'


def _drawn(chart) -> ET.Element:
    return ET.fromstring(str(chart.svg))  # noqa: S314 - our own renderer made it.


def test_a_picture_carries_nothing_that_the_strict_policy_forbids():
    drawn = _drawn(bar_chart(HOSTILE, HOSTILE, [(HOSTILE, 3), ("plain", 1)], note=HOSTILE))
    for element in drawn.iter():
        assert element.tag.rpartition("}")[2] not in {"script", "style", "foreignObject", "image", "a"}
        assert not any(name == "style" or name.startswith("on") or name.endswith("href") for name in element.attrib)


def test_a_picture_has_a_name_and_a_description_and_no_words_of_the_renderer():
    chart = bar_chart("Réponses par secteur", "Santé : 12.", [("Santé", 12)], language="fr")
    drawn = _drawn(chart)
    assert drawn.get("role") == "img"
    assert drawn.get("lang") == "fr"
    assert drawn.get("aria-label") == "Réponses par secteur. Santé : 12."
    assert "axis" not in re.sub(r'class="[^"]*"', "", str(chart.svg))
    assert "aria-roledescription" not in chart.svg


def test_values_are_written_in_the_language_of_the_chart():
    rows = [("a", 1234.5)]
    assert ">1,234.5\u00a0%<" in bar_chart("t", "", rows, unit="%").svg
    assert ">1\u00a0234,5\u00a0%<" in bar_chart("t", "", rows, unit="%", language="fr").svg


def test_a_line_shows_its_days_in_the_language_and_its_marks():
    days = [(date(2018, 9, 1) + timedelta(n), float(n)) for n in range(30)]
    chart = line_chart("t", "", days, marks=[(date(2018, 9, 20), "Rappel 1")], language="fr")
    assert "1er sept." in chart.svg
    assert "Rappel 1" in chart.svg
    assert chart.rows[0] == ("2018-09-01", 0.0)


def test_a_file_stands_alone_with_title_and_note():
    chart = bar_chart("Silent", "", [("Health", 2)], note="N = 2")
    for words in (b"Silent", b"N = 2", b"<?xml"):
        assert words in chart.svg_file()
    assert "N = 2" not in chart.svg
    assert chart.png().startswith(b"\x89PNG")


def test_charts_of_nothing_and_of_one_day_are_drawn():
    assert "<svg" in bar_chart("t", "", []).svg
    assert "<svg" in line_chart("t", "", [(date(2018, 9, 1), 0)]).svg


@given(st.integers(min_value=1, max_value=10**9))
def test_steps_are_even_whole_and_reach_the_most(most):
    steps = even_steps(most)
    assert steps[0] == 0
    assert steps[-1] >= most > steps[-2]
    assert len(steps) <= 6
    assert len({b - a for a, b in itertools.pairwise(steps)}) == 1
