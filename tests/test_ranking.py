"""The order of hits: what matches better comes first, whatever it is."""

import pytest

from kg.ranking import ALIKE, BEGINS, EXACT, HAS, PARTLY, match

NAMES = [["john", "cockerill", "defense"], ["cmi", "defence"]]


@pytest.mark.parametrize(
    ("text", "grade", "name"),
    [
        ("john cockerill defense", EXACT, 0),
        ("cmi defence", EXACT, 1),
        ("john cock", BEGINS, 0),
        ("cm", BEGINS, 1),
        ("defense john", HAS, 0),
        ("def cock", PARTLY, 0),
        ("cokerill", ALIKE, 0),
        ("cni", ALIKE, 1),
    ],
)
def test_grades(text: str, grade: int, name: int) -> None:
    found = match(text.split(), NAMES)
    assert (found.grade, found.name) == (grade, name)


def test_a_slip_of_one_letter_is_nearer_than_one_of_two() -> None:
    near, far = match(["arqus"], [["arquus"]]), match(["arqus"], [["argos"]])
    assert near.likeness > far.likeness
