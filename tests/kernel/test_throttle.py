from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from engagement.kernel.throttle import Throttle

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_one_place_may_send_so_many_forms_and_no_more():
    throttle = Throttle(limit=3)
    assert [throttle.allows("here", NOON) for _ in range(4)] == [True, True, True, False]
    assert throttle.allows("elsewhere", NOON)


def test_time_forgives():
    throttle = Throttle(limit=1, window=timedelta(minutes=15))
    assert throttle.allows("here", NOON)
    assert not throttle.allows("here", NOON + timedelta(minutes=14))
    assert throttle.allows("here", NOON + timedelta(minutes=15))


def test_nothing_is_kept_of_who_asked_long_ago():
    throttle = Throttle()
    throttle.allows("here", NOON)
    throttle.allows("elsewhere", NOON + timedelta(hours=1))
    assert list(throttle._seen) == ["elsewhere"]


def test_no_more_are_let_through_when_many_ask_at_once():
    throttle = Throttle(limit=50)
    with ThreadPoolExecutor(8) as threads:
        let_through = list(threads.map(lambda number: throttle.allows("here", NOON + timedelta(microseconds=number)), range(2000)))
    assert sum(let_through) == 50
