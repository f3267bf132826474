"""``flask demo``: repeatable without doubling, whole or not at all, refused in production."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from engagement.consultations.models import Consultation
from engagement.consultations.service import find_consultation
from engagement.demo import cli
from engagement.demo.live import load_live, session_day, session_days
from engagement.demo.team import stand_up_team
from engagement.kernel.base import Base
from engagement.kernel.db import db
from tests.demo.conftest import run
from tests.support.given import a_consultation, an_account


def rows():
    db.session.rollback()
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables}


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_whole_consultations_and_the_next_one_completes_it(app, monkeypatch):
    def dies(team, tick):
        seen = []

        def tick_and_die():
            tick()
            seen.append(1)
            if len(seen) == 40:
                raise KeyboardInterrupt

        load_live(team, tick_and_die)

    monkeypatch.setattr(cli, "LOADS", (("ethical-procurement", 60, dies),))
    assert run(app, "demo")[0] != 0
    assert rows()["consultation"] == rows()["person"] == 0
    monkeypatch.setattr(cli, "LOADS", (("ethical-procurement", 60, load_live),))
    code, said = run(app, "demo")
    assert code == 0, said
    assert rows()["consultation"] == 1
    assert rows()["person"] == 60
    assert find_consultation("ethical-procurement").is_demo


@pytest.mark.slow
def test_of_two_runs_at_the_same_moment_the_second_says_so_in_one_line(app, monkeypatch):
    stood = cli.stand_up_team

    def only_after_another(*loaded):
        """Stand in the gap between looking and loading, in which another run does its whole work."""
        monkeypatch.setattr(cli, "stand_up_team", stood)
        assert run(app, "demo")[0] == 0
        return stood()

    monkeypatch.setattr(cli, "LOADS", (("ethical-procurement", 60, load_live),))
    monkeypatch.setattr(cli, "stand_up_team", only_after_another)
    code, said = run(app, "demo")
    assert code == 2
    assert "Another run loads the demonstration" in said
    assert run(app, "demo") == (0, "The demonstration is loaded already. Nothing was changed.\n")
    assert rows()["consultation"] == 1


def test_it_does_not_exist_in_production(app, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], production=True))
    code, said = run(app, "demo")
    assert code == 2
    assert said == "The demonstration does not exist in production.\n"
    assert rows()["user_account"] == 0


def test_it_leaves_a_consultation_and_an_account_of_somebody_elses_alone(app):
    an_account("organizer@example.org")
    code, said = run(app, "demo")
    assert code == 2
    assert "organizer@example.org" in said
    a_consultation("ethical-procurement")
    code, said = run(app, "demo")
    assert code == 2
    assert "ethical-procurement" in said
    assert db.session.scalars(select(Consultation.slug)).all() == ["ethical-procurement"]


@pytest.mark.slow
def test_accounts_are_made_once(app):
    first, second = stand_up_team(), stand_up_team()
    assert {user.id for user in first.values()} == {user.id for user in second.values()}


@given(st.dates(date(2024, 1, 1), date(2032, 1, 1)), st.integers(14, 60))
def test_a_session_is_some_weeks_away_never_on_a_weekend_nor_over_the_holidays(today, after):
    day = session_day(today, after)
    assert day.weekday() == 1
    assert after <= (day - today).days <= after + 28
    assert (1, 5) < (day.month, day.day) < (12, 20)


@given(st.dates(date(2024, 1, 1), date(2032, 1, 1)))
def test_the_two_sessions_are_a_week_apart_and_some_weeks_away(today):
    first, second = session_days(today)
    assert (second - first).days >= 7
    assert (second - today).days <= 66
