"""Quality floors on the saved pages: none is undercut, none was lowered without a reason."""

from __future__ import annotations

import pytest

from floors import PAGES, below, floors, without_reason


@pytest.mark.skipif(not (PAGES / "score.py").exists(), reason="NOT RUN: the saved pages are not beside this tree")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # score.py leaves files to the collector
@pytest.mark.parametrize("corpus", sorted(floors()))
def test_floor(corpus: str) -> None:
    assert below(corpus) == []


def test_no_floor_was_lowered_without_a_reason() -> None:
    assert without_reason(floors()) == []


def test_a_lowered_floor_is_noticed() -> None:
    assert without_reason({"aeb": {"day": {"floor": 0.8, "reached": 0.9}}}) == ["aeb day"]
