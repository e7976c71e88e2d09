"""A document of a stranger's: it is refused with a sentence, or every report can be made of it."""

import contextlib
import copy
import json

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gradtest.errors import Misuse
from gradtest.surfaces.reports.annotations import annotated
from gradtest.surfaces.reports.document import as_json, decoded
from gradtest.surfaces.reports.publishing import FILES, rendered

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(max_size=5) | st.sampled_from(["nan", "inf", "-inf", "agrees", "misused", "derivative"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def places(data, path=()):
    """Yield the way to everything in a document."""
    yield path
    for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))
        else:
            yield (*path, key)


def like(value):
    """Return what may stand in the place of a value, most often of its own kind."""
    kinds = {
        bool: st.booleans(),
        int: st.integers(-3, 2**63) | st.just(0),
        float: st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["nan", "inf", "-inf", 0]),
        str: WORDS,
        list: st.sampled_from([[], value[:1], value * 2] if isinstance(value, list) else [[]]),
        dict: st.just({}),
    }
    return kinds.get(type(value), VALUES) | VALUES


def at(data, path):
    for key in path:
        data = data[key]
    return data


def changed(data, path, value):
    if not path:
        return value
    data = copy.copy(data)
    data[path[0]] = changed(data[path[0]], path[1:], value)
    return data


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_can_be_read_can_be_rendered(document, worse, data):
    pytest.importorskip("jinja2")
    plain = json.loads(as_json(document(baseline=worse)))
    plain["targets"] = plain["targets"][:2]
    every = list(places(plain))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(every))
        with contextlib.suppress(KeyError, IndexError, TypeError):  # what was changed before may be gone
            plain = changed(plain, path, data.draw(like(at(plain, path))))
    text = json.dumps(plain).encode()
    try:
        read = decoded(text, "it")
    except Misuse:
        event("refused")
        return
    event("rendered")
    for kind in FILES:
        rendered(read, kind).encode("utf-8")
    list(annotated(read))
