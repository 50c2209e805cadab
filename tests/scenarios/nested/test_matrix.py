"""Every cell of the nested matrix has the verdict that stands in the table."""

from tests.scenarios.nested import matrix


def test_every_cell_is_judged_as_written() -> None:
    written = matrix.TABLE.read_text(encoding="utf-8")
    assert matrix.text() == written, (
        "review the difference, then: python -m tests.scenarios.nested.matrix --rewrite"
    )


def test_no_trouble_keeps_goods_from_being_received_or_refused() -> None:
    for trouble in matrix.TROUBLES.values():
        for level in matrix.LEVELS:
            moving = matrix.Stage(trouble, level, "in transit")
            for target in matrix.LEVELS:
                assert moving.tried("receive", target) == matrix.YES
                assert moving.tried("refuse", target) == matrix.YES


def test_nothing_with_trouble_in_it_or_around_it_is_sold_or_dispensed() -> None:
    for trouble in matrix.TROUBLES.values():
        for at, level in enumerate(matrix.LEVELS):
            stage = matrix.Stage(trouble, level, "at rest")
            for target in matrix.LEVELS[at:]:
                assert stage.tried("ship", target) != matrix.YES
                assert stage.tried("dispense", target) != matrix.YES
