"""Every reason code of the program, once, with a sentence each; docs and reports are generated from here.

A code names the fault (`too_short`, `expired`), so that the counts read without the source. A record leaves the stream
by one *disposition*; `rejected` needs a reason that says what is wrong with the record.
"""

from __future__ import annotations

from enum import StrEnum

from toolkit.errors import unknown_name


class Disposition(StrEnum):
    """How a record leaves the stream. Kept records have none."""

    REJECTED = "rejected"
    HELD = "held"
    RAG = "rag"
    CONSUMED = "consumed"
    QUARANTINED = "quarantined"


REASONS: dict[str, str] = {
    # collect
    "unreadable_file": "The file cannot be opened, decoded or parsed at all.",
    "unreadable_line": "The line is not a JSON value, or not one that can be a record.",
    "ragged_row": "The table row has more or fewer cells than the header, or an open quote swallowed the lines after it.",
    "wrong_type": "A column holds a value of a kind that its record field cannot hold.",
    "duplicate_id": "Another row of the same file has the same declared id.",
    "missing_id": "The source declares an id column and this row has no value in it.",
    "empty_file": "The file holds no text and no rows.",
    # any stage
    "stage_error": "A stage failed on this record; the error is in the detail.",
    "worker_died": "The worker died on this record each time: out of memory, or a crash in a library.",
    # clean
    "empty": "Nothing is left in the fields that carry the content.",
    "too_short": "The text is shorter than the profile allows.",
    "too_long": "The text is longer than the profile allows.",
    "garbled": "Characters that nobody typed stand in it: replacement characters, private use, controls.",
    "too_many_symbols": "Symbols take up the place of words.",
    "too_many_digits": "Digits take up the place of words.",
    "repeated_characters": "The same one to four characters come again and again.",
    "repeated_phrases": "The same sequences of ten characters come again within a few lines.",
    "repeated_lines": "The same lines come again.",
    "few_function_words": "Hardly a function word of its language stands in it: a list of words, or no prose.",
    "no_sentence_end": "It ends without the end of a sentence, a list, a table or a program.",
    "truncated": "It is cut off: at a comma, an open bracket, a word that wants another, or in open code.",
    "model_phrase": "A language model speaks of itself in it.",
    "stale_phrase": "A language model speaks in it of the day up to which it knows.",
    "refusal": "It refuses to answer.",
    "hidden_context": "It speaks of a text that the reader of the example never sees.",
    "template_closing": "A polite formula of a template stands in it.",
    "listed_term": "A term of the user's lists stands in it.",
    "empty_prompt": "The example answers, and nothing is asked.",
    "off_topic": "It has fewer terms of the lexicon, or less of what the classifier looks for, than asked.",
    "pii_found": "Personal data or a secret stands in it; which types, not which values, is in the detail.",
    # dedup
    "exact_duplicate": "The normal form equals that of a record that stays.",
    "near_duplicate": "The shingles are as similar as the threshold to those of a record that stays.",
    "semantic_duplicate": "A record that stays says the same in other words, as near as the model's threshold.",
    "contaminated": "It holds a text of an evaluation file; which one is in the detail.",
    "conflicting_output": "Another record answers the same prompt differently, and the recipe holds or drops such records.",
    # label
    "derived": "A labeler made one or more examples of this record.",
    "no_example": "No labeler found an example in this record.",
    "no_format": "The row has the shape of no known training format.",
    "empty_target": "The example has no output to learn from.",
    # age
    "expired": "Its validity ended before the day the release speaks of.",
    "superseded": "A newer version with the same fact key is in force.",
    "not_yet_valid": "Its validity begins after the day the release speaks of.",
    "fast_changing": "It changes too fast for training; it belongs in retrieval.",
    # release
    "not_exportable": "A target format cannot hold the example, or its schema refuses it.",
}

FLAGS: dict[str, str] = {
    "expiry_uncertain": "A date that is too vague or too weakly supported says that it may have ended.",
    "start_uncertain": "A date that is too vague or too weakly supported says that it may not have begun.",
    "unreadable_validity": "A value that should say when this is true cannot be read.",
    "no_date": "Nothing says when this was true.",
    "conflicting_dates": "Two equally strong sources give different dates.",
    "conflicting_output": "Another record answers the same prompt differently.",
    "boilerplate": "A sentence stands in it that recurs over the documents of its source.",
    "near_variant": "Nearly the same text as another record, apart by a number, a modality word or a date.",
}


def check_reason(code: str) -> str:
    """Return `code` if it stands in the table, else say which code was meant.

    >>> check_reason("too_short")
    'too_short'
    """
    if code in REASONS or code in FLAGS:
        return code
    raise unknown_name("reason code", code, [*REASONS, *FLAGS])
