"""Tables, summaries, JSON and exit codes of runs that never were: made of plain data."""

import dataclasses
import json
from collections import Counter

import pytest

import gradtest
from gradtest.diagnosis.mutants import Fate, Mutant, Power
from gradtest.guess import Inputs
from gradtest.plan import Plan
from gradtest.properties.tally import Tally
from gradtest.record import Ledger, Record
from gradtest.surfaces import report_text
from gradtest.surfaces.exit_codes import ExitCode, exit_code
from gradtest.surfaces.lines import cells, fill, plain
from gradtest.surfaces.mutants_table import mutants_table
from gradtest.surfaces.reports.document import as_json
from gradtest.surfaces.reports.from_ledger import document_of
from gradtest.surfaces.table import Table

LONG = "∂L/∂W^{L-1} = (W^L)^T (ŷ - y) ⊙ ReLU'(z^{L-1}) · (a^{L-2})^T"


def record(name="f", **said) -> Record:
    return Record(name=name, place=f"mod:{name}", **{"done": True, "tally": tally(), **said})


def tally(agrees=100, undecided=0, **more) -> Tally:
    reasons = Counter({"too coarse": undecided} if undecided else {})
    resolution = 3e-8 if agrees else 0.0
    return Tally(
        agrees + undecided,
        agrees,
        undecided=undecided,
        reasons=reasons,
        resolution=resolution,
        evaluations=1234,
        **more,
    )


def ledger(*records: Record, interrupted=False) -> Ledger:
    return Ledger(Plan(opinions=("central", "scipy")), list(records), interrupted, 2.5)


AGREES = record("agrees")
UNDECIDED = record("undecided", tally=tally(0, 100))
MISUSED = record("misused", tally=Tally(), misuse="say how", done=False)
CRASHED = record("crashed", crash="RuntimeError: a fault")
STOPPED = record("stopped", tally=tally(3), done=False)
WAITING = record("waiting", tally=Tally(), done=False)
NOWHERE = record(
    "nowhere",
    tally=Tally(9, undecided=9, reasons=Counter({"the function is not finite around the point": 9})),
    inputs=Inputs({"x": "n"}, "--inputs"),
)


# -- exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([AGREES], ExitCode.AGREES),
        ([AGREES, UNDECIDED], ExitCode.NOTHING_DECIDED),
        ([AGREES, UNDECIDED, MISUSED], ExitCode.MISUSE),
        ([AGREES, NOWHERE], ExitCode.MISUSE),
        ([AGREES, MISUSED, CRASHED], ExitCode.INTERNAL),
        ([], ExitCode.NOTHING_DECIDED),
        ([AGREES, WAITING], ExitCode.NOTHING_DECIDED),
    ],
)
def test_the_worst_verdict_decides(records, code):
    assert exit_code(ledger(*records)) is code


def test_an_interruption_comes_before_everything():
    assert exit_code(ledger(AGREES, interrupted=True)) is ExitCode.INTERRUPTED


def test_the_numbers_are_those_of_pytest():
    theirs = {code.name: int(code) for code in pytest.ExitCode}
    ours = ["AGREES", "DISAGREES", "INTERRUPTED", "INTERNAL", "MISUSE", "NOTHING_DECIDED"]
    names = ["OK", "TESTS_FAILED", "INTERRUPTED", "INTERNAL_ERROR", "USAGE_ERROR", "NO_TESTS_COLLECTED"]
    assert [int(ExitCode[name]) for name in ours] == [theirs[name] for name in names]


# -- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 40, 60, 72, 80, 100, 120, 200, None])
@pytest.mark.parametrize("name", ["f", LONG])
def test_no_line_is_wider_than_the_terminal_and_no_name_is_cut(width, name):
    row = record(name, tally=tally(90, 10), inputs=Inputs({"x": "n"}, "a guess"))
    table = Table([name], ["central", "scipy"], 100, width)
    lines = [plain(line) for line in [*table.header(), *table.row(row)]]
    if width is not None and width >= 60:
        assert max(map(cells, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert all(word in text for word in name.split())
    assert "100" in text
    assert "10 undecided: too coarse" in text


def test_columns_stand_below_each_other():
    table = Table(["f", "longer name"], ["central", "scipy"], 100, None)
    rows = [plain(table.header()[0]), *(plain(table.row(record(name))[0]) for name in ("f", "longer name"))]
    assert [row.rstrip()[-1] for row in rows] == ["e", "s", "s"]
    assert len(set(map(cells, rows))) == 1
    assert rows[1].index("100") == rows[2].index("100")


def test_a_narrow_terminal_gives_names_a_line_of_their_own():
    table = Table([LONG], ["central", "scipy"], 100, 55)
    assert table.header() == []
    name, more, figures = map(plain, table.row(record(LONG)))
    assert (name + " " + more.strip()) == LONG
    assert figures == "   agrees    to 3e-08  100 cases, 0 undecided, 0.0 s"


def test_verdicts_have_a_mood_and_figures_have_none():
    pieces = Table(["f"], [], 100, None).row(AGREES)[0]
    assert [piece.mood for piece in pieces if "agrees" in piece.text] == ["", "good"]
    assert {piece.mood for piece in pieces} == {"", "good"}


def test_what_decided_nothing_says_what_to_do():
    texts = [plain(line) for line in Table(["f"], [], 100, None).row(UNDECIDED)]
    assert texts[1] == "   nothing was decided: all 100 cases are undecided (too coarse)"


# -- the summary ----------------------------------------------------------------------------------


def summary(*records, interrupted=False) -> list[str]:
    document = document_of(ledger(*records, interrupted=interrupted), "mod")
    return [plain(line) for line in report_text.summary(document, None)]


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        ([AGREES], "The derivative agrees."),
        ([AGREES, AGREES], "All 2 derivatives agree."),
        ([UNDECIDED, UNDECIDED], "All 2 derivatives are undecided."),
        ([AGREES, MISUSED, CRASHED], "3 derivatives: 1 agrees, 1 cannot be checked, 1 made gradtest fail."),
        ([AGREES, AGREES, UNDECIDED], "3 derivatives: 2 agree, 1 is undecided."),
    ],
)
def test_the_first_sentence_counts_verdicts(records, sentence):
    assert summary(*records)[1] == sentence


def test_an_interruption_is_said_first():
    assert summary(AGREES, STOPPED, WAITING, interrupted=True)[1] == (
        "Interrupted. 3 derivatives: 1 agrees, 1 was stopped, 1 was not reached."
    )


def test_the_figures_of_a_summary():
    first = record(
        "f",
        resolutions=[3e-8, 1e-10, 2e-12],
        tally=tally(98, 2, nearby=4),
        opinions={"central": tally(20, 5)},
    )
    assert summary(first, AGREES) == [
        "",
        "All 2 derivatives agree.",
        "  cases       200, 2 undecided; 4 at a kink or the like, judged at a generic point nearby",
        "  resolution  1e-10 in half of the cases, 3e-08 at worst: "
        "a gradient off by that share would be seen",
        "  opinions    central agrees in 20 of 25 and disagrees in 0",
        "  cost        2,468 evaluations, 2.5 s",
        "Seed: 0",
    ]


ZERO = "its gradient is zero"
MUTANTS = [
    Mutant("w", "twice", Fate.CAUGHT),
    Mutant("w", "negated", Fate.CAUGHT),
    Mutant("w", "clipped", Fate.MISSED, "it moves the slope by 1e-9, and 2e-9 would have been seen"),
    Mutant("w", "transposed", Fate.EQUIVALENT, "its gradient is symmetric"),
    Mutant("bias", "one entry off", Fate.CAUGHT),
    Mutant("bias", "twice", Fate.EQUIVALENT, ZERO),
    Mutant("bias", "negated", Fate.EQUIVALENT, ZERO),
]
BLIND = record("f", tally=tally(mutants=Power({mutant[:2]: mutant for mutant in MUTANTS})))


def test_what_would_not_have_been_seen_is_named_in_the_summary():
    assert summary(BLIND, AGREES)[-3] == (
        "  mutants     caught 3 of 4 wrong versions of these gradients; not caught: f: w clipped: it "
        "moves the slope by 1e-9, and 2e-9 would have been seen; f: bias: its gradient is zero in every "
        "case, so that only a wrong zero would have been seen"
    )


def test_the_table_of_mutants():
    assert [plain(line) for line in mutants_table(ledger(BLIND, AGREES), None)] == [
        "",
        "Mutants: wrong versions of each gradient that agreed, held against the same measurements.",
        " f",
        "   w     2 of 3",
        "     w clipped: it moves the slope by 1e-9, and 2e-9 would have been seen",
        "     w transposed is the same: its gradient is symmetric in every such case",
        "   bias  1 of 1",
        "     bias: its gradient is zero in every case, so that only a wrong zero would have been seen",
    ]
    assert max(cells(plain(line)) for line in mutants_table(ledger(BLIND), 40)) <= 40
    assert list(mutants_table(ledger(AGREES), None)) == []


def test_misuse_is_told_with_what_to_write():
    texts = [plain(line) for line in report_text.findings(ledger(NOWHERE, MISUSED), None)]
    assert texts == [
        "",
        "gradtest: nowhere was not finite at any of 9 points; restrict its inputs to where it is, "
        'for example --inputs "x: n : positive"',
        "",
        "gradtest: say how",
    ]


# -- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [8, 13, 21, 34, 55])
def test_filled_lines_keep_every_word_and_the_width(width):
    text = "one twenty-two three " + "x" * 40 + " ŷ⊙数 end"
    lines = fill(text, width, "- ", "    ")
    assert all(cells(line) <= max(width, 12) for line in lines)
    assert "".join("".join(lines).removeprefix("- ").split()) == "".join(text.split())


# -- json -----------------------------------------------------------------------------------------


def test_json_is_strict_and_complete():
    said = json.loads(
        as_json(document_of(ledger(AGREES, UNDECIDED, NOWHERE), "mod")),
        parse_constant=lambda text: pytest.fail(f"{text} is no JSON"),
    )
    assert said["gradtest"] == gradtest.__version__
    assert said["checked"] == "mod"
    assert said["exit_code"] == 4
    assert [t["verdict"] for t in said["targets"]] == ["agrees", "undecided", "misused"]
    assert said["targets"][1]["reasons"] == {"too coarse": 100}
    assert said["targets"][1]["vacuous"].startswith("nothing was decided")
    assert said["targets"][2]["inputs"] == {"x": "n"}
    counted = {field.name for field in dataclasses.fields(Tally)}
    assert counted <= set(said["targets"][0]), "every figure of a tally is there"
