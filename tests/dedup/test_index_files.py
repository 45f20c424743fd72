"""The index on disk: whole or refused, one writer at a time, and made again from the stored texts."""

import json
import multiprocessing
import random
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit import Dedup
from toolkit.dedup.index import Index, add, compact, open_index, rebuild, remove, write
from toolkit.dedup.index import segment as segments
from toolkit.dedup.index.manifest import corrupted, folder_of
from toolkit.dedup.index.shipped import release_batches
from toolkit.dedup.kernel import Params
from toolkit.errors import DataError, SourceError, StoppedError, UsageError
from toolkit.frames import batches_of
from toolkit.memory import locked
from toolkit.record import rows_of

FIELDS = ("text",)
SAMPLE = Path(__file__).parents[2] / "sample_data" / "expected"
TEXTS = ["高血压患者应当低盐饮食，定期复查。", "Take the tablet with food, twice a day.", "是"]


def rows(texts=TEXTS, **more):
    return [{"id": f"r{n}", "text": text, **more} for n, text in enumerate(texts)]


def index_of(state, records, **params):
    return add(state, batches_of(records), fields=FIELDS, params=Params(**params))


def dropped(state, texts=TEXTS):
    """Of copies of some texts, those that the index knows."""
    copies = [{"id": f"copy{n}", "text": text} for n, text in enumerate(texts)]
    return {r.record["text"] for r in Dedup(fields=FIELDS, index=str(state)).run(copies).rejected}


def run_command(*arguments):
    done = subprocess.run([sys.executable, "-m", "toolkit", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("suffix", [segments.EXACT, segments.BANDS, segments.RECORDS])
@pytest.mark.parametrize("harm", ["flip", "cut", "lose"])
def test_a_damaged_file_is_refused_and_the_message_names_the_command(tmp_path, suffix, harm):
    index_of(tmp_path, rows())
    [path] = folder_of(tmp_path, FIELDS).glob(f"*.{suffix}")
    data = path.read_bytes()
    if harm == "lose":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if harm == "cut" else bytes([data[0] ^ 1]) + data[1:])

    with pytest.raises(DataError, match=suffix) as refused:
        Dedup(fields=FIELDS, index=str(tmp_path))

    assert f"toolkit index rebuild --state {tmp_path} --fields text" in refused.value.hint


@pytest.mark.parametrize("suffix", [segments.EXACT, segments.BANDS, "index.json"])
def test_rebuild_mends_keys_and_manifest_from_the_stored_texts(tmp_path, suffix):
    index_of(tmp_path, rows())
    [path] = folder_of(tmp_path, FIELDS).glob(f"*{suffix}")
    path.write_bytes(b"\0 no")

    _, lost = rebuild(tmp_path, FIELDS)

    assert not lost
    assert dropped(tmp_path) == set(TEXTS)


def test_an_index_without_its_manifest_is_no_new_one_but_asks_to_be_rebuilt(tmp_path):
    index_of(tmp_path, rows())
    (folder_of(tmp_path, FIELDS) / "index.json").unlink()

    for use in (lambda: dropped(tmp_path), lambda: index_of(tmp_path, rows(["另一条记录，不在其中。"]))):
        with pytest.raises(DataError, match=r"index\.json: the index is damaged: the file is missing") as refused:
            use()
        assert f"toolkit index rebuild --state {tmp_path} --fields text" in refused.value.hint
    rebuild(tmp_path, FIELDS)

    assert dropped(tmp_path) == set(TEXTS)


def test_an_index_of_all_fields_is_called_so(tmp_path):
    add(tmp_path, batches_of(rows()), fields=Dedup().compared, params=Params())
    [path] = (tmp_path / "dedup" / "all").glob("*.bands.arrow")
    path.unlink()

    with pytest.raises(DataError) as refused:
        Dedup(index=str(tmp_path)).run(rows())

    assert refused.value.hint.endswith(f"toolkit index rebuild --state {tmp_path}")


def test_rebuild_says_which_texts_are_lost_and_keeps_the_rest(tmp_path):
    index_of(tmp_path, rows(TEXTS[:1]))
    index_of(tmp_path, [{"id": "other", "text": TEXTS[1]}])
    broken = open_index(tmp_path, FIELDS).manifest.segments[0].name
    (folder_of(tmp_path, FIELDS) / f"{broken}.{segments.RECORDS}").write_bytes(b"PAR1")

    manifest, lost = rebuild(tmp_path, FIELDS)

    assert (lost, manifest.live) == ([broken], 1)
    assert dropped(tmp_path) == {TEXTS[1]}


def test_rebuild_for_another_threshold_finds_what_that_threshold_finds(tmp_path):
    index_of(tmp_path, rows())
    rebuild(tmp_path, FIELDS, params=Params(threshold=0.4))

    near = {"id": "n", "text": TEXTS[0].replace("定期", "按时")}
    [gone] = Dedup(fields=FIELDS, index=str(tmp_path), threshold=0.4).run([near]).rejected

    assert gone.reason == "near_duplicate"


class Crash(BaseException):
    """A process that dies at this point."""


@pytest.mark.parametrize("verb", ["add", "remove", "compact"])
def test_a_writer_that_dies_before_the_manifest_changes_nothing(tmp_path, monkeypatch, verb):
    index_of(tmp_path, rows())
    remove(tmp_path, FIELDS, ids=["r2"])
    verbs = {
        "add": lambda: index_of(tmp_path, [{"id": "late", "text": "晚到的记录。"}]),
        "remove": lambda: remove(tmp_path, FIELDS, ids=["r0"]),
        "compact": lambda: compact(tmp_path, FIELDS),
    }

    def die(*_arguments):
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(write.manifests, "save", die)
        with pytest.raises(Crash):
            verbs[verb]()

    assert dropped(tmp_path, [*TEXTS, "晚到的记录。"]) == set(TEXTS[:2])
    verbs[verb]()  # and the same command works again
    Index(tmp_path, FIELDS).check()


def test_leftovers_of_a_crash_are_swept_by_the_next_writer(tmp_path):
    index_of(tmp_path, rows())
    left = folder_of(tmp_path, FIELDS) / f"0123456789abcdef.{segments.BANDS}"
    left.write_bytes(b"half")

    index_of(tmp_path, [{"id": "late", "text": "晚到的记录。"}])

    assert not left.exists()


def hold(folder, held, done):
    with locked(folder):
        held.set()
        done.wait(30)


def test_a_second_writer_is_told_who_writes(tmp_path):
    index_of(tmp_path, rows())
    folder = folder_of(tmp_path, FIELDS)
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(folder, held, done))
    holder.start()
    try:
        assert held.wait(30)
        with pytest.raises(UsageError, match=rf"another process \({holder.pid}\) writes there"):
            index_of(tmp_path, rows())
        assert dropped(tmp_path) == set(TEXTS)  # a reader need not wait
    finally:
        done.set()
        holder.join(30)
    assert index_of(tmp_path, rows()).known == len(TEXTS)


def test_a_run_notices_an_index_that_changed_after_it_was_planned(tmp_path):
    index_of(tmp_path, rows())
    planned = Dedup(fields=FIELDS, index=str(tmp_path))
    index_of(tmp_path, [{"id": "late", "text": "晚到的记录。"}])

    with pytest.raises(StoppedError, match="changed while a run read it"):
        planned.run([{"id": "x", "text": "晚到的记录。"}])


def test_compaction_erases_removed_texts_and_keeps_every_answer(tmp_path):
    secret = "这段文字必须被删除，一个字也不能留下。"
    for n, text in enumerate([*TEXTS, secret]):
        index_of(tmp_path, [{"id": f"r{n}", "text": text}])
    remove(tmp_path, FIELDS, ids=["r3"])

    manifest = compact(tmp_path, FIELDS)

    assert (len(manifest.segments), manifest.live) == (1, 3)
    assert dropped(tmp_path, [*TEXTS, secret]) == set(TEXTS)
    assert secret not in {row["text"] for _, row in open_index(tmp_path, FIELDS).rows()}


def test_records_are_removed_by_source(tmp_path):
    index_of(tmp_path, rows(source={"id": "blog"}))
    index_of(tmp_path, [{"id": "law", "text": "本法自公布之日起施行。", "source": {"id": "gazette"}}])

    assert remove(tmp_path, FIELDS, source="blog") == len(TEXTS)
    assert dropped(tmp_path, [*TEXTS, "本法自公布之日起施行。"]) == {"本法自公布之日起施行。"}


def test_a_record_shipped_again_with_another_text_is_there_twice(tmp_path):
    index_of(tmp_path, [{"id": "a", "text": TEXTS[0]}])

    assert index_of(tmp_path, [{"id": "a", "text": TEXTS[1]}]).new == 1
    assert dropped(tmp_path) == set(TEXTS[:2])
    assert remove(tmp_path, FIELDS, ids=["a"]) == 2


def test_many_segments_answer_as_one(tmp_path, monkeypatch):
    texts = ["".join(random.Random(n).choices("高血压患者能否服用阿司匹林请遵医嘱abcde", k=30)) for n in range(60)]
    monkeypatch.setattr(segments, "SEGMENT_ROWS", 7)
    monkeypatch.setattr("toolkit.frames.BATCH_ROWS", 5)
    index_of(tmp_path, rows(texts))

    assert len(open_index(tmp_path, FIELDS).manifest.segments) > 5
    assert dropped(tmp_path, texts) == set(texts)


def test_the_same_records_make_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        index_of(tmp_path / name, rows())
    files = [{p.name: p.read_bytes() for p in folder_of(tmp_path / n, FIELDS).glob("*.*") if p.name != ".lock"}
             for n in ("one", "two")]  # fmt: skip

    assert files[0] == files[1]


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample release is not in this checkout")
def test_a_release_is_read_back_as_what_was_shipped():
    read = [row for batch in release_batches(SAMPLE) for row in rows_of(batch)]
    known = [json.loads(line) for line in (SAMPLE / "provenance.jsonl").read_text(encoding="utf-8").splitlines()]

    assert [row["id"] for row in read] == [line["id"] for line in known]
    assert all(row.get("output") or row.get("messages") for row in read)
    assert {row["source"]["id"] for row in read} == {line["source"]["id"] for line in known}


def test_a_release_whose_lines_are_lost_is_refused(tmp_path):
    (tmp_path / "alpaca").mkdir()
    (tmp_path / "alpaca" / "train.jsonl").write_text("")
    (tmp_path / "provenance.jsonl").write_text('{"line": 1, "id": "a", "split": "train"}\n')

    with pytest.raises(SourceError, match="fewer lines"):
        list(release_batches(tmp_path))


def test_the_commands_add_find_remove_and_tell(tmp_path):
    data, state = tmp_path / "问答.jsonl", str(tmp_path / "state")
    data.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows()), encoding="utf-8")

    assert run_command("index", "add", str(data), "--state", state, "--threshold", "0.5")[1].startswith(
        "3 new, 0 known"
    )
    code, found, _ = run_command("index", "find", "--text", "高血压患者应当低盐饮食,定期复查", "--state", state)
    assert (code, found.split()[:2]) == (0, ["1.0000", "r0"])
    assert run_command("index", "remove", "r0", "--state", state)[1] == "1 removed\n"
    assert run_command("index", "find", "r0", "--state", state)[0] == 1
    code, told, _ = run_command("index", "info", "--state", state)
    assert (code, "2 records" in told, "bytes a record" in told) == (0, True, True)


def test_a_corrupted_index_gives_exit_code_one_and_what_to_do(tmp_path):
    index_of(tmp_path, rows())
    [path] = folder_of(tmp_path, FIELDS).glob(f"*.{segments.BANDS}")
    path.write_bytes(path.read_bytes()[:-1])

    code, _, told = run_command("index", "info", "--state", str(tmp_path))

    assert code == 1
    assert "toolkit index rebuild" in told


def test_the_hint_of_a_damaged_file_is_a_command_that_works(tmp_path):
    index_of(tmp_path, rows())
    hint = corrupted(folder_of(tmp_path, FIELDS) / "index.json", "is no manifest").hint

    code, _, _ = run_command(*hint.partition("toolkit ")[2].split())

    assert code == 0
