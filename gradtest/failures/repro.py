"""The script that shows a failure again, with NumPy (or the framework) and the code under test alone."""

from __future__ import annotations

import inspect
import io
import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtest.case import Case, Raised
from gradtest.diagnosis.evidence import Entry, Finding
from gradtest.numerics.rounding import epsilon
from gradtest.spaces import arrays

from .calls import Calls
from .functions import Script
from .packing import CannotKeep, libraries, pack, spell
from .stencil import plain_difference

__all__ = ["fails", "script"]

Archive = dict[str, NDArray[Any]]

#: Names that the script has for itself.
TAKEN = (
    *("arrays", "cotangent", "describe", "error", "host", "inner", "main", "math", "moved", "numeric"),
    *(
        "analytic",
        "phi",
        "plain_difference",
        "point",
        "result",
        "returned",
        "sys",
        "t",
        "wrong",
        "Callable",
        "Path",
        "ROOT",
    ),
)

HEAD = '''"""{title}"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
{imports}

{copies}
def point(t):
    """Return the inputs{moved}."""
{point}


'''

WRONG_NUMBER = '''cotangent = {cotangent}  # what comes from above: one number for each of the output


def phi(t):
    """Return the output, weighted by the cotangent."""
    {variables} = point(t)
    returned = {forward}
    return inner(cotangent, {output})


def main():
    {variables} = point(0.0)
    returned = {forward}
    result = {derivative}
    analytic = float({entry})
    numeric, error = plain_difference(phi, {scale!r}, {eps!r})
    wrong = not abs(analytic - numeric) <= 3 * error + {rounding!r} * abs(numeric)
    print(f"{name}  analytic {{analytic:.10g}}   numeric {{numeric:.10g}} +- {{error:.0e}}")
    print("FAILED: they differ" if wrong else "FIXED: they agree")
    return int(wrong)


def moved(value, index, t):
    """Return a number or an array of which one entry is moved by t."""
    value = np.array(value)
    value[index] += t
    return value[()]


def host(value):
    """Return an array of any library as one of NumPy."""
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


def inner(cotangent, out):
    """Return the sum of the products of all entries."""
    if cotangent is None:
        return 0.0
    if isinstance(out, dict):
        return sum(inner(cotangent[key], out[key]) for key in out)
    if isinstance(out, (list, tuple)):
        return sum(map(inner, cotangent, out))
    return float(np.vdot(host(cotangent).astype(complex), host(out).astype(complex)).real)


{plain_difference}

'''

NO_NUMBER = """cotangent = {cotangent}  # what comes from above: one number for each of the output


def main():
    {variables} = point(0.0)
    print("inputs:  ", describe([{variables}]))
    try:
        returned = {forward}
        result = describe({derivative})
    except Exception as error:
        result = f"{{type(error).__name__}}: {{error}}"
    print("returned:", result)
    wrong = result == {result!r}
    print("FAILED: as before" if wrong else "CHANGED: gradtest replay says whether it fits now")
    return int(wrong)


{describe}

"""

TAIL = """if __name__ == "__main__":
    sys.exit(main())
"""


def describe(value: Any) -> str:
    """Return what a value is made of, without its numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {describe(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(describe, value)) + "]"
    return f"{value.dtype}{tuple(value.shape)}" if hasattr(value, "shape") else type(value).__name__


def script(case: Case, finding: Finding, base: Path, title: str) -> tuple[str, Archive]:
    """Return a script that exits with 1 while a finding is there and with 0 when it is gone, and its arrays.

    Parameters
    ----------
    case : Case
        The failing one, at the point where the finding was made.
    finding : Finding
    base : Path
        What is three folders above the script.
    title : str
        What it says of itself.

    Raises
    ------
    CannotKeep
        If the code under test can neither be imported nor copied, or something has no short expression.
    Raised
        If the code under test raises.
    """
    if finding.law not in ("derivative", "contract"):
        raise CannotKeep(f"it is not written for the law {finding.law}")
    archive: Archive = {}
    top = Script(base)
    calls = Calls(case, top, TAKEN)
    packed = {name: pack(value, name, archive) for name, value in case.point().items()}
    if finding.entry is None:
        body = _no_number(calls, archive)
    else:
        body = _wrong_number(calls, finding, finding.entry, archive)
    return _head(title, top, calls, packed, _point(calls, finding, packed, archive)) + body + TAIL, archive


def _head(title: str, top: Script, calls: Calls, packed: Mapping[str, Any], point: str) -> str:
    imports = list(
        dict.fromkeys([*top.imports, *(f"import {name}" for name in libraries(list(packed.values())))])
    )
    if top.paths:
        imports.insert(0, f"sys.path[:0] = [{', '.join(f'str({path})' for path in top.paths)}]")
    if "arrays[" in point:
        imports.append(
            '\nwith np.load(Path(__file__).with_name("arrays.npz"), allow_pickle=False) as archive:'
        )
        imports.append("    arrays = dict(archive)")
    return HEAD.format(
        title=title.replace("\\", "\\\\").replace('"""', "'''"),
        imports="\n".join(imports),
        copies="".join(f"{copy}\n\n" for copy in top.copies),
        moved=", one entry moved by t" if "moved(" in point else "",
        point=point,
    )


def _point(calls: Calls, finding: Finding, packed: Mapping[str, Any], archive: Archive) -> str:
    """Return the lines that make the inputs, the worst entry moved by t."""
    entry, wanted = finding.entry, finding.parameter

    def rewrite(name: str, text: str) -> str:
        if entry is None or name != wanted:
            return text
        if not entry.in_complex:
            return f"moved({text}, {entry.index!r}, t)"
        *index, part = entry.index
        return f"moved({text}, {tuple(index)!r}, {('t', '1j * t')[part]})"

    lines = [
        f"    {calls.variables[name]} = {spell(data, name, archive, rewrite)}"
        for name, data in packed.items()
    ]
    return "\n".join([*lines, f"    return {_joined(calls.variables.values())}"])


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names)


def _wrong_number(calls: Calls, finding: Finding, entry: Entry, archive: Archive) -> str:
    case = calls.case
    if any(map(arrays.is_complex, (*calls.out.leaves, *case.leaves))) and (
        case.target.conjugate or case.target.form != "vjp"
    ):
        raise CannotKeep("for complex numbers it is written for a vjp in the convention of torch")
    block = case.names.index(finding.parameter)
    cotangent = calls.whole(finding.cotangents)
    dtypes = [getattr(value, "dtype", "float64") for value in (case.leaves[block], *calls.out.leaves)]
    eps = max(epsilon(dtype) for dtype in dtypes)
    return WRONG_NUMBER.format(
        cotangent=_spelled("cotangent", cotangent, archive),
        variables=_joined(calls.variables.values()),
        forward=calls.forward,
        output=calls.output,
        derivative=calls.derivative,
        entry=_claimed(calls, block, entry, cotangent),
        scale=float(arrays.scales(case.leaves[block])[entry.index[:-1] if entry.in_complex else entry.index]),
        eps=eps,
        rounding=64 * eps,
        name=finding.parameter + entry.place,
        plain_difference=inspect.getsource(plain_difference),
    )


def _claimed(calls: Calls, block: int, entry: Entry, cotangent: Any) -> str:
    if not entry.in_complex:
        return calls.entry(block, entry.index, cotangent)
    *index, part = entry.index
    return f"{calls.entry(block, tuple(index), cotangent)}.{('real', 'imag')[part]}"


def _spelled(name: str, value: Any, archive: Archive) -> str:
    return spell(pack(value, name, archive), name, archive, lambda name, text: text)


def _no_number(calls: Calls, archive: Archive) -> str:
    cotangent = None if calls.raises else calls.whole(())
    return NO_NUMBER.format(
        cotangent=_spelled("cotangent", cotangent, archive),
        variables=_joined(calls.variables.values()),
        forward=calls.forward,
        derivative=calls.derivative,
        result=_result(calls, cotangent),
        describe=inspect.getsource(describe),
    )


def _result(calls: Calls, cotangent: Any) -> str:
    """Return what came back, or was raised, in words."""
    try:
        returned = calls.case.raw()
        return describe(calls.case.answer(returned, cotangent))
    except Raised as raised:
        return f"{type(raised.error).__name__}: {raised.error}"


# -- seen to fail ---------------------------------------------------------------------------------


def fails(path: Path) -> bool:
    """Run a script in this process, without its output; whether it says that the failure is there."""
    before = list(sys.path)
    scope: dict[str, Any] = {"__name__": "repro", "__file__": str(path)}
    try:
        with redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), scope)
            return bool(scope["main"]())
    except Exception:
        return False  # whatever the code under test does when it is run once more
    finally:
        sys.path[:] = before
