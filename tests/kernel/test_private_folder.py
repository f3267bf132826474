"""What is kept on this machine is read by its own account only."""

import os
import subprocess
import sys

import pytest

from config import ROOT, SettingsError, read_settings
from tests.kernel.test_config import PRODUCTION

pytestmark = pytest.mark.slow


def rights(path):
    return path.stat().st_mode & 0o777


def start(folder, script=""):
    """Let another process load the program over ``folder``, with the rights that most accounts give."""
    code = f"import os; os.umask(0o022); import app; {script}"
    environ = {"PATH": os.environ["PATH"], "CONVOKE_DATA": str(folder)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, check=True, timeout=60)


def test_the_folder_and_all_that_is_written_in_it_are_private(tmp_path):
    folder = tmp_path / "kept" / "here"
    upgrade = "app.app.test_cli_runner().invoke(args=['db', 'upgrade'])"
    start(folder, f"{upgrade}; (app.app.config['SETTINGS'].data_folder / 'mailbox').mkdir()")
    assert rights(folder) == 0o700
    found = list(folder.rglob("*"))
    assert {path.name for path in found} >= {"convoke.sqlite3", "secrets.json", "mailbox"}
    assert [path.name for path in found if rights(path) & 0o077] == []


@pytest.mark.parametrize("open_to", [0o755, 0o701, 0o777])
def test_production_refuses_a_folder_that_others_can_look_into(tmp_path, open_to):
    tmp_path.chmod(open_to)
    with pytest.raises(SettingsError) as refused:
        read_settings({**PRODUCTION, "CONVOKE_DATA": str(tmp_path)})
    [line] = str(refused.value).splitlines()
    assert line.startswith("CONVOKE_DATA: ")
    assert line.endswith(f"chmod o-rwx {tmp_path}")
    tmp_path.chmod(open_to & 0o770)
    assert read_settings({**PRODUCTION, "CONVOKE_DATA": str(tmp_path)}).data_folder == tmp_path


def test_a_folder_that_a_group_shares_goes_on_being_shared(tmp_path):
    tmp_path.chmod(0o770)
    start(tmp_path)
    start(tmp_path, "(app.app.config['SETTINGS'].data_folder / 'new').touch()")
    assert rights(tmp_path / "new") == 0o660
    tmp_path.chmod(0o750)
    start(tmp_path, "(app.app.config['SETTINGS'].data_folder / 'newer').touch()")
    assert rights(tmp_path / "newer") == 0o600
