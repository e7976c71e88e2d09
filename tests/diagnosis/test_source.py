"""Where a derivative stands: told for every case, and so remembered."""

import runpy

import numpy as np

import gradtest
from gradtest.diagnosis.source import location_of

TEXT = "def slope(x): return 2 * x\n"


def test_the_same_code_in_two_files_stands_in_two_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = []
    for name in ("one.py", "other.py"):
        path = tmp_path / name
        path.write_text(TEXT, encoding="utf-8")
        slope = runpy.run_path(str(path))["slope"]
        found.append(location_of(gradtest.target(np.square, grad=slope)))
    assert found == [("one.py", 1), ("other.py", 1)]


def test_the_place_is_told_from_the_folder_that_one_is_in(tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    path = tmp_path / "inner" / "one.py"
    path.write_text(TEXT, encoding="utf-8")
    squared = gradtest.target(np.square, grad=runpy.run_path(str(path))["slope"])
    for folder, place in ((tmp_path, ("inner/one.py", 1)), (tmp_path / "inner", ("one.py", 1))):
        monkeypatch.chdir(folder)
        assert location_of(squared) == place
