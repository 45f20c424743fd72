"""Segments: the parts joined are the text, and protected parts survive byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text.normalize import normalize
from toolkit.text.segments import segments, through

MARKS = st.lists(
    st.sampled_from(
        [
            *"ab药，。 \t\n|`$\\<>()[]~",
            "```",
            "~~~",
            "$$",
            "\\[",
            "\\]",
            "\\(",
            "\\)",
            "| a | b |\n",
            "https://a.cn/x",
            "\r\n",
        ]
    ),
    max_size=40,
).map("".join)
KINDS = ("fence", "display", "code", "math", "url", "table", "cell", "prose")


@given(text=MARKS | st.text(max_size=80))
def test_segments_joined_give_the_text_back(text):
    parts = list(segments(text))
    assert "".join(part for _, part in parts) == text
    assert all(part and kind in KINDS for kind, part in parts)


@given(text=MARKS | st.text(max_size=80))
def test_doing_nothing_to_segments_changes_nothing(text):
    assert through(lambda part: part, text, {"prose"}) == text
    assert through(lambda part: part, text, {"url", "cell"}) == text


@pytest.mark.parametrize(
    "protected",
    [
        "```py\nＡ　=　１  \n\n\n\n```",
        "~~~\nＡ&nbsp;\n~~~",
        "`Ａ\u200b`",
        "``Ａ`Ｂ``",
        "$Ａ_１$",
        "\\(Ａ\\)",
        "$$\nＡ  \n$$",
        "\\[Ａ　\\]",
        "\\begin{align*}Ａ　\\\\\n\\end{align*}",
    ],
)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("前文\n", "\n后文"), ("text\n\n", "\n\ntext")])
def test_protected_segments_survive_byte_for_byte(before, protected, after):
    assert normalize(before + protected + after) == before + protected + after


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("网址https://a.cn/x，请看", ["https://a.cn/x"]),
        ("(see https://a.org/wiki/Foo_(bar)).", ["https://a.org/wiki/Foo_(bar)"]),
        ("[药典](https://a.cn/x?a=1)。", ["https://a.cn/x?a=1"]),
        ("**http://a.org/x.** ftp://b.org/f", ["http://a.org/x", "ftp://b.org/f"]),
        ("no://url a.org/x", []),
    ],
)
def test_a_url_ends_where_its_address_ends(text, urls):
    assert [part for kind, part in segments(text) if kind == "url"] == urls


@pytest.mark.parametrize(
    "text", ["costs $5 and $6", "价格$5，$6。", "a $ b $ c", "LaTeX quotes ``like this''", "a | b", "P(A|B) = 1"]
)
def test_ordinary_signs_are_prose(text):
    assert [kind for kind, _ in segments(text)] == ["prose"]


def test_code_in_a_row_is_no_cell():
    assert list(segments("| `a|b` | 药 |")) == [
        ("table", "| "),
        ("code", "`a|b`"),
        ("table", " | "),
        ("cell", "药"),
        ("table", " |"),
    ]


def test_a_function_sees_real_line_ends_around_protected_segments():
    seen = []
    through(lambda text: seen.append(text) or text, "药 `x`\n`y` 后", {"prose"})
    assert [len(line) for line in seen[0].split("\n")] == [3, 3]


def test_a_text_of_impossible_code_points_comes_back_unchanged():
    text = "`x` Ａ\U00040000"
    assert through(str.lower, text, {"prose"}) == text
