import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
ANY_ID = st.one_of(
    st.text(max_size=90),
    st.text("abAB01_.-", max_size=90),
    st.from_regex(r"[A-Za-z0-9_.:{}*\n-]{0,70}", fullmatch=True),
)
ALLOWED = re.compile(
    r"shopace:v1:(diagnosis:\{[A-Za-z0-9_.-]{1,64}\}"
    r"|run:\{[A-Za-z0-9_.-]{1,80}\}(:blocks)?"
    r"|legend:[A-Za-z0-9_.-]{1,80})"
)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_an_id_that_could_leave_its_place_in_a_key_is_refused(build: Builder, text: str) -> None:
    with pytest.raises(JobError):
        build(text)


def test_the_braces_of_a_diagnosis_are_literal_so_that_a_cluster_hashes_the_shop_alone() -> None:
    assert keys.diagnosis_key("7495") == "shopace:v1:diagnosis:{7495}"


@given(first=ANY_ID, second=ANY_ID)
def test_two_ids_never_share_a_key_and_every_key_is_of_the_published_form(
    first: str, second: str
) -> None:
    built: dict[str, tuple[Builder, str]] = {}
    for build in BUILDERS:
        for text in (first, second):
            try:
                key = build(text)
            except JobError:
                continue
            assert ALLOWED.fullmatch(key)
            assert built.setdefault(key, (build, text)) == (build, text)
