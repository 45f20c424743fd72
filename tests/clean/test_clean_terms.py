"""Terms, lexicon and classifier: what the user knows of the domain, found as each script asks."""

from __future__ import annotations

import importlib.util
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.clean import Clean, train_relevance
from toolkit.clean.classifier import Classifier
from toolkit.errors import MissingExtraError, SourceError, UsageError
from toolkit.record import columns_of, rows_of
from toolkit.text.terms import TermList, TermSet

HAS_SKLEARN = importlib.util.find_spec("sklearn") is not None


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return write


def only(stage, **row):
    (out,) = rows_of(stage.apply_batch(columns_of([{"id": "a", **row}])))
    return out


class TestTermSet:
    @pytest.mark.parametrize(
        ("terms", "text", "found"),
        [
            (["性病"], "慢性病患者", ["性病"]),  # Han has no borders: choose longer terms
            (["高血压", "高血压病"], "高血压病与高血压", ["高血压病", "高血压"]),
            (["cat"], "category, cat; Cat的cat", ["cat", "cat", "cat"]),
            (["IT"], "IT部门 it is", ["IT"]),
            (
                ["heart", "heart attack"],
                "heart attacks",
                ["heart"],
            ),  # the longer one touches a word, the shorter does not
            (["β受体"], "β受体阻滞剂", ["β受体"]),
            (["C++"], "C++代码", ["C++"]),
            (["vitamin b"], "Vitamin B、vitamin b1", ["vitamin b"]),
            ([], "任何文字", []),
        ],
    )
    def test_a_term_is_found_as_its_script_asks(self, terms, text, found):
        assert [term for _, _, term in TermSet(terms).find(text)] == found

    @given(
        terms=st.lists(st.text(alphabet="高血压ab 👍", min_size=2, max_size=4), max_size=5),
        texts=st.lists(st.text(alphabet="高血压ab 👍", max_size=12), max_size=5),
    )
    def test_many_texts_at_once_give_what_each_gives_alone(self, terms, texts):
        found = TermSet(terms)
        data = [text.encode() for text in texts]
        borders = [sum(map(len, data[:n])) for n in range(len(data) + 1)]
        hits = found.scan(b"".join(data), borders)
        assert hits[:, :2].tolist() == [
            [n, found.terms.index(t)] for n, text in enumerate(texts) for _, _, t in found.find(text)
        ]

    @given(text=st.text(alphabet="高血压ab 👍İ", max_size=12))
    def test_places_are_characters(self, text):
        for start, end, term in TermSet(["高血", "血压", "ab", "👍👍"]).find(text):
            assert text[start:end].lower() == term


class TestTermList:
    @pytest.mark.parametrize(
        ("text", "said"),
        [("毒品\n", "license"), ("# license: CC0-1.0\n性\n", "one character")],
    )
    def test_a_list_that_cannot_be_meant_is_refused(self, write, text, said):
        with pytest.raises(UsageError, match=said):
            TermList.read(write("list.txt", text))

    def test_a_missing_file_is_a_source_error(self):
        with pytest.raises(SourceError, match="nowhere"):
            Clean(terms=("/nowhere/terms.txt",))

    def test_comments_blank_lines_and_a_byte_order_mark_are_no_terms(self):
        assert TermList.parse("\ufeff# license: MIT\n\n# a note\n毒品\n毒品\n", "x").terms == ("毒品",)


class TestListedTerm:
    def test_a_listed_term_flags_with_its_name(self, write):
        stage = Clean(terms=(write("toxic.txt", "# license: CC0-1.0\n赌博网站\n"),), rules={"listed_term": "reject"})
        row = only(stage, prompt="怎么戒赌？", output="请不要再登录赌博网站，并寻求家人的帮助。")
        assert row["leaving"]["detail"] == "output: 1 listed terms, the first is 赌博网站"

    def test_a_list_says_nothing_in_the_domains_it_excepts(self, write):
        stage = Clean(terms=(write("toxic.txt", "# license: CC0-1.0\n# except: legal\n毒品\nheroin\n"),))
        said = {"prompt": "贩卖毒品怎么判？", "output": "贩卖毒品的，应当依照刑法追究责任。"}
        assert only(stage, **said, source={"domain": "legal"}).get("flags") is None
        assert only(stage, **said, source={"domain": "medical"})["flags"] == ["listed_term"]


class TestLexicon:
    def test_relevance_is_distinct_terms_in_a_hundred_units(self, write):
        stage = Clean(lexicon=write("medical.txt", "# license: CC0-1.0\n高血压\n血压\nblood pressure\n"))
        row = only(stage, text="高血压，高血压，测量血压。", scores={"old": 1.0})
        assert row["scores"] == {"old": 1.0, "relevance": 20.0}

    def test_little_relevance_may_reject(self, write):
        path = write("medical.txt", "# license: CC0-1.0\n高血压\nblood pressure\n")
        stage = Clean(lexicon=path, rules={"off_topic": {"reject": 0.5}})
        assert only(stage, text="今天股市大幅下跌，投资者应当注意风险。")["leaving"]["reason"] == "off_topic"
        assert "leaving" not in only(stage, text="Blood pressure should be measured in the morning.")

    def test_without_a_limit_it_is_only_a_score(self, write):
        stage = Clean(lexicon=write("medical.txt", "# license: CC0-1.0\n高血压\n"))
        row = only(stage, text="今天股市大幅下跌，投资者应当注意风险。")
        assert row["scores"] == {"relevance": 0.0}
        assert "flags" not in row


class TestClassifier:
    def test_a_model_survives_its_file(self, tmp_path):
        model = Classifier({"血压": (1.5, 3.0), "股票": (1.0, -3.0)}, -0.25)
        model.write(tmp_path / "model.json")
        assert Classifier.read(tmp_path / "model.json") == model

    @pytest.mark.parametrize("content", ["{}", "[]", "no JSON", '{"version": 2, "weights": [], "intercept": 0}'])
    def test_another_file_is_refused(self, write, content):
        with pytest.raises(UsageError, match="no classifier"):
            Clean(classifier=write("model.json", content))

    def test_its_probability_is_a_score(self, tmp_path):
        Classifier({"血压": (1.0, 3.0)}, 0.0).write(tmp_path / "model.json")
        stage = Clean(classifier=str(tmp_path / "model.json"), rules={"off_topic": {"flag": 0.6}})
        assert only(stage, text="应当每天测量血压，按时服药。")["scores"]["relevance_model"] > 0.9
        assert only(stage, text="今天股市大幅下跌，注意风险。")["flags"] == ["off_topic"]

    @pytest.mark.parametrize("sides", [([], ["股票"]), (["血压"], [])])
    def test_training_asks_for_both_sides(self, tmp_path, sides):
        with pytest.raises(UsageError, match="both"):
            train_relevance(*sides, tmp_path / "model.json")

    @pytest.mark.skipif(HAS_SKLEARN, reason="scikit-learn is installed here")
    def test_without_scikit_learn_training_names_the_extra(self, tmp_path):
        with pytest.raises(MissingExtraError, match=r"\[ml\]"):
            train_relevance(["血压升高", "血压降低"], ["股票上涨", "股票下跌"], tmp_path / "model.json")

    @pytest.mark.skipif(not HAS_SKLEARN, reason="scikit-learn (extra ml) is not installed here")
    def test_what_is_learnt_tells_the_domain_in_both_languages(self, tmp_path):
        good = [
            "高血压患者应每天测量血压",
            "服药后血压下降",
            "Measure your blood pressure daily",
            "The blood pressure fell",
        ]
        bad = ["今天股票大幅上涨", "股票市场下跌", "The stock market rose today", "Shares fell on the stock market"]
        model = train_relevance(good, bad, tmp_path / "model.json")
        assert model == Classifier.read(tmp_path / "model.json")
        assert model.probability("血压偏高怎么办") > 0.5 > model.probability("股票怎么买")
        assert model.probability("high blood pressure") > 0.5 > model.probability("the stock market")
        assert json.loads((tmp_path / "model.json").read_text("utf-8"))["version"] == 1
