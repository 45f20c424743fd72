"""The fixes one by one: their case table, the trigger law, and bounded time."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import UsageError
from toolkit.text.fix import ORDER, fix, to_re2
from toolkit.text.normalize import DEFAULT, FIXES, PASSES, explain, normalize, profile
from toolkit.text.unicode import nfc_sensitive

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "clean" / "fixes.jsonl")
    .read_text("utf-8")
    .strip("\n")
    .split("\n")
]
# What broke fixes before: marks, halves of marks, look-alikes, joiners, and ordinary words between them.
PIECES = (
    *"ab1 |`$<>&;#\t\n\r\\/*-_.~^=\"'()[]{}",
    *"药高一。，：“”（）１Ａｚ．／　\u00a0\u2009",
    *"\u200b\u200d\u200c\u00ad\ufeff\u202e\ufe0f\u0301\u3099ﾞｶﾊﾟﬁ⽤⻅\uf9dc\x00\x0c\x1b\x85\x9bÃ©â€™ÖÐ¹ú×²½①",
    *(
        "👩",
        "🏴",
        "\U000e0067",
        "\U000e007f",
        "می",
        "क्",
        "北 京 上 海",
        "第 3 页",
        "Page 3 of 10",
        "版权所有",
        "Home > ",
    ),
    *(
        "<p>",
        "</p>",
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "</td>",
        "<pre>",
        "</pre>",
        "<code>",
        "</code>",
        "<li>",
        "<ul>",
    ),
    *("</ul>", "<sup>", "</sup>", "<br>", "<b>", "<answer>", "<script>", "</script>", "<!--", "-->", "<h2>", "</h2>"),
    *(
        "&amp;",
        "&lt;",
        "&gt;",
        "&nbsp;",
        "&#124;",
        "&#60;",
        "&#13;",
        "&copy;",
        "amp;",
        "lt;",
        "```\n",
        "~~~\n",
        "$$",
        "\\[",
        "\\(",
    ),
    *(
        "| a | b |\n",
        "|---|---|\n",
        "`x`",
        "$x$",
        "https://a.cn/x?utm_source=1&b=2",
        "?spm=1",
        "\x1b[31m",
        "\r\n",
        "\n\n\n",
        "  \n",
    ),
)
NASTY = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
TEXTS = NASTY | st.text(max_size=60)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case_table(case, request):
    if case.get("known_failure"):
        request.applymarker(pytest.mark.xfail(strict=True, reason=case["note"]))
    apply = normalize if case["fix"] == "normalize" else FIXES[case["fix"]]
    assert apply(case["input"]) == case["expect"], case["note"]


def test_the_case_table_has_both_languages_and_both_outcomes():
    stays = sum(case["input"] == case["expect"] for case in CASES)
    assert len({case["name"] for case in CASES}) == len(CASES) >= 120
    assert min(stays, len(CASES) - stays) >= 50
    assert min(sum(case["lang"] == lang for case in CASES) for lang in ("en", "zh")) >= 50


def test_every_fix_has_its_place_and_the_order_holds():
    assert tuple(FIXES) == ORDER


def test_a_fix_without_a_place_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="join_wraps"):
        fix("join_wrap", trigger="x")


@pytest.mark.parametrize("name", FIXES)
@given(text=TEXTS)
def test_trigger_law(name, text):
    """Where the trigger does not match, the function returns its input unchanged."""
    row = FIXES[name]
    if not row.pattern.search(text):
        assert row.function(text) == text


@pytest.mark.parametrize("name", FIXES)
@given(text=TEXTS)
def test_re_and_re2_agree_on_every_trigger(name, text):
    import pyarrow as pa
    import pyarrow.compute as pc

    row = FIXES[name]
    assert pc.match_substring_regex(pa.array([text]), row.re2)[0].as_py() == bool(row.pattern.search(text))


@pytest.mark.parametrize("name", FIXES)
def test_every_trigger_avoids_what_re2_reads_differently(name):
    assert not re.search(r"\\[bBwWdDsSAZz]|\(\?[=!<]|\(\?i", FIXES[name].trigger)


def test_the_trigger_of_nfc_covers_every_sensitive_character():
    pattern = FIXES["compose_nfc"].pattern
    assert [code for code in nfc_sensitive() if not pattern.search(chr(code))] == []
    assert not pattern.search("药，“’…。Aé½あア한①Ⅱ℃㎎：（）")


def test_to_re2_writes_code_points_in_braces():
    assert to_re2(r"[\u3000\U000e0001]\n") == r"[\x{3000}\x{000e0001}]\n"


REPEATED = (
    *PIECES,
    "``a",
    "$a ",
    "<p ",
    "<td rowspan=64 colspan=64>",
    "<<p></p>p></p>",
    "a-\n",
    "北 ",
    "0．",
    "http://(",
    "&a",
    " \n",
)


@pytest.mark.parametrize("name", [name for name in FIXES if name not in {"t2s", "s2t"}])
def test_time_is_bounded_on_100_kb_of_one_repeated_piece(name):
    """A quadratic step would take minutes; the slowest linear one takes a tenth of a second."""
    row = FIXES[name]
    for piece in REPEATED:
        text = (piece * 100_000)[: 100_000 // len(piece.encode()) * len(piece)]
        began = time.process_time()
        row.function(text)
        row(text)
        assert time.process_time() - began < 3, f"{name} on {piece!r}"


def test_backtick_runs_of_every_length_do_not_multiply():
    began = time.process_time()
    normalize("".join("`" * length + "a " for length in range(1, 440)))
    assert time.process_time() - began < 5


@given(text=TEXTS)
def test_normalizing_twice_is_normalizing_once(text):
    once = normalize(text)
    assert normalize(once) == once


@given(text=TEXTS)
def test_an_explanation_can_be_replayed(text):
    result, names = explain(text, tuple(FIXES)[:-2])
    for name in names:
        text = FIXES[name](text)
    assert text == result


@pytest.mark.parametrize("direction", ["t2s", "s2t"])
@given(
    text=st.lists(st.sampled_from([*"乾干幹发髮發后後面只隻里裏", "皇后", "头发", "`後`", " "]), max_size=12).map(
        "".join
    )
)
def test_conversion_is_idempotent_too(direction, text):
    once = normalize(text, convert=direction)
    assert normalize(once, convert=direction) == once


def test_most_texts_settle_at_once():
    """No row of the case table needs more than two rounds of changes."""
    for case in CASES:
        names = explain(case["input"])[1]
        assert all(names.count(name) <= 2 for name in names), case["name"]


def test_what_never_settles_comes_back_untouched():
    onion = peeled = "<p>药</p>"
    for _ in range(PASSES):  # each round of tags removed lets the next paragraph appear
        peeled = peeled.replace("<", "<<b>")
        onion += peeled
    assert explain(onion) == (onion, [])
    assert explain(onion[: len(onion) // 8])[1]


def test_names_are_sorted_into_the_order_of_the_table():
    text = "ＡＢ\u3000"
    assert explain(text, ["fold_spaces", "narrow_full_width"]) == explain(text, ["narrow_full_width", "fold_spaces"])


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: explain("x", ["compose_nfd"]), "compose_nfc"),
        (lambda: profile("pfd"), "pdf"),
        (lambda: normalize("x", convert="t2"), "t2s"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(call, hint):
    with pytest.raises(UsageError, match=hint):
        call()


def test_variants_and_wraps_are_not_default():
    assert {"t2s", "s2t", "join_wraps", "drop_page_lines", "drop_site_lines"}.isdisjoint(DEFAULT)


def test_a_missing_converter_names_the_extra(monkeypatch):
    import sys

    from toolkit.errors import MissingExtraError
    from toolkit.text import variants

    monkeypatch.setitem(sys.modules, "opencc", None)
    variants._converter.cache_clear()
    with pytest.raises(MissingExtraError, match=r"instruct-toolkit\[zh\]"):
        normalize("头发", convert="s2t")
    variants._converter.cache_clear()
