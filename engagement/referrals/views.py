"""Pages for staff: who came through whom, nominations that wait, partners and their counts."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.bilingual import Text
from engagement.kernel.charts import MEDIA_TYPES
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.ports import OverviewLine
from engagement.kernel.settings import settings
from engagement.kernel.tables import write_csv
from engagement.questionnaires.service import questionnaires_of
from engagement.referrals.forms import KIND_LABELS, STATE_LABELS, CountForm, DecisionForm, PartnerForm, RevokeForm
from engagement.referrals.models import ReferralKind, ReferralState
from engagement.referrals.service import (
    add_partner,
    approve,
    contact_of,
    decline,
    find_partner,
    find_referral,
    list_referrals,
    partners_of,
    report_passed_on,
    revoke_link,
    team_link_for,
    team_link_of,
)
from engagement.referrals.tree import dots_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from engagement.consultations.access import Access
    from engagement.kernel.audit import Actor

Word = TypeVar("Word", bound=StrEnum)
PAGE = 50

referrals = Blueprint("referrals", __name__)
POLICY: Policy = {
    "referrals.index": member(Permission.SEE_PEOPLE),
    "referrals.tree": member(Permission.SEE_PEOPLE),
    "referrals.decide": member(Permission.APPROVE_REFERRALS),
    "referrals.partners": member(Permission.EDIT_ROSTER),
    "referrals.partner": member(Permission.EDIT_ROSTER),
    "referrals.make_team_link": member(Permission.EDIT_ROSTER),
    "referrals.take_back": member(Permission.EDIT_ROSTER),
}


@referrals.app_context_processor
def _labels() -> dict[str, object]:
    return {"REFERRAL_STATES": STATE_LABELS, "REFERRAL_KINDS": KIND_LABELS}


def overview(access: Access) -> Iterator[OverviewLine]:
    """Give a line for nominations that wait for the organizer."""
    if not access.may(Permission.APPROVE_REFERRALS):
        return
    _, waiting = list_referrals(access, state=ReferralState.WAITING, size=1)
    if waiting:
        url = url_for("referrals.index", slug=access.consultation.slug)
        stands = Text(f"Waiting for a decision: {waiting}", f"En attente d’une décision\u00a0: {waiting}")
        yield OverviewLine(Text("Referrals", "Transmissions et propositions"), stands, url, waiting=True)


def _asked(kind: type[Word], name: str) -> Word | None:
    return next((word for word in kind if word.value == request.args.get(name)), None)


@referrals.get("/c/<slug>/referrals")
def index(slug: str) -> Any:  # noqa: ARG001
    """List who came through whom; nominations that wait come first."""
    state, kind = _asked(ReferralState, "state"), _asked(ReferralKind, "kind")
    page = max(1, request.args.get("page", 1, type=int))
    access = current_access()
    rows, total = list_referrals(access, state=state, kind=kind, page=page, size=PAGE)
    chart = tree_of(dots_of(access), current_language()) if page == 1 and not (state or kind) else None
    asked = {"state": state, "kind": kind, "page": page, "size": PAGE}
    can_add = bool(questionnaires_of(access.consultation.id))
    return render_template("referrals/index.html", rows=rows, total=total, chart=chart, can_add=can_add, **asked)


@referrals.get("/c/<slug>/referrals/tree.<kind>")
def tree(slug: str, kind: str) -> Any:
    """Hand over the picture of who came through whom as a file, or its figures."""
    chart = tree_of(dots_of(current_access()), current_language())
    if chart is None or kind not in MEDIA_TYPES:
        raise AbsentError
    content = write_csv(chart.columns, chart.rows) if kind == "csv" else chart.svg_file() if kind == "svg" else chart.png()
    name = f"{slug}-referrals-{current_language()}.{kind}"
    return Response(content, headers={"Content-Type": MEDIA_TYPES[kind], "Content-Disposition": f"attachment; filename={name}"})


@referrals.route("/c/<slug>/referrals/<uuid:referral_id>", methods=["GET", "POST"])
def decide(slug: str, referral_id: UUID) -> Any:
    """Approve or decline a nomination, seeing exactly what will happen."""
    access = current_access()
    listed = find_referral(access, referral_id)
    form = DecisionForm()
    if form.validate_on_submit():
        try:
            flash(_decide(form, referral_id, access.actor))
            return redirect(url_for(".index", slug=slug))
        except DomainError as error:
            form.refuse(error)
    return render_template("referrals/decide.html", listed=listed, form=form)


def _decide(form: DecisionForm, referral_id: UUID, actor: Actor) -> str:
    if form.decision.data == "approve":
        approve(referral_id=referral_id, actor=actor)
        return str(gettext("Approved. The person is on the roster; whoever was not asked before gets one mail."))
    decline(referral_id=referral_id, why=form.why.data or "", actor=actor)
    return str(gettext("Declined. What was given about the person has been erased."))


@referrals.route("/c/<slug>/partners", methods=["GET", "POST"])
def partners(slug: str) -> Any:
    """List and add partners, with their links and counts."""
    access, form = current_access(), PartnerForm()
    form.offer(questionnaires_of(access.consultation.id), current_language())
    if form.validate_on_submit():
        try:
            given = form.particulars()
            person_id = contact_of(access, given.pop("contact"))
            added = add_partner(consultation_id=access.consultation.id, person_id=person_id, actor=access.actor, **given)
            return redirect(url_for(".partner", slug=slug, partner_id=added.id))
        except DomainError as error:
            form.refuse(error)
    return _show_partners(access, form, RevokeForm(formdata=None))


def _show_partners(access: Access, form: PartnerForm, taking_back: RevokeForm) -> Any:
    questionnaires = questionnaires_of(access.consultation.id)
    return render_template(
        "referrals/partners.html",
        form=form,
        taking_back=taking_back,
        standings=partners_of(access.consultation.id),
        questionnaires=questionnaires,
        links={each.id: _address("f", team_link_of(each.id)) for each in questionnaires},
    )


@referrals.post("/c/<slug>/partners/take-back")
def take_back(slug: str) -> Any:
    """Have a link that is passed on, or a partner's page, open nothing any more."""
    access, form = current_access(), RevokeForm()
    if form.validate_on_submit():
        try:
            revoke_link(consultation_id=access.consultation.id, address=form.address.data, actor=access.actor)
            flash(gettext("This address opens nothing any more."))
            return redirect(url_for(".partners", slug=slug))
        except DomainError as error:
            form.refuse(error)
    adding = PartnerForm(formdata=None)
    adding.offer(questionnaires_of(access.consultation.id), current_language())
    return _show_partners(access, adding, form)


def _address(kind: str, token: str | None) -> str | None:
    return f"{settings().base_url}/{kind}/{token}" if token else None


@referrals.post("/c/<slug>/partners/team-link/<uuid:questionnaire_id>")
def make_team_link(slug: str, questionnaire_id: UUID) -> Any:
    """Make the team's own link to a questionnaire."""
    access = current_access()
    try:
        team_link_for(questionnaire_id, access.actor, consultation_id=access.consultation.id)
    except DomainError as error:
        flash(error.said.in_(current_language()))
    return redirect(url_for(".partners", slug=slug))


@referrals.route("/c/<slug>/partners/<uuid:partner_id>", methods=["GET", "POST"])
def partner(slug: str, partner_id: UUID) -> Any:
    """Show a partner with all counts, and write one down."""
    access = current_access()
    standing = find_partner(access.consultation.id, partner_id)
    form = CountForm()
    if form.validate_on_submit():
        try:
            report_passed_on(partner_id=partner_id, passed_on=form.passed_on.data, as_of=form.as_of.data, actor=access.actor)
            flash(gettext("Saved."))
            return redirect(url_for(".partner", slug=slug, partner_id=partner_id))
        except DomainError as error:
            form.refuse(error)
    page, link = _address("p", standing.partner.token), _address("f", standing.link)
    return render_template("referrals/partner.html", standing=standing, form=form, page=page, link=link)
