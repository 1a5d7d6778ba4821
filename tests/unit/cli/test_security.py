"""Keys, users, spaces and the audit log on the command line."""

import io
import json
import os
import pwd
import shlex
import sqlite3

import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.cli import passwords
from scoreline.cli.exits import NOT_FOUND, REFUSED, USAGE
from scoreline.cli.run import run
from scoreline.core.errors import Unauthenticated

PASSWORD = "correct horse battery"


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run a command in a new home, with what is piped into it; return what it wrote."""
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def said(line, *, stdin="", status=0):
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        assert run(shlex.split(line)) == status
        return capsys.readouterr()

    return said


@pytest.fixture
def security(say):
    with open_app(Settings.of()) as app:
        yield app.security


def test_a_new_key_is_alone_on_stdout_so_that_a_script_can_take_it(say, security):
    said = say("key create ci")
    access = security.authenticate_secret(said.out.strip())
    assert access.actions("default") == {"view", "score"}
    assert "key ci may view, score in default" in said.err
    assert said.out.strip() not in said.err


def test_a_key_has_what_its_options_say(say, security):
    say("space create cards")
    made = json.loads(say("key create shop --space cards --deployment credit,fraud --expires 90d --rate 5 --json").out)
    access = security.authenticate_secret(made["secret"])
    assert (access.space, access.deployments, access.rate) == ("cards", {"credit", "fraud"}, 5)
    assert made["key"]["expires_at"].endswith("Z")
    narrow = say("key create narrow --action view").out.strip()
    assert security.authenticate_secret(narrow).actions("default") == {"view"}
    root = say("key create root --role admin --space '*'").out.strip()
    assert security.authenticate_secret(root).may("admin", "cards")


def test_keys_are_listed_without_their_secrets_and_revoked(say, security):
    secret = say("key create ci --role editor").out.strip()
    listed = say("key list").out
    assert "ci" in listed
    assert "editor" in listed
    assert secret.rpartition("_")[2] not in listed
    assert "is revoked" in say("key revoke ci").out
    with pytest.raises(Unauthenticated):
        security.authenticate_secret(secret)
    assert "begin with: scoreline key create" in say("key list").err
    assert "revoked" in say("key list --all").out
    assert json.loads(say("key list --all --json").out)["keys"][0]["name"] == "ci"
    say("key revoke ci", status=NOT_FOUND)


def test_a_password_is_piped_or_typed_twice_and_never_an_argument(say, security, monkeypatch):
    say("user add anna --role editor", stdin=f"{PASSWORD}\nignored\n")
    assert security.authenticate_password("anna", PASSWORD).actions("default") == {"view", "score", "edit"}
    assert "no password for 'bert' on stdin" in say("user add bert", status=USAGE).err
    typed = iter([PASSWORD + "1", PASSWORD + "1", "one", "another"])
    monkeypatch.setattr(passwords.getpass, "getpass", lambda _: next(typed))
    monkeypatch.setattr("scoreline.cli.passwords.sys.stdin", type("Terminal", (), {"isatty": lambda _: True})())
    assert passwords.ask("anna") == PASSWORD + "1"
    with pytest.raises(Exception, match="the two passwords differ"):
        passwords.ask("anna")


def test_users_get_roles_lose_them_and_go(say, security):
    say("user add anna", stdin=PASSWORD)
    say("space create 'team a'")
    assert "is admin in the space team a" in say("user grant anna admin --space 'team a'").out
    say("user grant anna viewer --space '*'")
    listed = say("user list").out
    assert "viewer in every space" in listed
    assert security.user("anna").id in listed
    say("user withdraw anna --space 'team a'")
    say("user password anna", stdin="another good one")
    assert security.authenticate_password("anna", "another good one").grants == {"*": {"view"}}
    say("user remove anna")
    assert "begin with" in say("user list").err
    assert "no user 'anna'" in say("user remove anna", status=NOT_FOUND).err


def test_a_machine_is_told_how_to_get_its_key(say, security):
    said = say("user add nightly --machine --role scorer")
    assert "key create nightly-key --user nightly" in said.err
    access = security.authenticate_secret(say("key create nightly-key --user nightly").out.strip())
    assert access.actions("default") == {"view", "score"}
    assert "nightly-key" in say("key list --user nightly").out
    assert "machine" in say("user list").out


def test_a_role_in_a_space_that_is_not_there_makes_no_user(say):
    say("user add anna --machine --role viewer --space nowhere", status=NOT_FOUND)
    assert json.loads(say("user list --json").out) == {"users": []}


def test_the_last_administrator_stays(say):
    say("key create root --role admin --space '*'")
    assert "last administrator" in say("key revoke root", status=REFUSED).err


def test_spaces_are_made_listed_and_deleted(say):
    say("space create cards --description 'what they do'")
    assert "what they do" in say("space list").out
    say("space create cards", status=REFUSED)
    say("space delete cards")
    assert [space["name"] for space in json.loads(say("space list --json").out)["spaces"]] == ["default"]
    say("space delete default", status=REFUSED)


def test_what_is_done_on_the_command_line_is_in_the_audit_log_with_the_accounts_name(say, tmp_path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody else")
    account = pwd.getpwuid(os.getuid()).pw_name
    for number in (1, 2):
        tiny_artifact(tmp_path / f"{number}.scoreline", weight=number / 1000)
        say(f"register {number}.scoreline")
    for line in (
        "deploy credit",
        "promote credit@2",
        "traffic credit 1=10",
        "traffic credit",
        "record credit --off",
        "record credit",
        "rollback credit",
        "deploy credit@2 --name credit",
        "undeploy credit",
        "key create ci",
    ):
        say(line)
    records = json.loads(say("audit --json").out)["records"]
    assert [record["action"] for record in reversed(records)] == [
        "model.register",
        "model.register",
        "deployment.create",
        "model.promote",
        "deployment.change",
        "deployment.change",
        "model.rollback",
        "deployment.change",
        "deployment.delete",
        "key.create",
    ]
    assert {(record["actor"], record["origin"]) for record in records} == {(account, "command line")}
    said = say("audit --action key.create --since 1h -n 5").out
    assert "key.create" in said
    assert account in said
    assert "model.register" not in said
    assert "no record is like that" in say("audit --actor nobody").err


def test_an_audit_log_that_was_tampered_with_is_refused(say, tmp_path):
    say("audit --noted 0", status=USAGE)
    for name in ("one", "two"):
        say(f"key create {name}")
    proved = json.loads(say("audit --verify --json").out)
    assert (proved["n_records"], proved["broken_at"]) == (2, None)
    assert "2 records, all as they were written" in say(f"audit --verify --noted {proved['digest']}").out
    assert "written anew" in say(f"audit --verify --noted {'0' * 64}", status=REFUSED).err
    with sqlite3.connect(tmp_path / "home" / "scoreline.db") as database:
        database.execute("DROP TRIGGER audit_refuses_update")
        database.execute("UPDATE audit SET actor = 'somebody else' WHERE id = 2")
    assert "record 2 is not as it was written" in say("audit --verify", status=REFUSED).err


def test_a_group_without_a_command_shows_its_commands(say):
    said = say("key", status=USAGE)
    assert all(name in said.out + said.err for name in ("create", "list", "revoke"))
