"""Every command: its help, its examples, its document, its exit code, its sentence when something is wrong."""

import json
import re
import shlex
import shutil
import sys

import pytest
from tests.artifacts import tiny_artifact
from typer.main import get_command

import scoreline.storage
from scoreline.cli.command import EXAMPLES, every
from scoreline.cli.exits import EXIT_CODES
from scoreline.cli.run import app, run
from scoreline.web.snippets import LANGUAGES

COMMANDS = dict(every(get_command(app).commands))


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """Return a home in which the model ``credit`` has two versions and is deployed."""
    folder = tmp_path_factory.mktemp("registered")
    for name, weight in (("credit", 0.001), ("second", 0.01)):
        tiny_artifact(folder / f"{name}.scoreline", weight=weight)
        assert run(["register", str(folder / f"{name}.scoreline"), "--home", str(folder / "home")]) == 0
    assert run(["deploy", "credit", "--home", str(folder / "home")]) == 0
    return folder


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SCORELINE_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("id,age,amount,purpose\n1,42,100,car\n2,,5,radio\n")
    return tmp_path


@pytest.fixture
def credit(home, registered):
    shutil.copytree(registered, home, dirs_exist_ok=True)


def said(capsys, line):
    capsys.readouterr()
    status = run(shlex.split(line))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_commands_are_those_that_users_are_told_of():
    told = (
        "demo experiment inspect score register models versions promote rollback serve deploy deployments undeploy log"
    )
    keys = "key create|key list|key revoke|user add|user list|user grant|user withdraw|user password|user remove"
    others = "space create|space list|space delete|audit|snippet|thrift|cert|import"
    assert {*told.split(), "traffic", "record", "log", *keys.split("|"), *others.split("|")} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_shows_an_example_the_exit_codes_and_the_shared_options(name, capsys):
    status, out, _ = said(capsys, f"{name} --help")
    assert status == 0
    assert EXAMPLES[name][0].split(" | ")[0] in out
    for shared in ("--json", "--home", "SCORELINE_HOME", "Exit codes", "130 Ctrl-C"):
        assert shared in " ".join(out.split())


@pytest.mark.parametrize("example", [example for examples in EXAMPLES.values() for example in examples])
def test_every_example_parses_and_fits_a_terminal(example):
    line = next(part for part in example.split(" | ") if part.startswith("scoreline "))
    program, name, *arguments = shlex.split(line)
    assert program == "scoreline"
    assert len(example) <= 76
    if name not in COMMANDS:
        name = f"{name} {arguments.pop(0)}"
    with COMMANDS[name].make_context(name, arguments, resilient_parsing=False):
        pass


def test_the_first_page_lists_every_command_and_exit_code(capsys):
    status, out, _ = said(capsys, "--help")
    assert status == 0
    assert all(f" {name.partition(' ')[0]} " in out for name in COMMANDS)
    assert all(f"{code} " in out for code in EXIT_CODES)


def test_a_narrow_terminal_gets_its_help(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    status, out, _ = said(capsys, "experiment --help")
    assert status == 0
    assert "--target" in out


JSON_LINES = [
    "models --json",
    "versions credit --json",
    "inspect credit.scoreline --json",
    "inspect credit --json",
    "register credit.scoreline --json",
    "promote credit@2 --json",
    "deploy credit@1 --name pinned --json",
    "deployments --json",
    "traffic credit 2=10 --sticky --shadow 2=50 --json",
    "record credit --sample 10 --hide age --json",
    "undeploy credit --json",
    "log --json",
    "log credit --json",
    "log credit --stats --json",
    "log credit -o records.jsonl --json",
    "log --compact --json",
    "score credit rows.csv -o scores.csv --json",
]


@pytest.mark.parametrize("line", JSON_LINES)
def test_json_is_one_document_on_stdout(line, credit, capsys):
    status, out, _ = said(capsys, line)
    assert status == 0
    assert isinstance(json.loads(out), dict)


def test_an_inspection_holds_what_the_page_shows(credit, capsys):
    found = json.loads(said(capsys, "inspect credit@1 --json")[1])
    assert found["model"] == "credit"
    assert found["version"] == 1
    assert found["scores"]["validation"] == {"log_loss": 0.5}
    assert found["parity"]["passed"] is True
    assert [column["name"] for column in found["schema"]["columns"]] == ["age", "amount", "purpose"]
    _, out, _ = said(capsys, "inspect credit@1")
    for part in ("credit, version 1", "log_loss", "age", "Proof", "Lineage", "german_credit"):
        assert part in out


def test_promotion_and_rollback_move_the_champion(credit, capsys):
    assert said(capsys, "promote credit@2")[1] == "✓ credit@champion is version 2, was version 1\n"
    assert "@champion → 2" in said(capsys, "models")[1]
    assert said(capsys, "rollback credit")[1] == "✓ credit@champion is version 1, was version 2\n"
    status, _, err = said(capsys, "rollback credit")
    assert status == 3
    assert "none before it" in err


def test_versions_show_scores_and_aliases(credit, capsys):
    lines = said(capsys, "versions credit")[1].splitlines()
    assert lines[1].split()[:3] == ["2", "log_loss", "0.5000"]
    assert "@champion" in lines[2]


def test_deployments_show_what_they_follow(credit, capsys):
    said(capsys, "deploy credit@1 --name pinned")
    out = said(capsys, "deployments")[1]
    assert "@champion" in out
    assert "version 1" in out
    assert said(capsys, "undeploy pinned")[1] == "✓ pinned is no longer deployed; model credit stays\n"


def test_scores_go_to_stdout_and_the_summary_to_stderr(credit, capsys):
    status, out, err = said(capsys, "score credit.scoreline rows.csv --include id")
    assert status == 0
    assert out.splitlines()[0] == "id,risk.good,risk.bad,risk.predicted"
    assert len(out.splitlines()) == 3
    assert "2 rows scored" in err
    assert "ignored" not in err, "a column that is copied was not ignored"


def test_a_score_run_tells_ignored_and_absent_columns(credit, home, capsys):
    (home / "other.csv").write_text("age,colour\n42,red\n")
    _, _, err = said(capsys, "score credit other.csv")
    assert "absent, scored as missing: amount, purpose" in err
    assert "ignored: colour" in err


def test_nothing_registered_says_how_to_begin(capsys):
    status, out, err = said(capsys, "models")
    assert (status, out) == (0, "")
    assert "scoreline experiment" in err
    assert "scoreline deploy" in said(capsys, "deployments")[2]


WRONG = [
    ("frob", 2, "no such command 'frob'"),
    ("model", 2, "did you mean 'models'"),
    ("models --frob", 2, "no such option: --frob"),
    ("versions", 2, "missing argument 'MODEL'"),
    ("versions nope", 4, "nope"),
    ("promote credit", 2, "which version"),
    ("promote credit@9", 4, "no version 9"),
    ("promote credit@@", 2, "alias"),
    ("rollback nope", 4, "nope"),
    ("deploy nope", 4, "nope"),
    ("deploy credit --name a/b", 2, "a/b"),
    ("undeploy nope", 4, "nope"),
    ("log nope", 4, "there is credit"),
    ("log credit --since never", 2, "--since: 'never'"),
    ("log credit --limit 0", 2, "--limit is 0"),
    ("log credit --follow -o records.csv", 2, "different things"),
    ("log credit -o records.xyz", 2, "cannot tell the format"),
    ("log ../credit", 2, "deployment '../credit'"),
    ("traffic nope", 4, "nope"),
    ("traffic credit 2", 2, "VERSION=PERCENT"),
    ("traffic credit 2=ten", 2, "VERSION=PERCENT"),
    ("traffic credit 2=10 @2=5", 2, "2 is there twice"),
    ("traffic credit 2=0", 2, "expected a percentage"),
    ("traffic credit 2=101", 2, "expected a percentage"),
    ("traffic credit 1=10", 2, "answers with already"),
    ("traffic credit 9=10", 4, "no version 9"),
    ("traffic credit nope=10", 4, "no alias 'nope'"),
    ("traffic credit --sticky", 2, "credit has no split"),
    ("traffic credit 2=10 --clear", 2, "made and ended"),
    ("traffic credit --shadow 1", 2, "answers with already"),
    ("traffic credit --shadow 2 --no-shadow", 2, "made and ended"),
    ("record nope", 4, "nope"),
    ("record credit --sample 0", 2, "expected a percentage"),
    ("record credit --hide agee", 2, "did you mean age"),
    ("record credit --show age", 2, "no column is hidden"),
    ("register nope.scoreline", 4, "nope.scoreline"),
    ("register rows.csv", 3, "rows.csv"),
    ("inspect nope.scoreline", 4, "nope.scoreline"),
    ("inspect rows.csv", 3, "rows.csv"),
    ("inspect nope", 4, "no file or deployment 'nope'"),
    ("score credit nope.csv", 4, "nope.csv"),
    ("score credit bad.csv", 1, "row 1, column `age`"),
    ("score credit rows.csv --include nope", 2, "nope"),
    ("score credit rows.csv -o out.xlsx", 2, "xlsx"),
    ("serve --port nope", 2, "not a port"),
    ("serve --thrift-port nope", 2, "--thrift-port: 'nope' is not a port"),
    ("snippet nope", 4, "nope"),
    ("snippet credit --language cobol", 2, "csharp"),
    ("snippet credit --dialect latin", 2, "kserve"),
    ("thrift nope", 4, "nope"),
    ("experiment rows.csv", 2, "missing option '--target'"),
    ("experiment rows.csv -t y --time soon", 2, "10m"),
    ("experiment rows.csv -t y --type a", 2, "COLUMN=TYPE"),
    ("experiment rows.csv -t y --split odd", 2, "stratified"),
    ("experiment rows.csv -t y -o rows.csv/x.scoreline", 2, "--output"),
    ("experiment nope.csv -t y", 4, "nope.csv"),
    ("experiment rows.csv -t nope", 1, "nope"),
]


@pytest.mark.parametrize(
    ("line", "choices"),
    [("snippet credit --language java", ["java", "javascript"]), ("snippet x --dialect ibm", ["ibm", "ibm_spark"])],
)
def test_a_shell_completes_what_an_option_can_be(line, choices, monkeypatch, capsys):
    monkeypatch.setenv("_SCORELINE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"scoreline {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split())))
    with pytest.raises(SystemExit):
        run([])
    assert sorted(capsys.readouterr().out.split()) == choices


def test_the_help_of_snippet_names_every_language(capsys):
    _, out, _ = said(capsys, "snippet --help")
    assert all(re.search(rf"\b{language}\b", out) for language in LANGUAGES.names)


@pytest.mark.parametrize(("value", "told"), [(None, True), ("sl_1", False)])
def test_a_snippet_tells_beside_it_where_its_key_comes_from(value, told, credit, monkeypatch, capsys):
    monkeypatch.delenv("SCORELINE_API_KEY", raising=False)
    if value:
        monkeypatch.setenv("SCORELINE_API_KEY", value)
    status, out, err = said(capsys, "snippet credit")
    assert (status, "curl -sS" in out) == (0, True)
    assert ("key create NAME --deployment credit" in err) is told


@pytest.mark.parametrize(("line", "status", "part"), WRONG)
def test_what_is_wrong_gets_a_sentence_and_an_exit_code(line, status, part, credit, home, capsys):
    (home / "bad.csv").write_text("age,amount,purpose\nabc,1,car\n")
    found, out, err = said(capsys, line)
    assert (found, out) == (status, "")
    assert err.startswith("error: ")
    assert part.lower() in err.lower()
    assert "Traceback" not in err


@pytest.mark.parametrize("line", [line for line, _, _ in WRONG])
def test_what_is_wrong_is_one_document_with_json(line, credit, home, capsys):
    (home / "bad.csv").write_text("age,amount,purpose\nabc,1,car\n")
    _, out, err = said(capsys, f"{line} --json")
    assert set(json.loads(out)["error"]) == {"code", "kind", "message", "hint"}
    assert err.startswith("error: ")


BAD_TABLES = {
    "empty": ("", "repaid"),
    "a header alone": ("a,repaid\n", "repaid"),
    "no target": ("a,b\n" + "1,2\n" * 50, "repaid"),
    "one class": ("a,repaid\n" + "".join(f"{i},yes\n" for i in range(50)), "repaid"),
    "a ragged row": ("a,repaid\n1,yes\n2,no,3,4\n" + "1,yes\n2,no\n" * 50, "repaid"),
    "a duplicate header": ("a,a,repaid\n" + "1,2,yes\n2,1,no\n" * 50, "repaid"),
    "nothing but the target": ("repaid\n" + "yes\nno\n" * 50, "repaid"),
    "bytes that are no text": ("\x00\x01\x02\x03" * 200, "repaid"),
}


@pytest.mark.parametrize("kind", BAD_TABLES)
def test_a_bad_table_gets_a_sentence_and_one_document(kind, home, capsys):
    content, target = BAD_TABLES[kind]
    (home / "bad.csv").write_text(content)
    status, out, err = said(capsys, f"experiment bad.csv --target {target} --time 30 --trials 1 --json")
    assert status == 1
    assert json.loads(out)["error"]["code"] == "bad_data"
    assert "error: " in err
    assert "Traceback" not in err


def test_scores_and_a_document_do_not_share_stdout(credit, capsys):
    status, out, _ = said(capsys, "score credit rows.csv --json")
    assert status == 2
    assert json.loads(out)["error"]["hint"] == "add -o scores.csv"


def test_a_model_that_is_not_deployed_is_told_how_to_be_named(credit, capsys):
    said(capsys, "undeploy credit")
    status, _, err = said(capsys, "inspect credit")
    assert status == 4
    assert "credit@champion" in err
    assert "nothing is deployed" in said(capsys, "inspect nope")[2]


def test_a_parity_proof_that_failed_is_refused(home, capsys):
    tiny_artifact(home / "off.scoreline", difference=0.1)
    status, _, err = said(capsys, "register off.scoreline")
    assert status == 3
    assert "differs from its model" in err


def test_a_home_that_cannot_be_made_gets_a_sentence(home, capsys):
    status, _, err = said(capsys, "models --home rows.csv/x")
    assert status == 1
    assert "--home" in err


def test_an_unexpected_error_is_one_sentence_and_with_debug_a_traceback(credit, home, capsys, monkeypatch):
    monkeypatch.setattr("scoreline.app.models.models", lambda app: 1 / 0)
    status, out, err = said(capsys, "models")
    assert (status, out) == (1, "")
    assert err.startswith("error: something went wrong inside Scoreline: ZeroDivisionError")
    assert "Traceback" not in err
    assert "Traceback" in said(capsys, "models --debug")[2]
    monkeypatch.setenv("SCORELINE_DEBUG", "1")
    assert "Traceback" in said(capsys, "models")[2]


def test_a_package_that_is_not_installed_names_the_extra(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.setattr(scoreline, "storage", scoreline.storage)
    for name in [name for name in sys.modules if name.startswith("scoreline.storage")]:
        monkeypatch.delitem(sys.modules, name)
    status, _, err = said(capsys, "models")
    assert status == 1
    assert "needs the package sqlalchemy" in err
    assert "scoreline[all]" in err


def test_a_home_given_by_option_stays_in_the_commands_that_follow(credit, home, capsys):
    _, _, err = said(capsys, "deploy credit@1 --name x")
    assert " serve\n" in err
    said(capsys, "register credit.scoreline --home other")
    _, _, err = said(capsys, "deploy credit --home other")
    assert f" serve --home {home / 'other'}\n" in err
