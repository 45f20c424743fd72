"""What can be said about the language of a text from its script alone: fast, exact, and needed before any model.

Language models by n-gram call a fifth of real Chinese questions Korean and most traditional Chinese anything (measured:
langdetect 1.0.9, 193 of 1,000). The script settles every text of Han, kana or Hangul and all plain English; only what is left
is a question for a model (`toolkit.text.language`).

Order of thought: keep what people wrote (`prose`), look at a sample of it (`sample`), count scripts (`count_scripts`), decide
(`settle`). `script_language` is the four in one.
"""

from __future__ import annotations

import re
from itertools import repeat
from typing import NamedTuple

from toolkit.text.variants_data import SIMPLIFIED_ONLY, TRADITIONAL_ONLY

HAN_WORD = 0.6  # one Han character says about as much as 0.6 Latin words (1.6 characters a word)
LETTERS_A_WORD = 6  # of the alphabets that are neither Latin nor CJK
KANA_SHARE = 0.08  # of the CJK characters: Japanese prose has 0.4-0.7, Chinese quoting a brand (鲜の) far less
QUOTED_SHARE = 0.5  # below it kana or Hangul beside simplified-only characters are a quotation in a Chinese text
ENGLISH_SHARE = 0.18  # function words among all words: no foreign text reached it in 545 real samples
PROSE_SHARE = 0.1  # Latin words with fewer function words than this are terms, not a sentence
SAMPLE = 500
LONGEST = 16_000

# -- what people wrote -------------------------------------------------------------------------------------------------

_MARKS = (*"`~<{=;@/", ":\n")  # nothing to strip without one of them: a few memchr settle most texts
# Each pattern runs only where its mark is in the text: one memchr instead of one regex.
_STRIPPED = (
    ("`", re.compile(r"`[^`\n]{1,200}`")),  # inline code
    ("://", re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,12}://[!-~]{1,2000}")),  # URL: ends at a space or the first Han
    ("@", re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")),  # e-mail
    ("<", re.compile(r"</?[A-Za-z][^<>\n]{0,300}>")),  # tag
)
_CODE_MARKS = ("{", "=", ";\n", ");", ":\n")
_FENCES = ("```", "~~~")
_FENCE = re.compile(r"^ {0,3}(```|~~~)[^\n]*\n(.*?)(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_LONGEST_CODE_LINE = 200  # a longer line is a paragraph, whatever it holds
_INSTRUCTION_WORDS = 8
_SPOKEN_WORDS = 4  # a line of code text with so many words is a docstring's line, not `end if`
_CODE_LINE = re.compile(
    r"""\s*(?:
      .*[;{}]\s*(?:(?://|\#).*)?$                                          # ends like a statement or opens a block
    | [\])}>;,]+$                                                          # closes one
    | (?:[A-Za-z_][A-Za-z0-9_.]*+(?:\[[^\]]{0,80}\])?,?\s?){1,4}\s*(?:[-+*/|&:]?=|=>|<-)\s*\S   # assignment
    | [A-Za-z_][A-Za-z0-9_.]*\(.*\)\s*:?$                                  # a call on its own
    | (?:def|class|fn|func|function|if|elif|for|while|with|try|except|else|switch|case)\b[^.。]*[:{]\s*$
    | (?:import|from|package|using|namespace)\ [A-Za-z_][A-Za-z0-9_.]*(?:\ (?:import|as)\ .*)?;?$
    | (?:return|public|private|protected|static|const|let|var|final|async|await)\ .*[()=;{]
    | \#(?:include|define|ifdef|ifndef|endif|pragma|!)
    | (?:SELECT|INSERT\ INTO|UPDATE|DELETE\ FROM|CREATE|ALTER|DROP|FROM|WHERE|GROUP\ BY|ORDER\ BY|LEFT\ JOIN|JOIN)\ \S
    | (?:\$|>>>|sudo|pip|npm|git|docker|curl)\ \S
    | ["'][A-Za-z0-9_-]+["']\s*:                                           # a JSON key
    )""",
    re.VERBOSE | re.ASCII,
)
_SPOKEN_FIRST = re.compile(
    r"\s*[^\W\d_][^\W\d_A-Z]+(?: [^\W\d_][^\W\d_'-]*,?){5}(?=[ .:,?!])"
)  # no statement begins with six words
_COMMENT = re.compile(r"(?:#|//|--|/\*|<!--)\s+(.*)")
_UNSPOKEN = re.compile(r"[={}\[\];<>$_\\]|[A-Za-z0-9][(.][A-Za-z0-9)]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UNSPOKEN_SHARE = 0.08  # marks of code to a word; prose about programs has 0.01-0.04
_C = re.compile(r"(?<![A-Za-z])C(?:\+\+|#)")
_BETWEEN_SAYINGS = re.compile(
    r"[.:;?!](?![^ \n])|\w*_\w*|[^\W_]*(?:[^ ,'’\w.:;?!-]|[.:;?!](?=[^ \n]))+"
)  # a word that touches a mark of code is code, too
_FEWEST_WORDS = 5


def prose(text: str) -> str:
    r"""Return what of a text is natural language: without URLs, e-mail addresses, tags, and code.

    Of code, fenced or not, the comments and everything that is not ASCII are kept: that is where people speak. Code without
    either leaves nothing, and its language is `und`.

    >>> prose("请看 https://example.org/a 第三节")
    '请看   第三节'
    >>> prose("for (int i = 0; i < n; i++) {\n  total += i;  // 求和\n}").split()
    ['求和']
    >>> prose("The dose is 5 mg per day.")  # nothing to strip: untouched
    'The dose is 5 mg per day.'
    """
    text = sample(text, LONGEST)
    if not any(mark in text for mark in _MARKS):
        return text
    if any(fence in text for fence in _FENCES):
        text = _outside_fences(text)
    for mark, pattern in _STRIPPED:
        if mark in text:
            text = pattern.sub(" ", text)
    return _without_code_lines(text) if any(mark in text for mark in _CODE_MARKS) or text.endswith(";") else text


def _outside_fences(text: str) -> str:
    outside = _FENCE.sub("\n", text)
    if any(map(str.isalpha, outside)):
        return outside
    return "\n".join(_spoken_in(found[2].splitlines()) for found in _FENCE.finditer(text))


def _is_code(line: str) -> bool:
    if len(line) > _LONGEST_CODE_LINE or not _CODE_LINE.match(line) or _SPOKEN_FIRST.match(line):
        return False
    words = latin_words(line)  # "Repair this function so that it returns the sum: def f(a, b) {" is an instruction
    return len(words) < _INSTRUCTION_WORDS or not FunctionWords.of(words).plain_english


def _without_code_lines(text: str) -> str:
    lines = text.splitlines()
    code = [_is_code(line) for line in lines]
    if not any(code):
        return text
    if 2 * sum(code) >= sum(1 for line in lines if line.strip()):
        return _spoken_in(lines)
    return "\n".join(_spoken_in([line]) if is_code else line for line, is_code in zip(lines, code, strict=True))


def _spoken_in(code: list[str]) -> str:
    """Keep the comments, what is not ASCII, and whole lines of four words or more that no compiler would read."""
    spoken = []
    for line in code:
        comment = _COMMENT.search(line)
        if comment:
            spoken.append(comment[1])
        elif len(line.split()) >= _SPOKEN_WORDS and not _UNSPOKEN.search(line) and not _is_code(line):
            spoken.append(line)
        else:
            spoken.extend(_NOT_ASCII.findall(line))
    return "\n".join(spoken)


def settle_sayings(said: str) -> str | None:
    """Decide from what is said beside code, or return None: ask a model.

    >>> settle_sayings("Create a program to sort a list of numbers"), settle_sayings("Schrijf een functie die lijsten sorteert")
    ('en', None)
    """
    settled = settle(said)
    if settled is None and said.isascii() and FunctionWords.of(latin_words(said)).no_neighbor:
        return "en"
    return settled


def sayings(text: str) -> str | None:
    r"""Return what people say in a text that is made of code on the same lines, or None where there is hardly any code.

    Said is what goes on for five words and more without a mark of code between them.

    >>> sayings("Write a function that returns the sum of two numbers: int add(int a, int b) { return a + b; } int x = add(1, 2);")
    'Write a function that returns the sum of two numbers'
    >>> sayings("Take it with food (twice a day).") is None  # no code: untouched
    True
    """
    words = text.count(" ") + 1
    if len(_UNSPOKEN.findall(text)) < _UNSPOKEN_SHARE * words:
        return None
    return "\n".join(
        part.strip() for part in _BETWEEN_SAYINGS.split(_C.sub("C", text)) if len(part.split()) >= _FEWEST_WORDS
    )


def sample(text: str, size: int = SAMPLE) -> str:
    """Return at most about `size` characters: half from the start, a quarter from the middle, a quarter from the end.

    >>> sample("甲" * 6 + "乙" * 6 + "丙" * 6, 8)
    '甲甲甲甲 乙乙 丙丙'
    >>> sample("short")  # untouched
    'short'
    """
    if len(text) <= size:
        return text
    half, quarter, middle = size // 2, size // 4, len(text) // 2
    return f"{text[:half]} {text[middle - quarter // 2 : middle - quarter // 2 + quarter]} {text[-quarter:]}"


# -- counting ----------------------------------------------------------------------------------------------------------


class ScriptCounts(NamedTuple):
    """How much of each script a text has: `latin` in words, the others in characters."""

    han: int
    kana: int
    hangul: int
    latin: int
    other: int

    @property
    def cjk(self) -> int:
        """Han, kana and Hangul characters together."""
        return self.han + self.kana + self.hangul

    @property
    def elsewhere(self) -> float:
        """The rest, in words."""
        return self.latin + self.other / LETTERS_A_WORD


def _block_classes() -> bytes:
    """Name the script of every 256-character row of the BMP, so that one `bytes.translate` classifies a whole text.

    Rows 0x30 and 0xFF mix kana with punctuation and are looked at again; the surrogate rows are mostly emoji and count as
    nothing; 0xFE holds variation selectors.
    """
    rows = bytearray(b"." * 256)
    for first, last, script in [
        (0x03, 0x10, b"o"),
        (0x11, 0x11, b"k"),  # Hangul jamo
        (0x12, 0x1D, b"o"),
        (0x1F, 0x1F, b"o"),
        (0x34, 0x4D, b"h"),
        (0x4E, 0x9F, b"h"),
        (0xA0, 0xAB, b"o"),
        (0xAC, 0xD7, b"k"),
        (0xF9, 0xFA, b"h"),
        (0xFB, 0xFD, b"o"),
    ]:
        rows[first : last + 1] = script * (last + 1 - first)
    return bytes(rows)


def _lower_letters() -> bytes:
    """Map Latin-1 to lower-case letters and everything else to a space: splitting then gives the words."""
    return bytes(ord(chr(b).lower()) if chr(b).isalpha() and b not in (0xAA, 0xB5, 0xBA) else 0x20 for b in range(256))


_BLOCKS = _block_classes()
_LETTERS = _lower_letters()
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9d]")
_DIACRITIC = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
_TRADITIONAL = re.compile(f"[{TRADITIONAL_ONLY}]")
_SIMPLIFIED = re.compile(f"[{SIMPLIFIED_ONLY}]")
_JAPANESE_TOO = frozenset(c for c in SIMPLIFIED_ONLY if c.encode("shift_jis", "ignore"))
_NEVER_JAPANESE = re.compile(f"[{''.join(c for c in SIMPLIFIED_ONLY if c not in _JAPANESE_TOO)}]")


def latin_words(text: str) -> list[bytes]:
    """Split into lower-case Latin words as Latin-1 bytes; what Latin-1 cannot write separates words.

    >>> latin_words("服用 Aspirin（阿司匹林）100 mg")
    [b'aspirin', b'mg']
    """
    return text.encode("latin-1", "replace").translate(_LETTERS).split()


def count_scripts(text: str) -> ScriptCounts:
    """Count the characters of each script (Latin: the words).

    >>> count_scripts("血压 120/80 mmHg 正常")
    ScriptCounts(han=4, kana=0, hangul=0, latin=1, other=0)
    >>> count_scripts("12:30 😀").cjk  # neither digits, punctuation nor emoji are letters
    0
    """
    return _count_scripts(text, len(latin_words(text)))


def _count_scripts(text: str, latin: int) -> ScriptCounts:
    if text.isascii():
        return ScriptCounts(0, 0, 0, latin, 0)
    blocks = text.encode("utf-16-le", "surrogatepass")[1::2].translate(_BLOCKS)
    kana = len(_KANA.findall(text))
    return ScriptCounts(blocks.count(b"h"), kana, blocks.count(b"k"), latin, blocks.count(b"o"))


# -- deciding ----------------------------------------------------------------------------------------------------------

# Words that only English has; words that English shares with its neighbors (German "in", "was"; Danish "for"; Dutch "of");
# and the commonest words of the neighbors. A text is English by its own words, never by the shared ones alone.
_ENGLISH = frozenset(
    b"""the and with this that these those which what how why who whom whose where when while because although though than
    then there their they them your yours you it its our ours she his him would could should shall must might cannot have been
    being were does did doing done are from into about above below between through during before after without within not no
    nor both each every any other another such if both more most some many much few between upon very also just only please
    write explain describe give find using used""".split()
)
_SHARED = frozenset(
    b"a an i is was in on at to of for by or as be so do we he me my had has can will all but up out her us am".split()
)
_FOREIGN = frozenset(
    """le la les un une des du et est dans que qui pour sur avec pas ce cette sont au aux il elle nous vous je ne
    el los las y en por con una es del se no como para lo su más pero al
    der die das und ist ein eine einen nicht mit auf für von zu den dem im wie sich auch wird sind ich sie er es hat
    de het een van dat niet zijn met voor op te aan ook naar bij wordt
    o os as um uma e da dos das não com em na
    di che per non il gli della sono più è anche questo
    och att det som är på av inte jag ett den med till
    og ikke jeg på til af har
    i w z na nie się jest do że to""".encode("latin-1", "ignore").split()
) - {b"a", b"i", b"no", b"do", b"as", b"to", b"die", b"on", b"in"}


_KIND = {word: kind for kind, words in enumerate((_FOREIGN, _SHARED, _ENGLISH), start=1) for word in words}


class FunctionWords(NamedTuple):
    """How many of `words` Latin words are function words: of English alone, shared with a neighbor, of a neighbor alone."""

    words: int
    english: int
    shared: int
    foreign: int

    @classmethod
    def of(cls, words: list[bytes]) -> FunctionWords:
        """Count them in one pass."""
        kinds = bytes(map(_KIND.get, words, repeat(0)))
        return cls(len(words), english=kinds.count(3), shared=kinds.count(2), foreign=kinds.count(1))

    @property
    def plain_english(self) -> bool:
        """Enough English function words, its own ones among them and more of them than a neighbor's."""
        return self.english > self.foreign and self.english + self.shared >= ENGLISH_SHARE * self.words

    @property
    def no_neighbor(self) -> bool:
        """Enough function words that English has, and none that it has not: what is said beside code is short."""
        return not self.foreign and self.english + self.shared >= max(2, ENGLISH_SHARE * self.words)

    @property
    def sentence(self) -> bool:
        """A sentence in Latin letters, not terms, names and commands inside another language."""
        return self.english + self.shared + self.foreign >= PROSE_SHARE * self.words


def chinese_variant(text: str) -> str:
    """Return `zh` or `zh-Hant`, by the characters that exist in one form only; `zh` when nothing tells.

    >>> chinese_variant("這個藥應該飯後服用"), chinese_variant("这个药应该饭后服用")
    ('zh-Hant', 'zh')
    >>> chinese_variant("中文")
    'zh'
    """
    if not _TRADITIONAL.search(text):
        return "zh"
    return "zh-Hant" if len(_TRADITIONAL.findall(text)) > len(_SIMPLIFIED.findall(text)) else "zh"


def _cjk_language(counts: ScriptCounts, text: str) -> str:
    for count, language in ((counts.hangul, "ko"), (counts.kana, "ja")):
        if count >= KANA_SHARE * counts.cjk and (
            count >= QUOTED_SHARE * counts.cjk or not _NEVER_JAPANESE.search(text)
        ):
            return language
    return chinese_variant(text)


def settle(text: str) -> str | None:
    """Decide from the script of natural-language text (see `prose`) or return None: ask a model.

    CJK wins where it carries at least as much as the rest, and also over any number of Latin *terms*: Chinese technical text
    is full of names that form no sentence.
    """
    text = sample(text)
    words = latin_words(text)
    counts = _count_scripts(text, len(words))
    if not counts.cjk and not counts.latin and not any(map(str.isalpha, text)):  # rows of letters hold digits, too
        return "und"
    latin = FunctionWords.of(words)
    if counts.cjk:
        weight = HAN_WORD * counts.cjk
        among_terms = not counts.other and weight >= PROSE_SHARE * counts.latin and not latin.sentence
        if weight >= counts.elsewhere or among_terms:
            return _cjk_language(counts, text)
    foreign_letters = counts.other >= LETTERS_A_WORD * counts.latin or (not text.isascii() and _DIACRITIC.search(text))
    return "en" if latin.plain_english and not foreign_letters else None


def script_language(text: str) -> str | None:
    """Return the language of a text if its script tells, `und` if it has no letters, None if a model must be asked.

    URLs, e-mail addresses, tags and code are left out first; of code only comments and non-ASCII text are judged, so that
    a program with Chinese comments is `zh` and one without comments is `und`, not English.

    Returns:
        `zh`, `zh-Hant`, `ja`, `ko`, `en`, `und`, or None.

    >>> script_language("用 Python 3.11 训练 BERT 模型"), script_language("抗生素の使用について")
    ('zh', 'ja')
    >>> script_language("What is the recommended dose?")
    'en'
    >>> script_language("Was ist das in dem Haus?") is None  # "was" and "in" are German too
    True
    >>> script_language("https://example.org/index.html"), script_language("2024-05-01")
    ('und', 'und')
    """
    return settle(prose(text))
