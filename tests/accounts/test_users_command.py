"""``flask users add``: accounts from the command line."""

import re

from engagement.accounts.service import find_user, sign_in
from engagement.consultations.access import access_in
from engagement.kernel.policy import Role
from tests.support.given import a_consultation


def run(app, *words):
    return app.test_cli_runner().invoke(args=["users", "add", *words])


def test_a_new_account_gets_a_password_that_signs_in(app):
    a_consultation()
    result = run(app, "new@example.org", "--role", "organizer", "--consultation", "fisheries")
    assert result.exit_code == 0
    password = re.search(r"shown once: (\S+)", result.output)[1]
    assert sign_in(email="new@example.org", password=password)


def test_an_existing_account_gets_one_more_role(app):
    first, second = a_consultation(), a_consultation("forests")
    run(app, "new@example.org", "--role", "staff", "--consultation", "fisheries")
    result = run(app, "new@example.org", "--role", "viewer", "--consultation", "forests")
    assert "Password" not in result.output
    user = find_user("new@example.org")
    assert access_in(first, user.id).role is Role.STAFF
    assert access_in(second, user.id).role is Role.VIEWER


def test_an_administrator_is_added_without_a_consultation(app):
    assert run(app, "boss@example.org", "--role", "administrator").exit_code == 0
    assert find_user("boss@example.org").is_administrator


def test_a_role_that_this_command_cannot_give_is_not_offered_by_it(app):
    assert "note_taker" not in run(app, "--help").output.partition("--consultation")[0]
    assert run(app, "new@example.org", "--role", "note_taker", "--consultation", "fisheries").exit_code == 2
    assert find_user("new@example.org") is None


def test_each_mistake_gets_one_line_and_stores_nothing(app):
    a_consultation()
    for words in (
        ("new@example.org", "--role", "staff"),
        ("new@example.org", "--role", "staff", "--consultation", "nothing"),
        ("not an address", "--role", "staff", "--consultation", "fisheries"),
        ("new@example.org", "--role", "administrator", "--consultation", "fisheries"),
    ):
        result = run(app, *words)
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1
    assert find_user("new@example.org") is None


def test_a_name_that_no_page_can_show_gets_one_line_and_stores_nothing(app):
    for name in ("x" * 201, "Ada\x07Lovelace", "Ada\u202eLovelace"):
        result = run(app, "new@example.org", "--role", "administrator", "--name", name)
        assert result.exit_code == 2
        assert result.stderr == "Enter a name of at most 200 characters, all of which can be seen.\n"
    assert find_user("new@example.org") is None


def test_the_name_of_a_long_address_is_as_much_of_it_as_a_name_holds(app):
    address = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    assert run(app, address, "--role", "administrator").exit_code == 0
    assert find_user(address).name == address[:200]
