"""The page of figures tells what is not reached, and what was not measured."""

from tests.faults.report import Figures


def test_a_figure_beyond_its_limit_is_marked_and_no_other() -> None:
    figures = Figures(1, long=False)
    figures.add(
        "F26", "document of allowed size judged after, of processor time", [3.0, 100.5], "ms"
    )
    figures.add("F21", "job refused after", [3.0, 50.0], "ms")
    page = figures.page()
    (marked,) = [line for line in page.splitlines() if "(**not reached**" in line]
    assert marked.startswith("| F26 |")
    assert "(of 2) (**not reached**: at most 100)" in marked
    assert "growth of a process by a job: not run" in page
