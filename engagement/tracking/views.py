"""The response page, its pictures, and the rows that each of its figures is made of."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from engagement.consultations.gate import current_access
from engagement.kernel.charts import MEDIA_TYPES
from engagement.kernel.errors import AbsentError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.ports import Panel
from engagement.kernel.tables import write_csv
from engagement.roster.vocabulary import REGIONS, SECTORS
from engagement.tracking.pictures import over_time, picture, silent_by_sector
from engagement.tracking.reading import Page, label_of, read
from engagement.tracking.service import STEPS, Behind, answers_by_day, counts_of, figure_behind, rows_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engagement.consultations.access import Access
    from engagement.kernel.charts import Chart
    from engagement.tracking.service import Counts

tracking = Blueprint("tracking", __name__)
POLICY: Policy = {
    "tracking.response_page": member(Permission.VIEW_FIGURES),
    "tracking.download": member(Permission.VIEW_FIGURES),
    "tracking.rows": member(Permission.SEE_PEOPLE),
}

STEP_LABELS = {
    "invited": _l("Invited"),
    "distributed": _l("Distributed"),
    "arrived": _l("Mail arrived"),
    "opened": _l("Opened"),
    "answered": _l("Answered"),
    "complete": _l("Complete"),
    "partial": _l("In part"),
    "silent": _l("Silent"),
}
LIST_LABELS = {"wave": _l("Wave"), "sector": _l("Sector"), "region": _l("Region")}


@tracking.app_context_processor
def _labels() -> dict[str, object]:
    return {"STEP_LABELS": STEP_LABELS, "LIST_LABELS": LIST_LABELS, "sector_words": SECTORS, "region_words": REGIONS}


def _counted(access: Access) -> tuple[Counts, Page]:
    """Return all counts, and what this member reads of them: who may see neither people nor answers reads protected tables."""
    counts = counts_of(access.consultation, access)
    guarded = not (access.may(Permission.SEE_PEOPLE) or access.may(Permission.READ_ANSWERS))
    return counts, read(counts, answers_by_day(access.consultation), guarded=guarded)


def overview_panel(access: Access) -> Iterator[Panel]:
    """Give the figure and the line of the responses, once somebody was asked, as this member reads them."""
    counts, page = _counted(access)
    if counts.rates.whole.distributed:
        chart = over_time(page, access.consultation, current_language())
        yield Panel("tracking/overview_panel.html", {"page": page, "chart": chart})


@tracking.get("/c/<slug>/response")
def response_page(slug: str) -> Any:
    """Show how many answered of how many who were asked, and of whom."""
    access = current_access()
    counts, page = _counted(access)
    language = current_language()
    pictures = {"over_time": over_time(page, access.consultation, language), "silent": silent_by_sector(page, language)}
    files = {name: partial(_file_url, slug, name) for name in ("over-time", "silent")}
    asked = counts.funnel.invited or counts.rates.whole.distributed
    return render_template("tracking/response.html", page=page, asked=asked, pictures=pictures, files=files)


def _file_url(slug: str, name: str, kind: str) -> str:
    return url_for("tracking.download", slug=slug, name=name, kind=kind)


@tracking.get("/c/<slug>/response/<name>.<kind>")
def download(slug: str, name: str, kind: str) -> Any:
    """Hand over a picture of the response page as a file, or its figures."""
    access = current_access()
    chart = picture(name, _counted(access)[1], access.consultation, current_language())
    if chart is None or kind not in MEDIA_TYPES:
        raise AbsentError
    filename = f"{slug}-{name}-{current_language()}.{kind}"
    headers = {"Content-Type": MEDIA_TYPES[kind], "Content-Disposition": f"attachment; filename={filename}"}
    return Response(_content(chart, kind), headers=headers)


def _content(chart: Chart, kind: str) -> bytes:
    if kind == "csv":
        return write_csv(chart.columns, chart.rows)
    return chart.svg_file() if kind == "svg" else chart.png()


@tracking.get("/c/<slug>/response/rows")
def rows(slug: str) -> Any:  # noqa: ARG001
    """List the people who make one figure, as far as the member may know of them."""
    access = current_access()
    step = request.args.get("step", "distributed")
    if step not in STEPS:
        raise AbsentError
    chosen = next(((name, request.args[name]) for name in LIST_LABELS if request.args.get(name)), None)
    behind = Behind(step=step, **(dict([chosen]) if chosen else {}))
    found = rows_behind(access, behind, page=max(1, request.args.get("page", 1, type=int)))
    figure = figure_behind(counts_of(access.consultation, access), behind)
    of = (LIST_LABELS[chosen[0]], label_of(*chosen)) if chosen else None
    return render_template("tracking/rows.html", step=step, of=of, found=found, some_unlisted=figure > found.total)
