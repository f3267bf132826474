"""What every test stands on: one application a worker, and an empty migrated database for each test."""

from __future__ import annotations

import base64
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from config import read_settings
from engagement import create_app
from engagement.kernel.crypto import keys
from engagement.mailing.guard import stamp_file
from tests.mailing.given import Post, a_post_office
from tests.support.client import LintingClient
from tests.support.databases import Database, open_database
from tests.support.logs import Keeper, secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

ROOM_FOR_TESTS = 1024**3
# For `make test-fast`; the whole run tries as many as Hypothesis thinks right.
hypothesis.settings.register_profile("fast", max_examples=25)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the run choose its database."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite", help="what the tests store their rows in")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what touches no database, and so has said all it can on SQLite."""
    if config.getoption("--database") == "postgresql":
        there = {"app", "the_app", "database"}
        kept = [item for item in items if there & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database the tests ran on."""
    return f"database: {config.getoption('--database')}"


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the closing line of this run for ``make test``: how many tests ran, and on what."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "CLOSING" not in os.environ or reporter is None or hasattr(session.config, "workerinput"):
        return
    counts = {kind: len(reporter.stats.get(kind, ())) for kind in ("passed", "failed", "error", "skipped")}
    told = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number or kind == "passed")
    with Path(os.environ["CLOSING"]).open("a", encoding="utf-8") as lines:
        lines.write(f"{_what_ran(session.config)}: {told}\n")


@pytest.fixture
def closing() -> Callable[[str], None]:
    """Return what adds a line of figures to the last lines of ``make test``."""

    def tell(line: str) -> None:
        print(line)  # noqa: T201 - shown where the test fails, and with -s.
        if "CLOSING" in os.environ:
            with Path(os.environ["CLOSING"]).open("a", encoding="utf-8") as lines:
                lines.write(f"{line}\n")

    return tell


def _what_ran(config: pytest.Config) -> str:
    if config.getoption("markexpr") == "journey":
        from tests.journeys.browser import find_browser, version_of

        return f"Browser journeys in {version_of(find_browser() or '')}"
    return {"sqlite": "Tests on SQLite", "postgresql": "Tests on PostgreSQL"}[config.getoption("--database")]


@pytest.fixture(scope="session")
def data_folder() -> Iterator[Path]:
    """Return the data folder of the application under test: in memory where there is room.

    Tests commit thousands of times, and each commit waits for the disk.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder with a name of its own is made in it.
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_FOR_TESTS
    with tempfile.TemporaryDirectory(prefix="convoke-tests-", dir=memory if roomy else None, ignore_cleanup_errors=True) as folder:
        # The test PostgreSQL may run as another account.
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def database(pytestconfig: pytest.Config, data_folder: Path) -> Iterator[Database]:
    """Return the database, migrated once for the whole run."""
    with open_database(pytestconfig.getoption("--database"), data_folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def the_app(database: Database, data_folder: Path) -> Flask:
    """Return the one application of this worker."""
    settings = read_settings(
        {
            "CONVOKE_DATA": str(data_folder),
            "DATABASE_URL": database.url,
            "SECRET_KEY": "a secret that only tests know, long enough",
            "ENCRYPTION_KEYS": "test:" + base64.b64encode(b"k" * 32).decode(),
            "BASE_URL": "http://localhost",
            "TRUSTED_HOSTS": "localhost",
        }
    )
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = LintingClient
    database.migrate(app)
    return app


@pytest.fixture(autouse=True)
def _own_keys() -> Iterator[None]:
    """Give the process its keys back after a test that made another application with keys of its own."""
    yield
    keys.use({"test": b"k" * 32})


@pytest.fixture
def app(the_app: Flask, database: Database) -> Iterator[Flask]:
    """Return the application over an empty database."""
    with the_app.app_context():
        database.empty()
        # An empty database is a new installation, not an old one that was put back.
        stamp_file().unlink(missing_ok=True)
        yield the_app


@pytest.fixture(autouse=True)
def told_in_logs() -> Iterator[list[str]]:
    """Keep what the program logs during the test, and fail it where a line holds somebody's address or a live link."""
    lines: list[str] = []
    root, ours = logging.getLogger(), logging.getLogger("engagement")
    keeper, level = Keeper(lines), ours.level
    root.addHandler(keeper)
    ours.setLevel(logging.INFO)
    yield lines
    ours.setLevel(level)
    root.removeHandler(keeper)
    assert secrets_in(lines) == []


@pytest.fixture
def client(app: Flask) -> LintingClient:
    """Return a browser that nobody is signed in with; it lints every page that it fetches."""
    made = app.test_client()
    assert isinstance(made, LintingClient)
    return made


@pytest.fixture
def post(app: Flask) -> Iterator[Post]:
    """Return a real SMTP server that takes what the application sends."""
    with a_post_office(app) as office:
        yield office


@pytest.fixture
def csrf(app: Flask) -> Iterator[None]:
    """Check CSRF tokens in this test, as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False
