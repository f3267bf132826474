"""Pages of what was said: figures of themes, submissions, coding, the code book."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.findings.forms import SOURCE_LABELS, CodeForm, CodingForm, NewCodeForm, PromptForm, SubmissionsForm
from engagement.findings.letters import files_of, find_file, mail_of
from engagement.findings.models import Source
from engagement.findings.pictures import NOT_SHOWN, chart_of, data_rows, percent_of
from engagement.findings.reading import (
    codes_on,
    find_code,
    find_prompt,
    find_submission,
    known_events,
    list_submissions,
    neighbour,
    pillars_of,
    progress_of,
    prompts_of,
    table_of,
    tables_of,
    themes_of,
)
from engagement.findings.service import add_code, add_prompt, add_submissions, code_submission, edit_code, edit_prompt
from engagement.kernel.bilingual import Text
from engagement.kernel.charts import MEDIA_TYPES
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.forms import options
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.ports import OverviewLine
from engagement.kernel.tables import write_csv
from engagement.kernel.web import said
from engagement.roster.service import find_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engagement.consultations.access import Access
    from engagement.findings.models import Code, Prompt, Submission
    from engagement.mailing.inbound_models import InboundMail
    from engagement.roster.models import Person

findings = Blueprint("findings", __name__)
POLICY: Policy = {
    "findings.themes": member(Permission.VIEW_FIGURES),
    "findings.download": member(Permission.VIEW_FIGURES),
    "findings.prompts": member(Permission.READ_SUBMISSIONS, per_event=True),
    "findings.new_prompt": member(Permission.CODE_SUBMISSIONS),
    "findings.change_prompt": member(Permission.CODE_SUBMISSIONS),
    "findings.submissions": member(Permission.READ_SUBMISSIONS, per_event=True),
    "findings.add": member(Permission.CODE_SUBMISSIONS),
    "findings.submission": member(Permission.READ_SUBMISSIONS, per_event=True),
    "findings.submission_file": member(Permission.READ_SUBMISSIONS, per_event=True),
    "findings.code": member(Permission.CODE_SUBMISSIONS),
    "findings.codes": member(Permission.CODE_SUBMISSIONS),
    "findings.change_code": member(Permission.CODE_SUBMISSIONS),
}


def overview(access: Access) -> Iterator[OverviewLine]:
    """Give a line for submissions that nobody has coded yet."""
    if not access.may(Permission.CODE_SUBMISSIONS):
        return
    known = [prompt.id for prompt in prompts_of(access, Permission.READ_SUBMISSIONS)]
    rest = sum(each.uncoded for each in progress_of(known).values())
    if rest:
        stands = Text(f"Submissions without a code: {rest}", f"Contributions sans code\u00a0: {rest}")
        yield OverviewLine(Text("Findings", "Constats"), stands, url_for("findings.prompts", slug=access.consultation.slug), waiting=True)


@findings.get("/c/<slug>/findings")
def themes(slug: str) -> Any:
    """Show the figures of every prompt: bars over a table, with N and base."""
    access = current_access()
    tables = tables_of(access, prompts_of(access, Permission.VIEW_FIGURES))
    shown = [(table, chart_of(table, current_language()), _files(slug, table.prompt.id)) for table in tables]
    return render_template(
        "findings/themes.html", shown=shown, percent_of=partial(percent_of, language=current_language()), hidden=NOT_SHOWN
    )


def _files(slug: str, prompt_id: UUID) -> Callable[[str], str]:
    return lambda kind: url_for("findings.download", slug=slug, prompt_id=prompt_id, kind=kind)


@findings.get("/c/<slug>/findings/<uuid:prompt_id>/themes.<kind>")
def download(slug: str, prompt_id: UUID, kind: str) -> Any:
    """Hand over the figures of one prompt as a data file or a picture, in the language of the page."""
    access = current_access()
    table = table_of(access, find_prompt(access, prompt_id, Permission.VIEW_FIGURES))
    language = current_language()
    if kind not in MEDIA_TYPES:
        raise AbsentError
    if kind == "csv":
        content = write_csv(*data_rows(table, language))
    else:
        chart = chart_of(table, language)
        content = chart.svg_file() if kind == "svg" else chart.png()
    name = f"{slug}-themes-{table.prompt.position}-{language}.{kind}"
    return Response(content, headers={"Content-Type": MEDIA_TYPES[kind], "Content-Disposition": f"attachment; filename={name}"})


@findings.get("/c/<slug>/findings/prompts")
def prompts(slug: str) -> Any:  # noqa: ARG001
    """List what was asked, and how far the coding has come."""
    access = current_access()
    known = prompts_of(access, Permission.READ_SUBMISSIONS)
    progress = progress_of([prompt.id for prompt in known])
    rows = [(prompt, progress[prompt.id]) for prompt in known]
    return render_template("findings/prompts.html", rows=rows, events=known_events(access))


@findings.route("/c/<slug>/findings/prompts/new", methods=["GET", "POST"])
def new_prompt(slug: str) -> Any:
    """Add something that was asked."""
    access = current_access()
    form = PromptForm()
    _offer_events(form, access)
    if form.validate_on_submit():
        verb = partial(add_prompt, consultation_id=access.consultation.id, actor=access.actor)
        if _done(form, lambda: verb(wording=form.bilingual("wording"), event_id=_id_of(form.event_id.data))):
            return redirect(url_for(".prompts", slug=slug))
    return render_template("findings/prompt.html", form=form, prompt=None)


@findings.route("/c/<slug>/findings/<uuid:prompt_id>/edit", methods=["GET", "POST"])
def change_prompt(slug: str, prompt_id: UUID) -> Any:
    """Change what was asked, seeing which wording is stale."""
    access = current_access()
    prompt = find_prompt(access, prompt_id, Permission.CODE_SUBMISSIONS)
    form = PromptForm(data=_pair_of(prompt, "wording") | {"event_id": str(prompt.event_id or "")})
    _offer_events(form, access)
    if form.validate_on_submit():
        verb = partial(edit_prompt, prompt_id=prompt.id, confirmed=form.confirm_texts.data, actor=access.actor)
        if _done(form, lambda: verb(wording=form.bilingual("wording"), event_id=_id_of(form.event_id.data))):
            return redirect(url_for(".prompts", slug=slug))
    return render_template("findings/prompt.html", form=form, prompt=prompt)


@findings.get("/c/<slug>/findings/<uuid:prompt_id>/submissions")
def submissions(slug: str, prompt_id: UUID) -> Any:  # noqa: ARG001
    """List what was said to a prompt; filters stand in the address."""
    prompt = find_prompt(current_access(), prompt_id, Permission.READ_SUBMISSIONS)
    chosen, uncoded = _id_of(request.args.get("code")), request.args.get("coded") == "no"
    page = request.args.get("page", 1, type=int)
    found = list_submissions(prompt, code_id=chosen, uncoded=uncoded, page=page)
    book = [*themes_of(prompt.id), *pillars_of(prompt.consultation_id)]
    return render_template("findings/submissions.html", prompt=prompt, found=found, book=book, chosen=chosen, uncoded=uncoded)


@findings.route("/c/<slug>/findings/<uuid:prompt_id>/submissions/add", methods=["GET", "POST"])
def add(slug: str, prompt_id: UUID) -> Any:
    """Add what was said, one submission or one a line."""
    access = current_access()
    prompt = find_prompt(access, prompt_id, Permission.CODE_SUBMISSIONS)
    form = SubmissionsForm()
    if form.validate_on_submit():
        verb = partial(add_submissions, prompt_id=prompt.id, source=Source(form.source.data), actor=access.actor)
        if _done(form, lambda: verb(words=form.pieces(), language=form.language.data, said_on=form.said_on.data)):
            return redirect(url_for(".submissions", slug=slug, prompt_id=prompt.id))
    return render_template("findings/add.html", form=form, prompt=prompt)


@findings.get("/c/<slug>/findings/submissions/<uuid:submission_id>")
def submission(slug: str, submission_id: UUID) -> Any:  # noqa: ARG001
    """Show one submission, with the themes it carries."""
    said_once, prompt = find_submission(current_access(), submission_id, Permission.READ_SUBMISSIONS)
    held = codes_on([said_once.id]).get(said_once.id, [])
    form = CodingForm(data={"codes": [str(code.id) for code in held]}, formdata=None)
    return _submission_page(form, said_once, prompt, held)


@findings.get("/c/<slug>/findings/submissions/<uuid:submission_id>/files/<int:position>")
def submission_file(slug: str, submission_id: UUID, position: int) -> Any:  # noqa: ARG001
    """Hand over a document of a letter: always as a download."""
    said_once, _ = find_submission(current_access(), submission_id, Permission.READ_SUBMISSIONS)
    file = find_file(said_once.id, position)
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    return answer


@findings.post("/c/<slug>/findings/submissions/<uuid:submission_id>")
def code(slug: str, submission_id: UUID) -> Any:
    """Store which themes a submission speaks of, and go on to the next one without any."""
    access = current_access()
    said_once, prompt = find_submission(access, submission_id, Permission.CODE_SUBMISSIONS)
    form = CodingForm()
    _offer_codes(form, prompt)
    if form.validate_on_submit():
        chosen = frozenset(UUID(each) for each in form.codes.data)
        if _done(form, lambda: code_submission(submission_id=said_once.id, code_ids=chosen, actor=access.actor)):
            return redirect(_after_coding(slug, said_once))
    return _submission_page(form, said_once, prompt, codes_on([said_once.id]).get(said_once.id, []))


def _after_coding(slug: str, said_once: Submission) -> str:
    following = neighbour(said_once.prompt_id, said_once.number) if "next" in request.form else said_once
    if following is None:
        flash(gettext("Every submission has been coded."))
        return url_for(".submissions", slug=slug, prompt_id=said_once.prompt_id)
    return url_for(".submission", slug=slug, submission_id=following.id)


def _submission_page(form: CodingForm, said_once: Submission, prompt: Prompt, held: list[Code]) -> str:
    pillars = {pillar.id: said(pillar.text("name")) for pillar in pillars_of(prompt.consultation_id)}
    belongs = {str(theme.id): pillars[theme.parent_id] for theme in _offer_codes(form, prompt) if theme.parent_id in pillars}
    following, mail = neighbour(prompt.id, said_once.number), mail_of(said_once)
    return render_template(
        "findings/submission.html", form=form, submission=said_once, prompt=prompt, held=held, belongs=belongs, following=following,
        files=files_of(said_once.id), sources=SOURCE_LABELS, may_code=current_access().may(Permission.CODE_SUBMISSIONS),
        mail=mail, writer=_writer(mail),
    )  # fmt: skip


def _writer(mail: InboundMail | None) -> Person | None:
    """Return who wrote a mail that was filed, if this member may know of them."""
    if mail is None or mail.person_id is None or not current_access().may(Permission.SEE_PEOPLE):
        return None
    try:
        return find_person(current_access(), mail.person_id)
    except AbsentError:
        return None


def _offer_codes(form: CodingForm, prompt: Prompt) -> list[Code]:
    book = themes_of(prompt.id)
    form.codes.choices = options((str(theme.id), said(theme.text("name"))) for theme in book)
    return book


@findings.route("/c/<slug>/findings/<uuid:prompt_id>/codes", methods=["GET", "POST"])
def codes(slug: str, prompt_id: UUID) -> Any:
    """Show the code book of a prompt, and add to it."""
    access = current_access()
    prompt = find_prompt(access, prompt_id, Permission.CODE_SUBMISSIONS)
    form = NewCodeForm()
    pillars = _offer_pillars(form, access)
    if form.validate_on_submit():
        verb = partial(add_code, consultation_id=access.consultation.id, name=form.bilingual("name"), actor=access.actor)
        place = None if form.is_pillar.data else prompt.id
        if _done(form, lambda: verb(prompt_id=place, parent_id=_id_of(form.parent_id.data))):
            return redirect(url_for(".codes", slug=slug, prompt_id=prompt.id))
    return render_template("findings/codes.html", form=form, prompt=prompt, themes=themes_of(prompt.id), pillars=pillars)


@findings.route("/c/<slug>/findings/<uuid:prompt_id>/codes/<uuid:code_id>", methods=["GET", "POST"])
def change_code(slug: str, prompt_id: UUID, code_id: UUID) -> Any:
    """Change a code, seeing which name is stale."""
    access = current_access()
    prompt, changed = find_prompt(access, prompt_id, Permission.CODE_SUBMISSIONS), find_code(access, code_id)
    form = CodeForm(data=_pair_of(changed, "name") | {"parent_id": str(changed.parent_id or "")})
    _offer_pillars(form, access)
    if form.validate_on_submit():
        verb = partial(edit_code, code_id=changed.id, confirmed=form.confirm_texts.data, actor=access.actor)
        if _done(form, lambda: verb(name=form.bilingual("name"), parent_id=_id_of(form.parent_id.data))):
            return redirect(url_for(".codes", slug=slug, prompt_id=prompt.id))
    return render_template("findings/code.html", form=form, prompt=prompt, code=changed)


def _done(form: PromptForm | SubmissionsForm | CodingForm | CodeForm, verb: Callable[[], object]) -> bool:
    try:
        verb()
    except DomainError as error:
        form.refuse(error)
        return False
    flash(gettext("Saved."))
    return True


def _offer_events(form: PromptForm, access: Access) -> None:
    form.offer_events((str(event.id), said(event.title)) for event in known_events(access).values())


def _offer_pillars(form: CodeForm, access: Access) -> list[Code]:
    pillars = pillars_of(access.consultation.id)
    form.offer_pillars((str(pillar.id), said(pillar.text("name"))) for pillar in pillars)
    return pillars


def _pair_of(row: Prompt | Code, field: str) -> dict[str, str]:
    text = row.text(field)
    return {f"{field}_en": text.en, f"{field}_fr": text.fr}


def _id_of(typed: str | None) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return None
