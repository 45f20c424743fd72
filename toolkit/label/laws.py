"""Statutes: every article is an answer, and its number in the title of the law is the question."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from toolkit.label.document import Document, Line
from toolkit.label.found import Found, trimmed

_HAN_NUMBER = "〇零一二三四五六七八九十百千两"
_ARTICLE_ZH = re.compile(
    rf"[#>*\s\u3000]*(第\s?([{_HAN_NUMBER}]{{1,9}}|[0-9]{{1,4}})\s?[条條](?:之([{_HAN_NUMBER}]{{1,3}}|[0-9]{{1,2}}))?)"
    r"(?:\*\*)?(?:[\s\u3000:：、.．]+|(?<=\s[条條])(?=[\u3400-\u9fff])|(?=[【〔\[（(])|$)"
)  # "第一百二十四 条采用": the blank that belongs behind the number stands before 条
_NUMBER_EN = r"([0-9]{1,4}|[IVXLC]{1,8})([A-Z]|bis|ter)?"
_ARTICLE_EN = re.compile(
    rf"[#>*\s]*((?:Section|SECTION|Sec\.|Article|ARTICLE|Art\.|Clause|§)\s?{_NUMBER_EN})"
    r"(?:\*\*)?(?:\s*[.:–—](?![0-9])\s*|\s+-\s+|\s*$)(?:\*\*)?"
)
# "§ 3 Scope" and "## Article 3 Scope" have no sign between number and title; in running text that would be a reference
_ARTICLE_EN_LOOSE = re.compile(
    rf"(?:#+\s+(?=\S)|[>*\s]*(?=§))((?:Section|Article|Clause|§)\s?{_NUMBER_EN})\s+(?=[A-Z])"
)
_DIVISION = re.compile(
    rf"\s*(?:第[{_HAN_NUMBER}0-9]{{1,5}}(?:编|分编|章|节|編|節)(?:[\s\u3000].{{0,40}})?"
    r"|附[\s\u3000]*则|(?:PART|Part|CHAPTER|Chapter|TITLE|Title)\s(?:[0-9]{1,3}|[IVXLC]{1,8})(?:[.:\s–—-].{0,60})?)\s*$"
)
_ATTACHMENT = re.compile(
    rf"\s*(?:附(?:件|表|录|錄|图|圖)?[\s\u3000]?[{_HAN_NUMBER}0-9]{{0,3}}[\s\u3000]*(?:[:：（(《]|$)"
    rf"|附(?:件|表|录|錄|图|圖)[{_HAN_NUMBER}0-9]{{0,3}}[\s\u3000]+[^。；，：]{{1,40}}$"
    rf"|[\u3400-\u9fff]{{2,20}}表[{_HAN_NUMBER}0-9]{{0,3}}(?:[（(][^（()）]{{1,20}}[)）])?\s*$"
    r"|(?:SCHEDULE|Schedule|ANNEX|Annex|APPENDIX|Appendix)(?:\s(?:[0-9]{1,3}|[A-Z]|[IVX]{1,5}))?\s*(?:[.:–—]|$))"
)
_CAPTION_ZH = re.compile(r"(?:【([^】]{1,30})】|〔([^〕]{1,30})〕)[\s\u3000]*")
_REPEALED = re.compile(
    r"[（(【\[]?\s*(?:已?(?:删去|删除|废止|刪除|廢止)(?=\s*(?:[（()）【】\[\]。，]|$))|Repealed|Omitted|Reserved)",
    re.IGNORECASE,
)  # "删去“暂行”二字" is what an amendment says
_LEANING = re.compile(
    r"(?:前款|前[一二两三]款|前[一二两三]?条|本[法条]第|本条例第|本(?:办法|规定|细则)第|the preceding|subsection \()"
)
_STRAY_TITLE = re.compile(
    r"(?<=。)(?:\s*\n\s*(?P<item>（[一二三四五六七八九十]{1,3}）)?[\u3400-\u9fff、]{2,24}){1,2}$|(?<=\.)(?:\s*\n\s*\n[A-Z][A-Za-z ,'’-]{2,60}){1,2}$"
)
"""Titles of the next chapter that lost their number, at the end of an article; formulas and lists look otherwise."""
_ANNOUNCES = ("：", ":")
_LONGEST_CAPTION = 60
_FEWEST = 3
_LONGEST_GAP = 40
"""Articles that were repealed leave gaps; a number farther off is a reference that happens to begin a line."""

_UNITS = {"十": 10, "百": 100, "千": 1000}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


class Article(NamedTuple):
    """The head of an article: its name, its number, and where its text begins."""

    name: str
    number: tuple[int, int]
    line: int
    """Index of the line in the document's lines."""
    body: int
    """First character after the name."""


def law_article(doc: Document) -> Iterator[Found]:
    r"""Find the articles of a statute: 第三条, 第十条之一, Article 3, Section 3., § 3.

    An article reaches to the next article, chapter, heading or attachment. The lines before the first article (who
    adopted it, and when) are no article. Articles that lean on another (前款, 本法第X条) carry their own text and stay, with less
    confidence.

    >>> text = "# 养犬规定\n\n2020年2月20日通过\n\n第一条 为了规范养犬，制定本规定。\n\n第二条 每户不得超过两只。\n\n第三条 应当接种疫苗。"
    >>> [(f.article, text[f.start:f.end]) for f in law_article(Document.parse(text))][1:]
    [('第二条', '每户不得超过两只。'), ('第三条', '应当接种疫苗。')]
    >>> text = "# Notes\n\nSection 3 of the Act applies.\n\nArticle 5 of the GDPR is long.\n"  # references are no articles
    >>> list(law_article(Document.parse(text)))
    []
    """
    if not doc.title:
        return
    runs = _runs(list(_heads(doc)))
    articles = max(runs, key=len)
    if len(articles) < _FEWEST:
        return
    divisions = _Divisions(doc)
    stops = sorted({*(doc.lines[a.line].start for run in runs for a in run), *divisions.starts})
    for order, article in enumerate(articles, 1):
        stop = _next(stops, article.body, len(doc.text))
        while stop in divisions.chapters and doc.text[article.body : stop].rstrip().endswith(_ANNOUNCES):
            stop = _next(stops, stop + 1, len(doc.text))  # an amendment quotes the chapter that it inserts
        start, end = _body(doc, article, stop)
        answer = doc.text[start:end]
        if len(answer) < _FEWEST or _REPEALED.match(answer):
            continue
        yield Found(
            rule="law_article", start=start, end=end, pool="law_article", article=article.name, order=order,
            slots={"article": article.name}, headings=divisions.path(article.body),
            confidence=0.75 if _LEANING.search(answer) else 0.9,
        )  # fmt: skip


def _heads(doc: Document) -> Iterator[Article]:
    for index, line in enumerate(doc.lines):
        text = doc.text[line.start : line.end]
        found = _ARTICLE_ZH.match(text)
        if found:
            number = (number_of(found[2]), number_of(found[3] or "0"))
        elif found := _ARTICLE_EN.match(text) or _ARTICLE_EN_LOOSE.match(text):
            number = (number_of(found[2]), _letter(found[3]))
        else:
            continue
        between = " " if found[1].isascii() or found[1][0] == "§" else ""
        yield Article(between.join(found[1].split()), number, index, line.start + found.end())


def _letter(suffix: str | None) -> int:
    if suffix is None:
        return 0
    return {"bis": 1, "ter": 2}.get(suffix) or ord(suffix) - ord("A") + 1


def number_of(text: str) -> int:
    """Read the number of an article.

    >>> [number_of(t) for t in ("三", "十", "一百零二", "一千二百六十", "二十", "12", "XIV", "一〇五")]
    [3, 10, 102, 1260, 20, 12, 14, 105]
    """
    if text.isascii():
        return int(text) if text.isdigit() else _roman(text)
    if not any(unit in text for unit in _UNITS):
        return int("".join(str(_digit(c)) for c in text))
    total = digit = 0
    for char in text:
        if char in _UNITS:
            total, digit = total + max(digit, 1) * _UNITS[char], 0
        else:
            digit = _digit(char)
    return total + digit


def _digit(char: str) -> int:
    return "零一二三四五六七八九".find(char.replace("〇", "零").replace("两", "二"))


def _roman(text: str) -> int:
    values = [_ROMAN[c] for c in text]
    return sum(-v if v < after else v for v, after in pairwise([*values, 0]))


def _runs(heads: Sequence[Article]) -> list[list[Article]]:
    """Part articles into runs of rising numbers. One that starts again at 1 is another statute, attached to this one."""
    runs: list[list[Article]] = [[]]
    for head in heads:
        last = runs[-1][-1].number if runs[-1] else (0, 0)
        if head.number == (1, 0) and runs[-1]:
            runs.append([head])
        elif not runs[-1] or (last < head.number and head.number[0] - last[0] <= _LONGEST_GAP):
            runs[-1].append(head)
    return runs


def _body(doc: Document, article: Article, stop: int) -> tuple[int, int]:
    """The span of an article's text, without a caption such as 【适用范围】 or a title on its own line."""
    start, end = trimmed(doc.text, article.body, stop)
    if caption := _CAPTION_ZH.match(doc.text, start, end):
        start = caption.end()
    head = doc.lines[article.line]
    titled = head.level > 0 or article.name.isascii()
    line_end = head.end if start < head.end else _line_at(doc, start).end
    first = doc.text[start:line_end].strip()
    if titled and line_end < end and (head.level or _is_caption(first)):
        start = max(start, line_end) if first and (not head.level or start < head.end) else start
    return trimmed(doc.text, start, _before_stray_title(doc.text, start, end))


def _before_stray_title(text: str, start: int, end: int) -> int:
    r"""Where an article ends that is followed by the title of what comes next; a numbered line is a title where no list began.

    >>> _before_stray_title("应当一并处理。\n\n（二）不动产抵押", 0, 16), _before_stray_title("（一）提存。\n\n（二）免除债务", 0, 15)
    (7, 15)
    """
    stray = _STRAY_TITLE.search(text, start, end)
    if stray is None or (stray["item"] and "（一）" in text[start : stray.start()]):
        return end
    return stray.start()


def _line_at(doc: Document, position: int) -> Line:
    return doc.lines[bisect_right(doc.lines, position, key=lambda line: line.start) - 1]


def _is_caption(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_CAPTION and not text.endswith(
        (".", ";", ":", ",", "。", "；", "：", "，", "?", "!")
    )


class _Divisions:
    """What ends an article, and the headings above it; chapter lines of plain text count as headings."""

    def __init__(self, doc: Document) -> None:
        self._at: list[int] = []
        self._paths: list[tuple[str, ...]] = []
        self.chapters: set[int] = set()
        """Where chapters and sections begin; attachments are none."""
        path: list[tuple[int, str]] = []
        for line in doc.lines:
            text = doc.text[line.start : line.end]
            title = text.strip("# \t\u3000\r")
            if _divides(line, text) and not _is_article(title):
                level = line.level or _level(title)
                path = [(above, name) for above, name in path if above < level] + [(level, title)]
                self._at.append(line.start)
                if not _ATTACHMENT.match(title):
                    self.chapters.add(line.start)
                self._paths.append(tuple(name for _, name in path))
        self.starts = [*self._at, *(b.start for b in doc.blocks if b.kind in ("rule", "html"))]

    def path(self, position: int) -> tuple[str, ...]:
        """The headings above a position, from the top down."""
        index = bisect_left(self._at, position)
        return self._paths[index - 1] if index else ()


def _divides(line: Line, text: str) -> bool:
    return line.level > 0 or _DIVISION.match(text) is not None or _ATTACHMENT.match(text) is not None


def _is_article(title: str) -> bool:
    return _ARTICLE_ZH.match(title) is not None or _ARTICLE_EN.match(title) is not None


def _level(title: str) -> int:
    """Rank a chapter line below all headings: 编, 分编, 章, 节."""
    kind = title.removeprefix("第").lstrip(_HAN_NUMBER + "0123456789")[:1]
    return 10 + max("编編分章节節".find(kind), 0)


def _next(stops: Sequence[int], position: int, last: int) -> int:
    index = bisect_left(stops, position)
    return stops[index] if index < len(stops) else last
