"""The referral tree: who came through whom, wave by wave, as dots and lines without a name.

Of people in a restricted batch no line is drawn, neither to whoever referred them nor to whom
they referred: they stand in their wave alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from engagement.invitations.models import Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.charts import Branch, Chart, tree_chart
from engagement.kernel.db import db
from engagement.kernel.wording import number_words
from engagement.referrals.joining import sheltered_among
from engagement.referrals.models import Referral, ReferralKind, ReferralState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from engagement.consultations.access import Access

# A picture of more people shows nothing any more; the list goes on naming them.
MOST_DRAWN = 800
TREE = Text("Who came through whom", "Qui est venu par qui")
_NOTE = Text(
    "N = {n} people who joined through a referral. A dot is a person or a partner; restricted people have no line.",
    "N = {n} personnes venues par une autre ou par un partenaire. Un point est une personne ou un partenaire; "
    "aucune ligne ne mène aux personnes d’un lot restreint.",
)
_TOLD = Text(
    "The referrals reach wave {last}; most people, {most}, are in wave {wave}.",
    "Les transmissions vont jusqu’à la vague {last}; la vague {wave} compte le plus de personnes, soit {most}.",
)
_WAVE = Text("Wave {wave}", "Vague {wave}")
_COLUMNS = Text("Wave|People|Those who referred them", "Vague|Personnes|Qui les a fait connaître")


@dataclass(frozen=True, slots=True)
class Dot:
    """A person who was asked, or a partner: in which wave, through which other dot, and whether a referral brought them."""

    wave: int
    through: UUID | None = None
    joined: bool = True


def dots_of(access: Access) -> dict[UUID, Dot]:
    """Return everybody who joined through a referral, and those through whom they came, by invitation or partner.

    Nobody where more joined than a picture can show.
    """
    pair = and_(Invitation.person_id == Referral.person_id, Invitation.questionnaire_id == Referral.questionnaire_id)
    query = select(Invitation.id, Invitation.person_id, Invitation.wave, Referral.from_invitation_id, Referral.partner_id)
    joined = (
        Referral.consultation_id == access.consultation.id,
        Referral.state == ReferralState.JOINED,
        Referral.kind != ReferralKind.OPEN_CALL,
    )
    if (db.session.scalar(select(func.count()).select_from(Referral).where(*joined)) or 0) > MOST_DRAWN:
        return {}
    found = db.session.execute(query.join(Referral, pair).where(*joined).order_by(Referral.created_at, Referral.id)).all()
    wanted = {row.from_invitation_id for row in found if row.from_invitation_id}
    whose = select(Invitation.id, Invitation.person_id, Invitation.wave).where(Invitation.id.in_(wanted))
    origins = {row.id: row for row in db.session.execute(whose)}
    people = {row.person_id for row in found} | {row.person_id for row in origins.values()}
    sheltered = sheltered_among(db.session(), people)
    dots: dict[UUID, Dot] = {}
    for row in found:
        origin = origins.get(row.from_invitation_id)
        hidden = row.person_id in sheltered or (origin is not None and origin.person_id in sheltered)
        through = None if hidden else origin.id if origin is not None else row.partner_id
        dots.setdefault(row.id, Dot(row.wave, through))
    brought = {dot.through for dot in dots.values() if dot.through is not None} - set(dots)
    return dots | {each: Dot(origins[each].wave if each in origins else 0, joined=False) for each in brought}


def rows_of(dots: Mapping[UUID, Dot]) -> list[tuple[int, int, int]]:
    """Return, for each wave, how many joined in it and how many others are known to have referred them."""
    waves = sorted({dot.wave for dot in dots.values() if dot.joined})
    inside = {wave: [dot for dot in dots.values() if dot.joined and dot.wave == wave] for wave in waves}
    return [(wave, len(inside[wave]), len({dot.through for dot in inside[wave]} - {None})) for wave in waves]


def branches(dots: Mapping[UUID, Dot]) -> list[Branch]:
    """Return where each dot stands: its wave across, and down so that no two lines cross."""
    below: dict[UUID | None, list[UUID]] = {}
    for key, dot in dots.items():
        # Only what lies in an earlier wave holds a dot up: so that nothing goes round in a circle.
        holder = dots.get(dot.through) if dot.through else None
        below.setdefault(dot.through if holder and holder.wave < dot.wave else None, []).append(key)
    rows: dict[UUID, float] = {}
    # The trees first, by wave, then those who stand alone.
    for root in sorted(below.get(None, []), key=lambda key: (key not in below, dots[key].wave)):
        _place(root, below, rows)
    held_by = {child: key for key, children in below.items() if key is not None for child in children}
    ends = {child: (dots[key].wave, rows[key]) for child, key in held_by.items()}
    return [Branch(dots[key].wave, row, ends.get(key)) for key, row in rows.items()]


def _place(key: UUID, below: Mapping[UUID | None, Sequence[UUID]], rows: dict[UUID, float]) -> float:
    """Give a dot and all that it holds their rows: those that hold nothing stand one below the other."""
    inside = [_place(child, below, rows) for child in below.get(key, ())]
    rows[key] = (inside[0] + inside[-1]) / 2 if inside else float(max([int(row) + 1 for row in rows.values()], default=0))
    return rows[key]


def tree_of(dots: Mapping[UUID, Dot], language: str) -> Chart | None:
    """Return the picture; None where there is nobody to show."""
    rows = rows_of(dots)
    if not rows:
        return None
    wave, most, _ = max(rows, key=lambda row: row[1])
    told = _TOLD.in_(language).format(last=rows[-1][0], wave=wave, most=number_words(most, language))
    note = _NOTE.in_(language).format(n=number_words(sum(row[1] for row in rows), language))
    heads = [_WAVE.in_(language).format(wave=each) for each in range(max(dot.wave for dot in dots.values()) + 1)]
    chart = tree_chart(TREE.in_(language), told, branches(dots), heads, language=language, note=note)
    return replace(chart, columns=tuple(_COLUMNS.in_(language).split("|")), rows=tuple(rows))
