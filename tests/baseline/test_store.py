"""The file: strict, the same bytes, never half written, never written over when it is damaged."""

import datetime
import json
import math
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from gradtest.baseline import store
from gradtest.baseline.entries import Accepted, Entry, Parameter
from gradtest.baseline.number import recorded
from gradtest.baseline.store import read, rewrite, written
from gradtest.errors import Misuse


def entry(target: str = "ops.py::f", value: float = 1.5, **more: object) -> Entry:
    said = {
        "drawn": recorded(3.0, 1e-9),
        "values": [recorded(value, 1e-9)],
        "parameters": {"x": Parameter(verdict="agrees", accuracy=1e-10, slopes=[recorded(-value, 1e-9)])},
    }
    return Entry(
        target=target, law="derivative", dtype="float64", inputs="x: n", verdict="agrees", **said | more
    )


def by_key(*entries: Entry) -> dict[tuple[str, str, str], Entry]:
    return {one.key: one for one in entries}


def put(path: Path, *entries: Entry) -> None:
    rewrite(path, lambda now: {**now, **by_key(*entries)})


# -- the bytes ------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "b.json"
    accepted = Accepted("GT101", "x", "as published", datetime.date(2027, 3, 1))
    one = entry(findings=[accepted], values=[recorded(math.nan, 1e-9), recorded(1.5, 1e-9)])
    put(path, one, entry("ops.py::∂g"))
    again = read(path)
    assert list(again) == [("ops.py::f", "derivative", "float64"), ("ops.py::∂g", "derivative", "float64")]
    assert written(again) == path.read_bytes()
    assert again[one.key].findings == [accepted]
    assert math.isnan(again[one.key].values[0].value)


def test_the_order_in_which_entries_come_does_not_show():
    one, other = entry("a"), entry("b")
    assert written(by_key(one, other)) == written(by_key(other, one))


def test_it_is_strict_json_that_ends_its_last_line_and_says_nothing_of_when_and_where(tmp_path):
    path = tmp_path / "b.json"
    put(path, entry(values=[recorded(math.inf, 1.0)]))
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "\r" not in text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert str(datetime.date.today().year) not in text
    assert str(tmp_path) not in text


def test_writing_the_same_again_leaves_the_file_alone(tmp_path):
    path = tmp_path / "b.json"
    put(path, entry())
    os.utime(path, (0, 0))
    put(path, entry())
    assert path.stat().st_mtime == 0


# -- damaged --------------------------------------------------------------------------------------

GOOD = written(by_key(entry())).decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Input data was truncated"),
        (GOOD[: len(GOOD) // 2], "Input data was truncated"),
        (
            GOOD.replace("1.500000000 ± 1e-09", "1.5"),
            "values[0]: expected a number with its error",
        ),
        (GOOD.replace('"law"', '"lwa"'), "entries[0]: Object contains unknown field `lwa`"),
        (GOOD.replace('"verdict": "agrees",\n   "drawn"', '"drawn"'), "missing required field `verdict`"),
        (GOOD.replace("1e-10", "-1.0"), "accuracy: Expected `float` > 0"),
        ("[]", "Expected `object`, got `array`"),
        ('{"gradtest_baseline": "1"}', "gradtest_baseline: Expected `int`, got `str`"),
        ('{"gradtest_baseline": 2, "entries": []}', "has format 2, and this gradtest reads format 1"),
        (GOOD.replace("{\n", "<<<<<<< HEAD\n{\n", 1), "the marks of a merge that was not finished"),
        ("\x00\xff", "cannot be read"),
    ],
)
def test_a_damaged_or_foreign_file_gets_a_sentence_and_stays_as_it_is(tmp_path, text, sentence):
    path = tmp_path / "b.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misuse) as said:
        read(path)
    assert sentence in str(said.value)
    assert "b.json" in str(said.value)
    with pytest.raises(Misuse):
        put(path, entry())
    assert path.read_text(encoding="utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["b.json"]


def test_two_entries_for_one_target_are_refused(tmp_path):
    path = tmp_path / "b.json"
    data = json.loads(GOOD)
    data["entries"] *= 2
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(Misuse, match=r"has two entries for ops\.py::f, derivative, float64"):
        read(path)


def test_reading_runs_nothing(tmp_path):
    path = tmp_path / "b.json"
    path.write_text(GOOD.replace("ops.py::f", "__import__('os').mkdir('ran')"), encoding="utf-8")
    read(path)
    assert not (tmp_path / "ran").exists()


# -- writing --------------------------------------------------------------------------------------


def test_an_interruption_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "b.json"
    put(path, entry())
    before = path.read_bytes()

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(path, entry("g"))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["b.json"]


def test_the_mode_of_the_file_stays_and_a_new_one_is_readable_by_all(tmp_path):
    path = tmp_path / "b.json"
    put(path, entry())
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~store._umask()
    path.chmod(0o640)
    put(path, entry("g"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_folder_that_is_not_there_gets_a_sentence(tmp_path):
    with pytest.raises(Misuse, match="cannot be written: No such file or directory"):
        put(tmp_path / "nowhere" / "b.json", entry())


def test_a_lock_that_stays_gets_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    lock = tmp_path / ".b.json.lock"
    lock.touch()
    with pytest.raises(Misuse, match=r"if there is none, delete .*\.b\.json\.lock"):
        put(tmp_path / "b.json", entry())
    assert lock.exists()


def _writer(path: Path, number: int) -> None:
    for i in range(5):
        put(path, entry(f"{number}.{i}"))


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    path = tmp_path / "b.json"
    processes = [
        multiprocessing.get_context("spawn").Process(target=_writer, args=(path, n)) for n in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert len(read(path)) == 20
    assert [p.name for p in tmp_path.iterdir()] == ["b.json"]
