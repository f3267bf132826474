"""Identifiers of rows that are stored together: valid, different, side by side, and telling no order."""

from engagement.kernel.base import new_ids
from engagement.kernel.tokens import new_mailbox_names


def test_ids_of_one_step_lie_side_by_side_and_those_of_two_do_not():
    first, second = new_ids(500), new_ids(500)
    assert len({*first, *second}) == 1000
    assert {each.version for each in first} == {4}
    assert {each.variant for each in first} == {"specified in RFC 4122"}
    assert len({each.bytes[:4] for each in first}) == 1
    assert first[0].bytes[:4] != second[0].bytes[:4]
    assert first != sorted(first)
    assert new_ids(0) == []


def test_mailbox_names_made_together_are_as_long_and_as_plain_as_any():
    names = new_mailbox_names(500)
    assert len(set(names)) == 500
    assert {len(name) for name in names} == {20}
    assert all(name.isalnum() and name == name.lower() for name in names)
    assert len({name[:3] for name in names}) == 1
