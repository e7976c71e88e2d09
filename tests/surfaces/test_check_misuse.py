"""Bad input gets a sentence and exit code 4, never a traceback."""

import pytest

FUNCTIONS = """
    def square(x): return x**2
    def square_backward(dout, x): return 2 * x * dout

    def dense(x, w): return x @ w
    def dense_backward(dout, x, w): return dout @ w.T, x.T @ dout

    def unsummed(x, b): return x + b
    def unsummed_backward(dout, x, b): return dout, dout

    def whole(x): return (x > 0).astype(int)
    def whole_grad(x): return 0 * x

    def boxed(x): return np.array([object()])
    def boxed_grad(x): return x

    def complex_valued(x): return x * 1j
    def complex_valued_vjp(g, x): return g * 1j

    def complex_gradient(x): return x**2
    def complex_gradient_vjp(g, x): return 2 * x * g + 1j

    def nowhere(x): return x * np.nan
    def nowhere_vjp(g, x): return g * x

    def picky(x): raise RuntimeError("wants nothing of the kind")
    def picky_vjp(g, x): return g

    def leaving(x): raise SystemExit(3)
    def leaving_vjp(g, x): return g

    def lonely(x): return x
"""


@pytest.fixture(autouse=True)
def functions(write):
    write("functions.py", FUNCTIONS)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        # the place
        ("nomodule", "there is no module 'nomodule'"),
        ("functoins", "did you mean 'functions'?"),
        ("functions:sqare", "functions has no 'sqare'; did you mean 'square'?"),
        ("functions.py::sqare", "did you mean 'square'?"),
        ("function.py", "there is no file 'function.py'; did you mean 'functions.py'?"),
        ("nofolder/file.py", "there is no folder 'nofolder'"),
        ("nofolder/", "there is no file or folder 'nofolder/'"),
        ("broken.py", "broken.py cannot be imported: ZeroDivisionError: division by zero"),
        ("unreadable.py", "unreadable.py cannot be imported: SyntaxError"),
        ("ending.py", "ending.py cannot be imported: it ends the program"),
        ("needy.py", "cannot be imported: ModuleNotFoundError: No module named 'not_there'"),
        ("empty.py", "empty.py holds nothing to check"),
        ("folder", "folder holds nothing to check"),
        # the derivative
        (
            "functions.py::lonely",
            "no derivative of 'lonely' was found in functions (looked for lonely_backward",
        ),
        ("functions.py::lonely --vjp no", "functions has no 'no'"),
        ("functions.py::lonely --vjp number", "functions.number is int, which cannot be called"),
        ("functions.py::square --vjp lonely --grad lonely", "give either --grad or --vjp"),
        ("functions.py --grad lonely", "name that one, too: functions.py::NAME"),
        # the inputs
        ("functions.py::square --inputs y:n", "--inputs names 'y', which is not an input of square"),
        ("functions.py --inputs v:n", "'v', which is not an input of any derivative here"),
        ("functions.py::square --inputs n", "--inputs 'n' has no name before a colon"),
        ("functions.py::square --inputs x:n[", "--inputs 'x:n[': the shape 'n['"),
        ("functions.py::square --inputs x:0", "x is empty (shape (0,))"),
        ("functions.py::square --inputs x:n:mask", "give real numbers: x.astype(float)"),
        ("functions.py::picky", '--inputs "x: batch in"'),
        # what the functions return
        ("functions.py::whole", "whole returned int64, which has no derivative"),
        ("functions.py::boxed", "boxed returned object, which has no derivative"),
        ("functions.py::complex_gradient", "for `x` that is complex"),
        ("functions.py::nowhere", "nowhere is not finite at any point that was tried; restrict its inputs"),
        ("functions.py::nowhere --inputs x:n", '--inputs "x: n : positive"'),
        ("functions.py::leaving --inputs x:n", "leaving ended the program (SystemExit: 3)"),
        # the options
        ("functions.py::square --method magic", "'magic' is not one of 'spectral', 'central', 'scipy'"),
        ("functions.py::square --seed -1", "-1 is not in the range x>=0"),
        ("functions.py::square --resolution 2", "resolution=2.0 is not a relative error"),
        ("functions.py::square -n 0", "0 is not in the range x>=1"),
        ("functions.py::square --sed 1", "No such option '--sed'"),
        ("", "say what to check"),
    ],
)
def test_misuse_gets_a_sentence(gradtest, write, place, words, sentence):
    write("functions.py", FUNCTIONS + "\n    number = 3")
    write("broken.py", "1 / 0")
    write("unreadable.py", "def (")
    write("ending.py", "raise SystemExit(0)")
    write("needy.py", "import not_there")
    write("empty.py", "")
    (place / "folder").mkdir()
    result = gradtest("check", *words.split())
    assert sentence in result.output.replace("\n  ", " ")
    assert "Traceback" not in result.output
    assert result.exit_code == 4


def test_an_unknown_command_is_answered_with_the_nearest(gradtest):
    result = gradtest("chek")
    assert result.exit_code == 4
    assert "there is no command 'chek'; did you mean 'check'?" in result.output


def test_a_gradient_of_the_wrong_shape_is_shown_with_its_inputs(gradtest):
    result = gradtest("check", "functions.py::unsummed", "--inputs", "x: 2 n", "--inputs", "b: n")
    assert result.exit_code == 4
    assert (
        "GT301: unsummed_backward returned a gradient for `b` of shape (2, 1), but `b` has" in result.output
    )
    assert "smallest case x = [[" in result.output
    assert "The derivative does not fit its inputs." in result.output


def test_one_misuse_among_others_does_not_hide_them(gradtest, write):
    write(
        "mixed.py",
        """
        def wrong(x): return x**2
        def wrong_grad(x): return 3 * x

        def whole(x): return (x > 0).astype(int)
        def whole_grad(x): return 0 * x
        """,
    )
    result = gradtest("check", "mixed.py", "-n", "5")
    assert "2 derivatives: 1 disagrees, 1 cannot be checked." in result.output
    assert result.exit_code == 1
