"""The options of what is told: forms, files, and from which severity on the command fails."""

import json
import pathlib

import pytest
import yaml

from k8sresolve.cli.findings import FORMS

ROOT = pathlib.Path(__file__).parents[2]
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: shop}\nspec: %s\n"
ERROR = SERVICE % ("db", "{type: ExternalName, externalName: 192.0.2.7}")
WARNING = SERVICE % ("web", "{clusterIP: None, selector: {app: w}, ports: [{name: %s, port: 1}]}" % ("n" * 63))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "error.yaml").write_text(ERROR)
    (tmp_path / "warning.yaml").write_text(WARNING)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "fail_on", "status"),
    [
        ("error.yaml", (), 1),
        ("warning.yaml", (), 0),
        ("warning.yaml", ("--fail-on", "warning"), 1),
        ("error.yaml", ("--fail-on", "never"), 0),
    ],
)
def test_the_status_is_what_fail_on_says(run, file, fail_on, status):
    assert run("check", file, *fail_on).status == status


def test_lint_has_the_same_options(run, here):
    (here / "resolv.conf").write_text("nameserver 10.0.0.1\noptions inet6\n")
    assert run("lint", "resolv.conf", "--fail-on", "warning").status == 1
    told = run("lint", "resolv.conf", "-o", "github").out
    assert told.startswith("::warning file=resolv.conf,line=2,title=option-unknown::the option")
    (here / ".k8sresolve.toml").write_text('ignore = ["option-*"]')
    assert run("lint", "resolv.conf", "--fail-on", "warning") == (0, "resolv.conf: nothing to improve\n", "")


def test_forms_go_to_files_and_one_to_standard_output(run, here):
    forms = [form for form in FORMS if form != "text"]
    given = [text for form in forms for text in ("-o", f"{form}=out.{form}")]
    ran = run("check", "error.yaml", *given, "--output", "text")
    assert ran.out.endswith("\nall Services: 1 error\n")
    assert "alias-to-address  error.yaml:4  " in ran.out
    for form in forms:
        assert "192.0.2.7" in (here / f"out.{form}").read_text() or form == "baseline"
    assert json.loads((here / "out.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "alias-to-address"


def test_only_to_a_file_nothing_is_printed(run):
    assert run("check", "error.yaml", "-o", "json=out.json") == (1, "", "")


@pytest.mark.parametrize(
    "given", [("-o", "json", "-o", "sarif"), ("--json", "-o", "github"), ("-o", "json=x", "-o", "sarif=x")]
)
def test_two_forms_do_not_share_a_place(run, given):
    ran = run("check", "error.yaml", *given)
    assert (ran.status, "ports" in ran.out) == (2, False)
    assert "two forms go to" in ran.err


@pytest.mark.parametrize("given", ["xml", "json=", "=x", "", "\x1b[2K=x"])
def test_what_is_no_form_is_a_usage_error(run, given):
    ran = run("check", "error.yaml", "-o", given)
    assert (ran.status, ran.out) == (2, "")
    assert "is no FORM[=FILE]" in ran.err
    assert all(line.isprintable() for line in ran.err.split("\n"))


def test_a_file_that_cannot_be_written_is_status_2(run):
    ran = run("check", "error.yaml", "-o", "json=nowhere/out.json")
    assert (ran.status, ran.out) == (2, "")
    assert "'nowhere/out.json' cannot be written: No such file or directory" in ran.err


def test_a_baseline_takes_what_was_found_and_lets_new_ones_fail(run, here):
    assert run("check", "error.yaml", "-o", "baseline=known.json").status == 1
    assert run("check", "error.yaml", "--baseline", "known.json") == (0, "all Services: nothing to improve\n", "")
    (here / "error.yaml").write_text(f"# moved\n{ERROR}---\n{ERROR.replace('name: db', 'name: new')}")
    ran = run("check", "error.yaml", "--baseline", "known.json")
    assert (ran.status, ran.out.splitlines()[-1]) == (1, "all Services: 1 error")
    assert "Service shop/new" in ran.out


def test_settings_of_the_project_count(run, here):
    (here / "pyproject.toml").write_text('[tool.k8sresolve.severity]\nalias-to-address = "remark"\n')
    assert run("check", "error.yaml").status == 0
    (here / "mine.toml").write_text("")
    assert run("check", "error.yaml", "--config", "mine.toml").status == 1


def test_the_hooks_of_pre_commit_run_the_command(run):
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["entry"] for hook in hooks] == ["k8sresolve check", "k8sresolve lint"]
    for hook in hooks:
        assert {"id", "name", "entry", "language", "files"} <= set(hook)
        assert hook["pass_filenames"] is False  # a Service fits, or not, with what is in other files
        assert run(hook["entry"].split()[1], "--help").status == 0
