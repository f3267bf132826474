from __future__ import annotations

import json

import pytest

from engagement.kernel.audit import SYSTEM
from engagement.kernel.policy import Role
from engagement.questionnaires.models import ResponseState
from engagement.referrals.partners import add_partner, report_passed_on
from engagement.roster.service import add_batch
from engagement.tracking.service import Behind, answers_by_day, counts_of, figure_behind, rates_of, rows_behind
from tests.referrals.given import a_questionnaire, answered, asked, somebody
from tests.support.given import a_consultation, a_member, access_of


def _a_small_world():
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    people = [somebody(consultation, f"Person {n}", sector="health" if n % 2 else "ngo", region="BC" if n < 3 else None) for n in range(6)]
    invitations = [asked(questionnaire, person, wave=n // 3, bounced=n == 5) for n, person in enumerate(people)]
    answered(invitations[0])
    answered(invitations[1], ResponseState.SUBMITTED_IN_PART)
    answered(invitations[2], ResponseState.IN_PROGRESS)
    return consultation, questionnaire


def test_distributed_counts_those_who_were_sent_it_bounces_included(app):
    consultation, questionnaire = _a_small_world()
    asked(questionnaire, somebody(consultation, "Not Yet"), distributed=False)
    found = counts_of(consultation)
    assert (found.rates.whole.distributed, found.rates.whole.complete, found.rates.whole.partial) == (6, 1, 1)
    assert found.funnel.steps() == [("invited", 7), ("arrived", 5), ("opened", 3), ("answered", 2)]


def test_whoever_answered_counts_as_reached_though_we_never_sent_it(app):
    consultation = a_consultation()
    answered(asked(a_questionnaire(consultation), somebody(consultation), distributed=False))
    whole = rates_of(consultation.id).whole
    assert (whole.distributed, whole.responded) == (1, 1)


def test_withdrawn_before_it_was_sent_is_not_counted_and_after_it_is(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    asked(questionnaire, somebody(consultation, "A B"), distributed=False, withdrawn=True)
    asked(questionnaire, somebody(consultation, "C D"), withdrawn=True)
    found = counts_of(consultation)
    assert (found.funnel.invited, found.rates.whole.distributed) == (1, 1)


def test_several_questionnaires_are_counted_as_their_sum_and_other_consultations_not_at_all(app):
    consultation = a_consultation()
    person = somebody(consultation)
    for name in ("first", "second"):
        answered(asked(a_questionnaire(consultation, name), person))
    elsewhere = a_consultation("elsewhere")
    asked(a_questionnaire(elsewhere), somebody(elsewhere))
    assert rates_of(consultation.id).whole.responded == 2


def test_a_partners_count_stands_under_unknown_in_each_list(app):
    consultation, questionnaire = _a_small_world()
    partner = add_partner(consultation_id=consultation.id, questionnaire_id=questionnaire.id, name="A network", actor=SYSTEM)
    report_passed_on(partner_id=partner.id, passed_on=63, actor=SYSTEM)
    found = rates_of(consultation.id)
    assert (found.whole.distributed, found.named, found.partner_reported) == (69, 6, 63)
    for name, expected in (("wave", 63), ("sector", 63), ("region", 66)):
        assert found.by[name][-1].key == "unknown"
        assert found.by[name][-1].distributed == expected


def test_every_figure_of_a_list_is_as_many_as_the_rows_behind_it(app):
    consultation, _ = _a_small_world()
    access = access_of(a_member(consultation, Role.ORGANIZER), consultation)
    counts = counts_of(consultation, access)
    for name, rows in counts.rates.by.items():
        for row in rows:
            for step in ("distributed", "answered", "complete", "partial"):
                behind = Behind(step=step, **{name: row.key})
                assert rows_behind(access, behind).total == figure_behind(counts, behind)
    for step, figure in counts.funnel.steps():
        assert rows_behind(access, Behind(step=step)).total == figure == figure_behind(counts, Behind(step=step))
    for sector, figure in counts.silent.items():
        assert rows_behind(access, Behind(step="silent", sector=sector)).total == figure


def test_people_of_a_restricted_batch_stand_in_their_wave_without_sector_and_in_no_list_for_those_not_cleared(app):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    batch = add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)
    answered(asked(questionnaire, somebody(consultation, "Hidden Person", sector="health", region="BC", batch_id=batch.id), wave=3))
    asked(questionnaire, somebody(consultation, "Open Person", sector="health"))
    access = access_of(a_member(consultation, Role.ORGANIZER), consultation)
    found = counts_of(consultation, access).rates
    assert (found.whole.distributed, found.whole.responded) == (2, 1)
    assert [(row.key, row.distributed) for row in found.by["sector"]] == [("health", 1), ("unknown", 1)]
    assert [(row.key, row.distributed) for row in found.by["wave"]] == [("0", 1), ("3", 1)]
    assert rows_behind(access, Behind()).total == 1
    assert [row.key for row in rates_of(consultation.id).by["wave"]] == ["0", "3"]


def test_answers_are_counted_by_the_day_of_the_consultations_zone(app):
    from datetime import UTC, date, datetime

    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    # 03:00 UTC is still the evening before in Toronto.
    answered(asked(questionnaire, somebody(consultation)), at=datetime(2018, 9, 7, 3, tzinfo=UTC))
    assert answers_by_day(consultation) == [(date(2018, 9, 6), 1)]


def test_the_command_prints_one_document_and_nothing_else(app):
    _a_small_world()
    result = app.test_cli_runner().invoke(args=["track", "rates", "fisheries", "--json"])
    printed = json.loads(result.stdout)
    assert list(printed) == ["consultation", "distributed", "named", "partner_reported", "responded", "complete", "partial", "rate", "by"]
    assert printed["by"]["wave"] == [
        {"key": "0", "distributed": 3, "responded": 2, "complete": 1, "partial": 1, "rate": 2 / 3},
        {"key": "1", "distributed": 3, "responded": 0, "complete": 0, "partial": 0, "rate": 0.0},
    ]


def test_the_command_prints_a_table_and_refuses_an_unknown_name_in_one_line(app):
    _a_small_world()
    runner = app.test_cli_runner()
    assert "fisheries: 2 of 6 (33.3\u00a0%)" in runner.invoke(args=["track", "rates", "fisheries"]).stdout
    refused = runner.invoke(args=["track", "rates", "nowhere"])
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", "There is no consultation nowhere.\n")


@pytest.mark.parametrize("wave", ["unknown", "9999999999999", "-1"])
def test_a_wave_that_nobody_is_of_opens_no_rows(app, wave):
    consultation, _ = _a_small_world()
    access = access_of(a_member(consultation), consultation)
    assert rows_behind(access, Behind(wave=wave)).total == 0
