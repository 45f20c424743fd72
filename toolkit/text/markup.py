"""Markup that does not belong into text: HTML."""

from __future__ import annotations

import re

from toolkit.text.fix import fix
from toolkit.text.hypertext import BLOCKS, TAG, has_block_pair, is_program, to_markdown
from toolkit.text.programs import about_programs

# RE2 and `re` fold case differently, so both cases are spelled out.
_CLOSING = "|".join("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in name) for name in sorted(BLOCKS))
HTML_TRIGGER = rf"</(?:{_CLOSING})[ \t\n\r\f/]*>"

# What is written into pages by their programs and styles, and what makes a whole page: people paste neither into an answer.
_AUTHORED = re.compile(
    r"<!|<\?|</?(?ai:html|head|body|title|script|style|link|meta|form|input|button|label|select|option|textarea|iframe|svg|canvas|nav)"
    r"[ \t\n\r\f/>]|[ \t\n\"'](?ai:id|class|style|name|role|on[a-z]{3,20}|data-[a-z-]{1,40}|aria-[a-z]{1,20})[ \t]{0,9}="
)
_SENTENCE_END = re.compile(r"[。！？；]|[.!?](?![^ \n])")
_FEWEST_BLOCKS, _FEWEST_SENTENCES = 2, 2
_WORDY = 3  # bytes that are read for each of markup; in bytes Chinese and English sentences are equally long


@fix("convert_html", trigger=HTML_TRIGGER, kinds={"prose", "url"})
def convert_html(text: str) -> str:
    r"""Convert HTML to Markdown where a known block element opens and closes; script, style and comments go.

    Tables become Markdown tables, pre becomes fenced code, links their text, superscripts stay superscripts.
    Source code that writes HTML stays, fenced or not.
    Entities are left to `decode_entities`, which knows which of them must stay.

    >>> convert_html("<p>血小板 &lt; 10<sup>9</sup>/L</p><table><tr><td>药|名</td><td>剂量</td></tr></table>")
    '血小板 &lt; 10⁹/L\n\n| 药\\|名 | 剂量 |\n| --- | --- |'
    >>> convert_html("a < b, List<String>, <answer>42</answer>, 10<sup>9</sup>/L")
    'a < b, List<String>, <answer>42</answer>, 10<sup>9</sup>/L'
    """
    return to_markdown(text) if has_block_pair(text) and not is_program(text) else text


def leaked_markup(text: str, around: str = "") -> bool:
    r"""Tell whether the markup of a field of an example leaked into it from a page: only then it may be converted.

    In an example markup may be the matter ("close the tag"), and a missed conversion costs less than a destroyed exercise.
    So nothing speaks of programs, no tag has what programs and styles need, and sentences outweigh several blocks.

    Args:
        text: The field.
        around: All the fields of the example; they say what it is about.

    >>> leaked_markup("<p>高血压患者应当低盐饮食，并且按时服药。</p><p>每天测量两次血压，并做好记录。</p>", "血压高怎么办？")
    True
    >>> leaked_markup("<p id='target'>Hover over me!</p>"), leaked_markup("<p>第一段。</p><p>第二段。</p>", "把这段 HTML 转成文本")
    (False, False)
    """
    if _AUTHORED.search(text) or about_programs(around) or about_programs(text):
        return False
    tags = list(TAG.finditer(text))
    blocks = sum(1 for tag in tags if not tag["end"] and tag["name"].lower() in BLOCKS)
    shown = TAG.sub("\n", text)
    read = len("".join(shown.split()).encode("utf-8", "surrogatepass"))
    return (
        blocks >= _FEWEST_BLOCKS
        and len(_SENTENCE_END.findall(shown)) >= _FEWEST_SENTENCES
        and read >= _WORDY * sum(len(tag[0]) for tag in tags)
    )
