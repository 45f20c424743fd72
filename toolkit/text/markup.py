"""Markup that does not belong into text: HTML."""

from __future__ import annotations

from toolkit.text.fix import fix
from toolkit.text.hypertext import BLOCKS, has_block_pair, is_program, to_markdown

# RE2 and `re` fold case differently, so both cases are spelled out.
_CLOSING = "|".join("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in name) for name in sorted(BLOCKS))


@fix("convert_html", trigger=rf"</(?:{_CLOSING})[ \t\n\r\f/]*>", kinds={"prose", "url"})
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
