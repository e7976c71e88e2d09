"""The README is run: its Python and what that prints, its commands and what they print."""

import contextlib
import doctest
import importlib
import inspect
import io
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest

import gradtest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(*languages: str) -> list[tuple[str, str]]:
    """Return language and text of the blocks of a page, in order."""
    return re.findall(rf"^```({'|'.join(languages)})\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


def words(text: str) -> list[str]:
    """Return the words of an output, in no order, without what differs from run to run: numbers and notes."""
    lines = (line for line in text.splitlines() if not re.match(r"   \d+ undecided: ", line))
    joined = re.sub(
        r"; \d+ at a kink or the like,\s+judged at a generic\s+point nearby", "", "\n".join(lines)
    )
    joined = re.sub(r"; not caught: .*?(?=\n  \w)", "", joined, flags=re.DOTALL)
    found = joined.replace("none undecided", "0 undecided").split()
    return sorted(word for word in found if not re.fullmatch(r"[\d.,e+/-]+", word))


def labels(text: str) -> list[str]:
    """Return the headline of a finding and the labels of its rows."""
    headline, *rows = text.strip().splitlines()
    return [headline, *(row[2:16].strip() for row in rows)]


def test_words_leave_out_numbers_and_nothing_else():
    assert words("f agrees   100   3e-08\n   3 undecided: noise") == words("f   agrees 7 1.5e+10 ")
    assert words("f agrees 100") != words("f disagrees 100")


# -- Python ---------------------------------------------------------------------------------------


def test_the_python_of_the_page_runs_and_prints_what_stands_below_it():
    names: dict[str, object] = {}
    printed: str | None = None
    compared = 0
    for language, text in blocks("python", "text", "console", "toml"):
        if language == "text" and printed is not None:
            assert labels(printed) == labels(text)
            compared += 1
        if language != "python":
            printed = None  # what stands below a command is not what Python prints
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(text, "README.md", "exec"), names)
        printed = out.getvalue()
        for said, promised in zip(
            printed.splitlines(), re.findall(r"print\(.*#\s*(\w+)", text), strict=False
        ):
            assert said == promised
    assert compared > 0


def test_the_page_fails_where_its_code_does():
    with pytest.raises(gradtest.GradientError):
        exec("import gradtest, numpy as np\ngradtest.assert_gradients(np.sin, lambda g, x: g, np.ones(2))")


# -- commands -------------------------------------------------------------------------------------


def commands() -> dict[str, str]:
    """Return what follows each ``$`` of the page, and the output that stands below it."""
    parts = [
        part for _, text in blocks("console") for part in re.split(r"^\$ ", text, flags=re.MULTILINE) if part
    ]
    return dict(part.split("\n", 1) for part in parts)


def run(line: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    environment.pop("FORCE_COLOR", None)
    return subprocess.run(
        [sys.executable, *words[1:], *more],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_there_is_one_line_to_set_up_and_check_and_one_to_set_up_and_test():
    lines = [line for line in commands() if line.startswith("python3 -m venv")]
    assert [line.rpartition("&& ")[2].split()[0:3] for line in lines] == [
        [".venv/bin/python", "-m", "gradtest"],
        [".venv/bin/python", "-m", "pytest"],
    ]
    assert lines[0].endswith("gradtest check reference")


def test_ci_calls_the_line_of_the_page_that_runs_the_tests():
    pattern = re.search(r"sed -n '(.*)' ", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    found = subprocess.run(
        ["sed", "-n", pattern[1], "README.md"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    assert found.splitlines() == [line for line in commands() if "pytest" in line]


def test_the_reference_is_checked_as_the_page_shows():
    ((line, output),) = (c for c in commands().items() if c[0].endswith("gradtest check reference"))
    done = run(line.rpartition("&& ")[2], ROOT, "-n", "5", "--seed", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert words(done.stdout) == words(output.replace("100 cases each", "5 cases each"))


def test_the_other_commands_of_the_page_run(tmp_path):
    code = next(text for _, text in blocks("python") if "def affine_backward" in text)
    (tmp_path / "layers.py").write_text(code.split("\nx, w, b")[0], encoding="utf-8")
    lines = [line for line in commands() if line.startswith("python -m gradtest")]
    assert lines
    for line in lines:
        if "--baseline" in line:  # the file is written, and the run fails once
            assert run(line, tmp_path, "-n", "10").returncode == 1
        done = run(line, tmp_path, "-n", "10")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "agrees" in done.stdout


def test_the_files_that_the_page_names_exist():
    for name in re.findall(r"python (tests/\S+\.py)", PAGE):
        assert (ROOT / name).is_file(), name


def test_the_exit_codes_of_the_page_are_those_of_the_command():
    from gradtest.surfaces.exit_codes import ExitCode

    said = re.search(r"Exit codes are pytest's: (.*?)\.\n", PAGE, re.DOTALL)[1]
    assert [int(number) for number in re.findall(r"\d", said)] == [int(code) for code in ExitCode]


# -- examples -------------------------------------------------------------------------------------


def modules() -> list[str]:
    return [
        m.name for m in pkgutil.walk_packages(gradtest.__path__, "gradtest.") if m.name != "gradtest.__main__"
    ]


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_run(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = _imported(name)
        result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted == inspect.getsource(module).count(">>> "), "an example was passed over"


def _imported(name: str) -> ModuleType:
    """Return a module; an adapter or a report whose library is not installed is passed over."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        optional = name.startswith("gradtest.adapters.") or missing.name == "jinja2"
        if not optional or str(missing.name).startswith("gradtest"):
            raise
        pytest.skip(f"{name} needs {missing.name}, which is not installed")
