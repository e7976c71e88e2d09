"""Objects that hold arrays."""

import random

import numpy as np

from gradtest.spaces.objects import Randomness, at, attributes, copied, is_plain_object, put, written


class Holder:
    def __init__(self):
        self.a = np.arange(3.0)
        self.inner = {"b": [self.a, 2.0]}

    def listed(self):
        yield self.a

    def wants(self, more):
        return more


def test_a_path_is_followed_and_written():
    holder = Holder()
    path = ((".", "inner"), ("[]", "b"), ("[]", 0))
    assert at(holder, path) is holder.a
    assert written(path) == "inner.b[0]"
    assert at(holder, ((".", "outer"),)) is None
    assert at(holder, (("()", "listed"), ("[]", 0))) is holder.a
    put(holder, ((".", "inner"), ("[]", "b"), ("[]", 1)), 3.0)
    assert holder.inner["b"][1] == 3.0


def test_a_copy_has_the_new_array_wherever_the_old_one_was():
    holder, new = Holder(), np.ones(3)
    other = copied(holder, [(holder.a, new)])
    assert other.a is new
    assert other.inner["b"][0] is new
    assert holder.a is holder.inner["b"][0]
    assert holder.a is not new


def test_attributes_and_methods_that_need_nothing():
    held = attributes(Holder(), ("listed", "wants", "absent"))
    assert list(held) == ["a", "inner", "listed"]
    assert held["listed"][0] == ("()", "listed")


def test_slots_are_attributes():
    class Slotted:
        __slots__ = ("unset", "w")

        def __init__(self):
            self.w = 1.0

    assert list(attributes(Slotted())) == ["w"]
    assert is_plain_object(Slotted())


def test_what_is_no_object_of_somebody():
    assert not any(map(is_plain_object, (1.0, np.ones(2), [1], "a", Holder, np.random.default_rng(0))))
    assert is_plain_object(Holder())


GENERATOR = np.random.default_rng(3)


def draw():
    return float(np.random.rand()), random.random(), float(GENERATOR.random())


def test_randomness_is_the_same_inside_and_untouched_outside():
    randomness = Randomness([draw])
    with randomness.frozen():
        first = draw()
    randomness.keep_used()
    with randomness.frozen():
        assert draw() == first
    assert draw() == first  # nobody noticed
    assert draw() != first


def test_a_source_that_was_not_used_is_forgotten():
    randomness = Randomness([draw])
    with randomness.frozen():
        random.random()
    randomness.keep_used()
    assert len(randomness._sources) == 1
