"""Lines that belong to the page or the site, not to the text: page numbers (profile `pdf`), navigation (`web`).

A line goes only when all of it is furniture; a sentence that mentions copyright or cookies is content.
"""

from __future__ import annotations

import re

from toolkit.text.fix import fix

_NUMBER = r"[0-9０-９一二三四五六七八九十百]{1,5}"
PAGE_LINES = (
    rf"第[ ]?{_NUMBER}[ ]?页(?:[ ，,/／·|]{{0,3}}共[ ]?{_NUMBER}[ ]?页)?",
    rf"共[ ]?{_NUMBER}[ ]?页[ ，,/／·|]{{0,3}}第[ ]?{_NUMBER}[ ]?页",
    rf"第[ ]?{_NUMBER}[ ]?頁(?:[ ，,/／·|]{{0,3}}共[ ]?{_NUMBER}[ ]?頁)?",
    r"[Pp](?:age|AGE)[ ]?[0-9]{1,5}(?:[ ]?(?:of|OF|/)[ ]?[0-9]{1,5})?",
    r"[-—–－·][ ]{0,3}[0-9]{1,4}[ ]{0,3}[-—–－·]",
    r"(?:\[|【)?(?:此页无正文|本页以下无正文|本页无正文|[Tt]his page (?:is )?intentionally left blank)(?:\]|】)?[.。]?",
)
SITE_LINES = (
    r"(?:上一篇|下一篇|上一页|下一页|上一条|下一条)(?:[：:].{0,80})?",
    r"(?:[Pp]revious|[Nn]ext) (?:article|post|page|chapter)(?:: .{0,80})?",
    r"(?:返回顶部|回到顶部|返回首页|返回列表|打印本页|关闭窗口|点击加载更多|展开全文|阅读全文|收起全文|字体大小[：:]?.{0,10})",
    r"(?:[Bb]ack to top|[Ss]kip to (?:main )?content|[Pp]rint this page|[Cc]lose window|[Rr]ead more|[Ll]oad more)",
    r"(?:分享到|分享至|扫一扫|扫码关注|微信扫一扫)[：: ]?.{0,40}",
    r"(?:[Ss]hare (?:this|on)|[Ff]ollow us on|[Ss]ubscribe to our newsletter)[:!]?.{0,40}",
    r"(?:您?当前的?位置|您的位置|[Yy]ou are here)[：:].{1,100}",
    r"(?:首页|[Hh]ome)(?:[ ]?[>»›][ ]?[^>»›]{1,40}){1,6}",
    r"(?:本网站|本站|我们)使用[ ]?[Cc]ookies?.{0,80}",
    r"(?:[Ww]e|[Tt]his (?:web)?site) uses? cookies.{0,160}",
    r"(?:接受|拒绝|同意)(?:所有|全部)?[ ]?[Cc]ookies?|(?:[Aa]ccept|[Rr]eject|[Dd]ecline)(?: all)?(?: cookies)?",
    r"(?:©|[Cc]opyright|COPYRIGHT|\([Cc]\))[ ]?(?:©|\([Cc]\))?[ ]?[0-9]{4}.{0,120}",
    r".{0,60}[Aa]ll [Rr]ights [Rr]eserved\.?",
    r"(?:版权所有|版權所有)[：: ©].{0,60}|.{0,40}(?:版权所有|版權所有)(?:[ ,，]{0,2}(?:侵权必究|违者必究|翻印必究|未经许可.{0,20}))?[。.]?",
    r".?ICP[备證证][ ]?[0-9]{5,10}号(?:-[0-9]{1,3})?.{0,40}|.{0,30}公网安备[ ]?[0-9]{10,16}号?",
)
_SITE_WORDS = (
    "[上下]一[篇页条]|返回|回到|打印|关闭|加载|全文|字体|分享|扫|位置|首页|[Cc]ookie|ICP|安备|版[权權]|©|\\([Cc]\\)|[Cc]opyright|COPYRIGHT|[Rr]ights"
    "|[Hh]ome|[Pp]revious|[Nn]ext|[Bb]ack|[Ss]kip|[Pp]rint|[Cc]lose|[Rr]ead|[Ll]oad|[Ss]hare|[Ff]ollow|[Ss]ubscribe|[Yy]ou"
    "|[Aa]ccept|[Rr]eject|[Dd]ecline"
)
_LONGEST = 200
_PAGE = re.compile(rf"(?:{'|'.join(PAGE_LINES)})")
_SITE = re.compile(rf"(?:{'|'.join(SITE_LINES)})")


def _without(furniture: re.Pattern[str], text: str) -> str:
    lines = text.split("\n")
    return "\n".join(line for line in lines if len(line) > _LONGEST or not furniture.fullmatch(line.strip(" \t")))


@fix(
    "drop_page_lines",
    trigger=r"[页頁]|[Pp](?:age|AGE)|[-—–－·] {0,3}[0-9]{1,4} {0,3}[-—–－·]",
    kinds={"prose"},
    profile="pdf",
)
def drop_page_lines(text: str) -> str:
    r"""Drop running page numbers that stand on a line of their own.

    >>> drop_page_lines("合同自签订之日起生效。\n第 3 页 共 10 页\nPage 3 of 10\n- 3 -")
    '合同自签订之日起生效。'
    >>> drop_page_lines("见第3页。\n120\nPage 3 lists the doses")
    '见第3页。\n120\nPage 3 lists the doses'
    """
    return _without(_PAGE, text)


@fix(
    "drop_site_lines",
    trigger=_SITE_WORDS,
    kinds={"prose"},
    profile="web",
)
def drop_site_lines(text: str) -> str:
    r"""Drop navigation, sharing, cookie, copyright and filing lines that stand on a line of their own.

    >>> drop_site_lines("首页 > 新闻 > 正文\n正文。\n京ICP备12345678号-1\nWe use cookies to improve your visit.")
    '正文。'
    >>> drop_site_lines("著作权人享有版权。\n版权所有者可以许可他人使用。\nCopyright law protects authors.")
    '著作权人享有版权。\n版权所有者可以许可他人使用。\nCopyright law protects authors.'
    """
    return _without(_SITE, text)
