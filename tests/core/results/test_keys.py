from collections.abc import Callable

import pytest

from shopace.core.errors import JobError
from shopace.core.results import keys

Builder = Callable[[str], str]
BUILDERS: list[Builder] = [keys.diagnosis_key, keys.run_key, keys.run_blocks_key, keys.legend_key]
HOSTILE = [
    "a:b",
    "{x}",
    "*",
    "a\n",
    "\n",
    "../x",
    "",
    "a b",
    "ä",
    "a\x00",
    "x" * 81,
    "a}b{c",
    "?",
    "[a]",
]


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_an_id_that_could_leave_its_place_in_a_key_is_refused(build: Builder, text: str) -> None:
    with pytest.raises(JobError):
        build(text)


def test_the_braces_of_a_diagnosis_are_literal_so_that_a_cluster_hashes_the_shop_alone() -> None:
    assert keys.diagnosis_key("7495") == "shopace:v1:diagnosis:{7495}"
