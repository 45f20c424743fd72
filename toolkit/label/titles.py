"""Titles and headings: what of them belongs in a question, and which of them name nothing."""

from __future__ import annotations

import re

_NUMBERING = re.compile(
    r"""\s*(?:
      (?:[0-9]{1,3}\.)+[0-9]{0,3}[.、)]?\s+(?=["“‘「`]?[^\W\d_])   # 3.1 Scope, 2. Care; but not 2.16.2 (June 2026)
    | [0-9]{1,3}\s*[、)）]\s*                                    # 1、 2)
    | (?:[0-9]{1,3}\.)+(?=[\u3400-\u9fff])                      # 1.内存不足
    | [（(](?:[0-9]{1,3}|[一二三四五六七八九十]{1,3})[)）]\s*
    | [一二三四五六七八九十]{1,3}、\s*
    | [IVX]{1,5}\.\s+
    )""",
    re.VERBOSE,
)
# pictures only: ①, ™, → and ° are characters that a title means
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]+")
_MARKUP = re.compile(r"\{[#.][^{}]{0,100}\}|<[^<>]{1,200}>|\[![A-Za-z]+\]|^:::+\s*[a-z]*|\[\^[^\[\]]{0,100}\]")
_ENDS = " \t\u3000#*_:：|-–—"


def _names(table: str) -> frozenset[str]:
    return frozenset(name.strip() for name in table.split("|"))


_GENERIC = _names("""
    about|added|acknowledgements|acknowledgments|acknowledgement|appendix|background|bibliography|changed|changelog|change log|deprecated|donate|fixed|removed|security fixes|citation|
    citations|comments|conclusion|contact|contact us|contents|contributing|contributors|credits|description|details|disclaimer|
    documentation|example|examples|faq|faqs|features|further reading|general|getting started|glossary|home|index|intro|
    introduction|key features|latest news|license|licence|links|misc|miscellaneous|more|more information|news|next steps|note|
    notes|other|others|overview|preface|prerequisites|purpose|q&a|questions and answers|read more|readme|references|related|
    related links|release notes|resources|see also|sponsors|star history|summary|support|table of contents|thanks|tl;dr|tldr|
    toc|todo|untitled|updates|usage|what's new|what is new|
    一般规定|修复|变更|新增|移除|捐赠|版权声明|版权|背景|背景介绍|备注|参考|参考文献|参考资料|常见问题|常见问题解答|代办|附件|附录|附则|更多|更新|更新日志|
    概览|概述|概要|贡献|功能|功能特性|关于|关于我们|后记|简介|简要介绍|交流|结论|结语|介绍|科普|快速开始|例子|联系我们|联系方式|
    链接|免责声明|目录|其他|其它|前言|前提|前提条件|示例|术语表|说明|索引|特性|特点|问答|问题反馈|下一步|鸣谢|项目简介|协议|
    新闻|许可|许可证|序言|引言|引用|引用本项目|用法|致谢|总结|总则|总述|最新消息|最新动态|更新记录|版本历史
    """)

_LABELS = _names("""
    answer|attention|caution|cause|condition|danger|default|description|e.g|effect|example|examples|fix|for example|goal|hint|
    hints|how to use|important|info|input|key|meaning|must|name|not|note|notes|output|problem|pros|cons|question|reason|
    recommended|remark|remember|result|result is|return|returns|see|see also|short|should|solution|step|steps|summary|symptom|
    symptoms|tip|tips|tl;dr|tldr|todo|type|usage|value|warning|when to use|where|why|
    案例|备注|表现|步骤|参数|参考|答|答案|代码|方法|方式|分析|更新|功能|关键|后果|回答|环境|几点|建议|结果|结论|解决|解决办法|
    解决方案|解释|解析|警告|举例|例|例如|例子|类型|描述|默认|默认值|目标|目的|内容|前提|取值|缺点|任务|如下|示例|适用场景|使用方法|
    使用场景|输出|输入|说明|思路|特点|提醒|提示|条件|推荐|危险|问|问题|现象|效果|要求|要点|用法|优点|原理|原因|原则|症状|
    注|注意|注意事项|总结|重点|重要|作用
    """)

_CHAPTER = re.compile(
    r"(?:第[一二三四五六七八九十百0-9]{1,4}[编章节編節]|(?:chapter|part)\s[0-9ivx]{1,4}[.:]?)\s*", re.IGNORECASE
)
_DATE_OR_VERSION = re.compile(
    r"""[\[(]?\s*(?:v(?:ersion)?\.?\s*)?[0-9]+(?:[./-][0-9]+)+(?:[-.]?[a-z]{1,5}[0-9]*)?\s*[\])]?
        (?:\s*[(（-].{4,24})?                                             # 2.16.2 (June 1st, 2026), [1.0.0] - 2024-05-01
      | [0-9]{4}\s*年.{0,12} | [0-9]+ | (?:step|phase|part|chapter|section|version)\s+[0-9a-z.]{1,8}
      | 第[一二三四五六七八九十0-9]{1,4}[步章节编部分]+ | [a-z]+\s+[0-9]{1,2}(?:st|nd|rd|th)?,?\s+[0-9]{4}
      | unreleased | 未发布""",
    re.VERBOSE | re.IGNORECASE,
)

_ASKS_EN = re.compile(r"(?:how|what|why)(?:'s)?\s+(?!(?:s|it|we)(?![a-z]))\S", re.IGNORECASE)
_ASKS_ZH = re.compile(r"(?:请问)?(?:如何|怎么|怎样|怎么样|什么是|什麼是|为什么|為什麼|为何|何时|什么时候|哪些|哪里|谁)")
# "What's new", "How it works", "Why us" are headings of brochures, not questions
_BROCHURE = re.compile(r"(?:what(?:'s| is) (?:new|next|included)|how it works|why \S+)\s*$", re.IGNORECASE)


def clean_title(text: str) -> str:
    """Strip what is not part of a title's meaning: numbering, emoji, anchors, tags, admonition marks, a colon at the end.

    >>> clean_title("🚀 1. 内存不足怎么办？ {#oom}")
    '内存不足怎么办？'
    >>> clean_title("3.1 Storage <a name='s'></a>:"), clean_title("[!NOTE] Storage")
    ('Storage', 'Storage')
    >>> clean_title("第三章 监督管理"), clean_title("10 mg tablets"), clean_title("3D 打印")  # these numbers are meant
    ('第三章 监督管理', '10 mg tablets', '3D 打印')
    """
    plain = _EMOJI.sub("", _MARKUP.sub("", text))
    plain = " ".join(plain.split())
    return _NUMBERING.sub("", plain, count=1).strip(_ENDS) if _NUMBERING.match(plain) else plain.strip(_ENDS)


def is_generic(title: str) -> bool:
    """Say whether a title is found in any document and so names nothing of this one.

    >>> is_generic("Overview"), is_generic("概述"), is_generic("第六章 附则"), is_generic("储存条件")
    (True, True, True, False)
    """
    return _CHAPTER.sub("", title).casefold().strip(" .。!！") in _GENERIC


def is_label(term: str) -> bool:
    """Say whether a term is the label of a remark, and no thing that can be defined.

    >>> is_label("注意"), is_label("When to use"), is_label("利器"), is_label("Triage")
    (True, True, False, False)
    """
    return term.casefold().strip(" .。!！:：") in _LABELS or is_generic(term)


def is_date_or_version(title: str) -> bool:
    """Say whether a title is a date, a version or a bare number, as in a change log.

    >>> [is_date_or_version(t) for t in ("v1.2.0", "2.16.2 (June 1st, 2026)", "2024年5月", "第一步", "1.5 倍剂量")]
    [True, True, True, True, False]
    """
    return _DATE_OR_VERSION.fullmatch(title) is not None


def is_question(title: str) -> bool:
    """Say whether a heading asks something.

    >>> [is_question(t) for t in ("怎样调节水平？", "如何导出数据", "How to export data", "May bins stand on the pavement?")]
    [True, True, True, True]
    >>> [is_question(t) for t in ("What's new", "How it works", "Howto", "清洁方法", "Whatsapp groups")]
    [False, False, False, False, False]
    """
    if title.endswith(("?", "？")):
        return len(title) > 3  # noqa: PLR2004 - "??" and "谁？" ask nothing that can be answered
    if _BROCHURE.match(title):
        return False
    return _ASKS_EN.match(title) is not None or _ASKS_ZH.match(title) is not None
