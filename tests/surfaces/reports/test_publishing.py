"""Where reports go: stable names, whole files, and a note where nothing can be written."""

import io
import json
from pathlib import Path

import pytest

from gradtest.errors import Misuse
from gradtest.surfaces.reports.document import read
from gradtest.surfaces.reports.publishing import FILES, Wanted, publish, wanted

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}
CUBE = """
    def cube(x): return x**3
    def cube_grad(x): return -3 * x**2
"""


def published(document, reports: Wanted) -> tuple[list[str], str]:
    log = io.StringIO()
    return list(publish(document, reports, log)), log.getvalue()


def test_every_kind_has_its_file(document, tmp_path):
    pytest.importorskip("jinja2")
    said, _ = published(document(), Wanted(tuple(FILES), tmp_path / "a" / "b"))
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted(FILES.values())
    assert said[0].startswith("Reports: ")
    assert all(f"b/{name}" in said[0] for name in FILES.values())


def test_kinds_are_named_with_commas_or_one_by_one_and_each_is_written_once():
    assert wanted(["json,md", "junit", "md"], environment={}).kinds == ("json", "md", "junit")


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(Misuse, match="there is no report 'juint'; did you mean 'junit'"):
        wanted(["juint"])


@pytest.mark.parametrize(
    ("said", "environment", "annotations", "summary"),
    [
        ("auto", {}, False, None),
        ("auto", GITHUB, True, Path("summary.md")),
        ("none", GITHUB, False, None),
        ("github", {}, True, None),
        ("auto", {"GITHUB_STEP_SUMMARY": "summary.md"}, False, None),
    ],
)
def test_github_is_told_where_a_job_runs_there_or_where_asked(said, environment, annotations, summary):
    reports = wanted([], None, said, environment)
    assert (reports.annotations, reports.summary) == (annotations, summary)


def test_the_summary_of_a_job_is_appended(document, tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n", encoding="utf-8")
    said, log = published(document(), Wanted(annotations=True, summary=path))
    assert path.read_text(encoding="utf-8").startswith("before\n## gradtest: layers.py\n")
    assert log.startswith("::error file=src/layers.py,line=31,")
    assert said == []


def test_what_cannot_be_written_is_a_note(document, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    said, _ = published(document(), Wanted(("json",), tmp_path / "file", summary=tmp_path))
    assert said[0].endswith("file/report.json was not written: File exists.")
    assert said[1] == "The summary of the job was not written: Is a directory."
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


def test_an_old_report_stays_whole_where_a_new_one_cannot_be_made(document, tmp_path, monkeypatch):
    published(document(), Wanted(("md",), tmp_path))
    before = (tmp_path / "report.md").read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    said, _ = published(document(seed=7), Wanted(("md",), tmp_path))
    assert "No space left on device" in said[0]
    assert (tmp_path / "report.md").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


# -- the command ----------------------------------------------------------------------------------


def test_the_command_writes_what_is_asked_for_with_pictures(place, write, gradtest):
    write("layers.py", CUBE)
    run = gradtest("check", "layers.py", "-n", "5", "--seed", "0", "--report", "json,junit")
    assert run.exit_code == 1
    assert run.output.endswith("Reports: gradtest-report/report.json, gradtest-report/junit.xml\n")
    document = read(place / "gradtest-report" / "report.json")
    (target,) = document.targets
    assert (target.file, target.line) == ("layers.py", 4)
    assert target.pictures
    assert target.findings[0].again.startswith("python -m gradtest replay")
    assert document.exit_code == 1


def test_json_on_stdout_stays_alone_beside_reports(place, write, gradtest, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    write("layers.py", CUBE)
    run = gradtest("check", "layers.py", "-n", "5", "--json", "--report", "md", "--report-dir", "out")
    assert json.loads(run.stdout)["exit_code"] == 1
    assert "Reports: out/report.md\n" in run.stderr
    assert "::error file=layers.py,line=4,title=gradtest GT101%3A wrong gradient for x" in run.stderr
    assert "analytic" in (place / "out" / "report.md").read_text(encoding="utf-8")


def test_pyproject_may_say_which_reports_and_where(place, write, gradtest):
    write("layers.py", CUBE)
    config = '[tool.gradtest]\ntargets = ["layers.py"]\ncases = 3\nreport = ["md"]\nreport-dir = "r"\n'
    (place / "pyproject.toml").write_text(config, encoding="utf-8")
    gradtest("check")
    assert [path.name for path in (place / "r").iterdir()] == ["report.md"]
    gradtest("check", "--report", "gitlab", "--report-dir", "s")
    assert [path.name for path in (place / "s").iterdir()] == ["gl-code-quality-report.json"]
    assert not (place / "gradtest-report").exists()


def test_an_unknown_report_is_misuse_before_anything_runs(place, write, gradtest):
    write("layers.py", "raise RuntimeError('it was run')")
    run = gradtest("check", "layers.py", "--report", "htlm")
    assert run.exit_code == 4
    assert "there is no report 'htlm'" in run.output


def test_without_reports_nothing_is_written(place, write, gradtest):
    write("layers.py", CUBE.replace("-3", "3"))
    gradtest("check", "layers.py", "-n", "3")
    assert sorted(path.name for path in place.iterdir() if not path.name.startswith("__")) == ["layers.py"]


def test_a_run_that_could_not_begin_has_reports_too(place, write, gradtest):
    write("layers.py", CUBE)
    gradtest("check", "layers.py", "-n", "3", "--report", "json,junit")
    write("broken.py", "import nowhere")
    run = gradtest("check", "broken.py", "--report", "json,junit,md,gitlab", "--annotations", "github")
    assert run.exit_code == 4
    assert "Reports: gradtest-report/report.json, " in run.stderr
    assert "::error title=gradtest could not begin::broken.py cannot be imported" in run.stderr
    document = read(place / "gradtest-report" / "report.json")
    assert (document.exit_code, document.targets) == (4, []), "not those of the run before"
    for name in ("junit.xml", "report.md", "gl-code-quality-report.json"):
        assert "nowhere" in (place / "gradtest-report" / name).read_text(encoding="utf-8")


def test_merged_shards_have_the_same_reports(place, write, gradtest):
    write("layers.py", CUBE)
    for k in (1, 2):
        gradtest("check", "layers.py", "-n", "10", "--seed", "0", "--shard", f"{k}/2", "--report", "json")
    shards = sorted(str(path) for path in place.rglob("shard-*.jsonl"))
    assert len(shards) == 2
    gradtest("merge", shards[0], "--report", "json", "--report-dir", "half")
    assert "missing" in read(place / "half" / "report.json").partial
    run = gradtest("merge", *shards, "--report", "json,junit,md", "--report-dir", "merged")
    assert run.exit_code == 1, run.output
    document = read(place / "merged" / "report.json")
    assert document.partial == ""
    (target,) = document.targets
    assert (target.file, target.line, target.verdict) == ("layers.py", 4, "disagrees")
    assert target.pictures
    assert target.findings[0].again.startswith("python -m gradtest replay")
