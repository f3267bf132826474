"""Pages of a rehearsal: every mail and page that one guest would meet, in the order of time. They only read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, g, render_template, url_for

from engagement.consultations.gate import current_access
from engagement.kernel.policy import Permission, Policy, member
from engagement.outreach.mailing_views import mailing_with
from engagement.outreach.rehearsing import letter_of, page_of, scenes_for
from engagement.outreach.service import title_of
from engagement.outreach.views import outreach

POLICY: Policy = {
    "outreach.rehearse": member(Permission.SEE_MAIL),
    "outreach.rehearse_scene": member(Permission.SEE_MAIL),
}


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/rehearse/<uuid:person_id>")
def rehearse(slug: str, mailing_id: UUID, person_id: UUID) -> Any:  # noqa: ARG001
    """List what one guest would get and see, with the time of each."""
    found, person = mailing_with(current_access(), mailing_id, person_id)
    return render_template("outreach/rehearsal.html", mailing=found, person=person, title=title_of(found), scenes=scenes_for(found, person))


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/rehearse/<uuid:person_id>/<key>")
def rehearse_scene(slug: str, mailing_id: UUID, person_id: UUID, key: str) -> Any:
    """Show one mail or page of a rehearsal, as it would be at its time."""
    found, person = mailing_with(current_access(), mailing_id, person_id)
    scenes = scenes_for(found, person)
    at = next((number for number, scene in enumerate(scenes) if scene.key == key), None)
    if at is None:
        abort(404)
    scene = scenes[at]
    if scene.page is not None:
        g.rehearsal = url_for(".rehearse", slug=slug, mailing_id=mailing_id, person_id=person_id)
        return page_of(scene)
    letter = letter_of(found, person, scene)
    around = (scenes[at - 1] if at else None, scenes[at + 1] if at + 1 < len(scenes) else None)
    return render_template("outreach/scene.html", mailing=found, person=person, scene=scene, letter=letter, around=around)
