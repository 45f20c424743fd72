"""The stage as a whole: what goes in comes out, repaired and judged, the same in any batch and a second time."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.clean import Clean
from toolkit.clean.languages import name_languages
from toolkit.clean.measures import measure
from toolkit.clean.texts import FIELDS, Texts
from toolkit.errors import UsageError
from toolkit.kinds import split_leaving
from toolkit.record import SCHEMA, columns_of, content_hash, rows_of
from toolkit.text.language import detect_language
from toolkit.text.normalize import normalize

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "clean" / "stage.jsonl").read_text("utf-8").splitlines()
]
LANGUAGE_CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "clean" / "language.jsonl").read_text("utf-8").splitlines()
]
PIECES = ["每日３次", "高血压。", "Take it with food. ", "电话13812345678 ", "&nbsp;", "\u200b", "`Ａ１`", "\n", "a@b.cn", "谢谢！",
          "10⁹/L", "<b>x</b>", "①㎎", "| a | b |\n", "As an AI language model, ", "。", "！！！", "$x_1$ ", "[PHONE]", "\ufffd", "𠀀👍"]  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
EXTRA = st.dictionaries(
    st.sampled_from(["手机", "note", "order"]), TEXT | st.integers(0, 2 * 10**10) | st.none(), max_size=2
)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXT,
        "title": TEXT,
        "headings": st.lists(TEXT, max_size=2),
        "prompt": TEXT,
        "input": TEXT,
        "output": TEXT,
        "system": TEXT,
        "messages": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "tool"])}, optional={"content": TEXT}),
            max_size=3,
        ),
        "lang": st.sampled_from(["zh", "en", "und"]),
        "source": st.fixed_dictionaries({}, optional={"domain": st.sampled_from(["legal", "medical"])}),
        "extra": EXTRA.map(lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))),
        "flags": st.just(["no_date"]),
        "fixes": st.just(["join_wraps"]),
    },
)
ROWS = st.lists(ROW, max_size=6).map(lambda rows: [{"id": str(n), **row} for n, row in enumerate(rows)])


def only(stage, row):
    """One record through a stage: the row as it came out, with `leaving`."""
    out = stage.apply_batch(columns_of([{"id": "a", **row}]))
    (row,) = rows_of(out)
    return row


class TestCases:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_a_record_comes_out_as_its_row_says(self, case):
        row = only(Clean(**case["options"]), case["input"])
        leaving = row.get("leaving") or {}
        seen = {**row, "leaving": leaving.get("reason"), "detail": leaving.get("detail")}
        assert {name: seen.get(name) for name in case["expect"]} == case["expect"], case["note"]

    def test_both_languages_have_rows(self):
        assert {case["lang"] for case in CASES} == {"zh", "en"}


class TestLaws:
    @pytest.mark.parametrize(
        "options", [{"pii": "mask"}, {"pii": "flag", "drop_closings": True}, {"profile": "strict", "pii": "mask"}]
    )
    @given(rows=ROWS)
    def test_cleaning_twice_is_cleaning_once(self, options, rows):
        stage = Clean(**options)
        once, _ = split_leaving(stage.apply_batch(columns_of(rows)))
        twice = stage.apply_batch(once)
        assert rows_of(split_leaving(twice)[0]) == rows_of(once)

    @given(rows=ROWS, cut=st.integers(0, 6))
    def test_the_borders_of_batches_change_nothing(self, rows, cut):
        stage = Clean(pii="mask")
        whole = stage.apply_batch(columns_of(rows))
        parts = [stage.apply_batch(columns_of(part)) for part in (rows[:cut], rows[cut:])]
        assert [r for part in parts for r in rows_of(part)] == rows_of(whole)

    @given(rows=ROWS)
    def test_every_record_comes_out_once_and_its_hash_says_what_it_says(self, rows):
        out = Clean(pii="mask").apply_batch(columns_of(rows))
        assert out.column("id").to_pylist() == [row["id"] for row in rows]
        for before, after in zip(rows, rows_of(out), strict=True):
            known = before.get("fixes") or []
            if len(after.get("fixes") or []) > len(known):
                assert after["content_hash"] == content_hash(after)
            else:
                assert "content_hash" not in after

    @given(rows=ROWS)
    def test_what_stood_in_flags_and_fixes_stays(self, rows):
        for before, after in zip(rows, rows_of(Clean().apply_batch(columns_of(rows))), strict=True):
            for name in ("flags", "fixes"):
                assert (after.get(name) or [])[: len(before.get(name) or [])] == (before.get(name) or [])

    @given(text=TEXT)
    def test_a_text_becomes_what_normalize_makes_of_it(self, text):
        row = only(Clean(), {"text": text})
        assert row["text"] == normalize(text)

    def test_a_slice_of_a_batch_is_a_batch(self):
        batch = columns_of(
            [{"id": str(n), "messages": [{"role": "user", "content": f"每日３次{n}"}]} for n in range(4)]
        )
        out = Clean().apply_batch(batch.slice(1, 2))
        assert [row["messages"][0]["content"] for row in rows_of(out)] == ["每日3次1", "每日3次2"]

    def test_no_rows_are_no_trouble(self):
        assert Clean(pii="mask").apply_batch(columns_of([])).num_rows == 0


class TestTexts:
    def test_writing_back_what_was_read_changes_nothing(self):
        rows = [
            {
                "id": "a",
                "text": "x",
                "headings": ["h", "i"],
                "messages": [{"role": "user", "content": "m", "parts": "[]"}],
            },
            {"id": "b"},
            {"id": "c", "headings": [], "messages": [], "rejected": [{"role": "assistant"}], "output": ""},
        ]
        batch = columns_of(rows)
        texts = Texts.of(batch)
        again = texts.put(batch, texts.roles >= 0)
        assert again.equals(batch)

    def test_every_text_field_of_the_schema_is_a_field(self):
        assert {field.name for field in FIELDS} <= set(SCHEMA.names)


class TestLanguages:
    @pytest.mark.parametrize("case", LANGUAGE_CASES, ids=lambda case: case["name"])
    def test_counting_agrees_with_looking(self, case):
        texts = Texts.of(columns_of([{"id": "a", "text": case["input"]}]))
        named = name_languages(pa.array([None], pa.string()), texts, measure(texts.values), "langdetect").to_pylist()
        assert named in ([detect_language(case["input"])], [case["expect"]])

    def test_a_record_is_named_as_a_whole(self):
        rows = [
            {"id": "a", "prompt": "OK", "output": "Take the tablet with a glass of water, and not on an empty stomach."}
        ]
        assert rows_of(Clean().apply_batch(columns_of(rows)))[0]["lang"] == "en"

    def test_a_french_answer_to_a_short_question_is_not_english(self):
        french = (
            "Le patient doit prendre ce médicament pendant le repas, avec un grand verre d'eau, et ne pas le croquer."
        )
        assert only(Clean(), {"prompt": "Translate into French", "output": french})["lang"] == "fr"


class TestOptions:
    @pytest.mark.parametrize(
        "options",
        [{"profile": "documnt"}, {"fixes": ["pfd"]}, {"convert": "s2x"}, {"pii": "hide"}, {"pii_types": {"PHON": "mask"}},
         {"pii_types": {"PHONE": {"legal": "hide"}}}, {"language_backend": "langdtect"}],
    )  # fmt: skip
    def test_an_unknown_name_is_refused_before_anything_is_read(self, options):
        with pytest.raises(UsageError, match="unknown"):
            Clean.build(options)

    def test_a_stage_travels_to_another_process(self, tmp_path):
        lexicon = tmp_path / "words.txt"
        lexicon.write_text("# license: CC0-1.0\n高血压\n", "utf-8")
        stage = Clean(lexicon=str(lexicon), pii="mask")
        row = {"id": "a", "text": "高血压患者应当每天测量血压。"}
        before = stage.apply_batch(columns_of([row]))
        assert pickle.loads(pickle.dumps(stage)).apply_batch(columns_of([row])).equals(before)

    def test_other_terms_in_the_same_file_are_other_options(self, tmp_path):
        path = tmp_path / "terms.txt"
        path.write_text("# license: CC0-1.0\n甲肝\n", "utf-8")
        first = Clean(terms=(str(path),)).options()
        path.write_text("# license: CC0-1.0\n乙肝\n", "utf-8")
        assert Clean(terms=(str(path),)).options() != first


class TestFaults:
    @pytest.mark.parametrize(
        "piece", ["高血压患者应当每天测量血压。", "Take it with food. ", "哈", "电话13812345678，"]
    )
    def test_ten_megabytes_in_one_field_are_ordinary_input(self, piece):
        # each telephone number is confirmed by its numbering plan, which takes its time
        text = piece * (2000 if piece.startswith("电话") else 10_000_000 // len(piece.encode()))
        assert only(Clean(pii="mask"), {"text": text})["id"] == "a"

    @pytest.mark.parametrize("blank", [None, "", " ", "\n\n", "　", "\u200b", "\ufeff"])
    def test_blank_fields_of_every_kind_are_ordinary_input(self, blank):
        row = only(
            Clean(pii="mask"),
            {"prompt": blank, "output": "按时服药。", "messages": [{"role": "user", "content": blank}]},
        )
        assert row["output"] == "按时服药。"
