"""Texts stay texts, whatever they hold."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # comes with rich
from markdown_it.token import Token

from shopace.service.catalog.markdown import anchor, heading, link, plain, table

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKS = st.text(alphabet="\\`*_{}[]<>|~&$#+-=.)!:/()0123456789 abc;'\"", max_size=40)
TEXTS = (MARKS | st.text(max_size=40)).map(lambda text: text.replace("\0", "")).filter(str.strip)


def words(tokens: list[Token]) -> str:
    """What a reader sees of paragraphs; anything that is more than text shows as its type."""
    return "".join(
        each.content if each.type in {"text", "text_special"} else f"<{each.type}>"
        for token in tokens
        for each in token.children or []
    )


@given(text=TEXTS)
@example("1. no list")
@example("# no heading")
@example("--- no rule")
@example("![no](image)")
@example("<b>no tag</b> &amp; no entity")
@example("a | b")
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    tokens = PARSER.parse(plain(text))
    assert [each.type for each in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert words(tokens) == " ".join(text.split())


@given(text=TEXTS)
def test_a_cell_of_a_table_holds_its_text_and_ends_no_row(text: str) -> None:
    tokens = PARSER.parse(table(("a", "b"), [(plain(text), "next")]))
    cells = [each for each in tokens if each.type == "inline"]
    assert [words([each]) for each in cells] == ["a", "b", " ".join(text.split()), "next"]


@given(text=TEXTS)
def test_a_link_has_its_words_and_leads_where_it_should(text: str) -> None:
    (_, inline, _) = PARSER.parse(link(text, "page.md#there"))
    opened, *inner, closed = inline.children or []
    assert (opened.type, opened.attrs, closed.type) == (
        "link_open",
        {"href": "page.md#there"},
        "link_close",
    )
    assert "".join(each.content for each in inner) == " ".join(text.split())


@pytest.mark.parametrize(
    ("words", "key", "slug"),
    [
        ("CTR", "ctr", "#ctr-ctr"),
        ("Return on ad spend (ROAS)", "roas", "#return-on-ad-spend-roas-roas"),
        ("Open violations: after-sales", "open", "#open-violations-after-sales-open"),
        ("Set a “discount” & wait", "set_it", "#set-a-discount--wait-set_it"),
    ],
)
def test_headings_are_linked_to_as_forges_name_them(words: str, key: str, slug: str) -> None:
    assert anchor(words, key) == slug
    assert re.fullmatch(r"### .+ \(`\w+`\)", heading(words, key))
