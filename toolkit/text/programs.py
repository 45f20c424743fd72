"""Tell whether a text speaks of programs: there markup, addresses and passwords are what it is about, not what leaked into it."""

from __future__ import annotations

import re

_NAMES = (
    r"html5?|x?html|xml|css|dom|svg|json|yaml|csv|api|apis|regex|regexp|regular expressions?|sql|mysql|postgresql|sqlite|python|"
    r"pandas|django|flask|beautifulsoup|javascript|typescript|jquery|node\.js|react|angular|vue|java|kotlin|scala|php|ruby|"
    r"perl|golang|rust|bash|shell script|powershell|matlab|swift|objective-c|spring boot|jsp|asp\.net|markdown|latex|unix|linux"
)
_TASKS = (
    r"(?:a|the|this) (?:[a-z]{2,15} )?(?:function|method|script|program|class|query|algorithm|command)"
    r" (?:that|to|which|for|in|named|called|using)|source code|(?:code|program) snippet|web ?scrap(?:er|ing)|"
    r"(?:write|implement|define|create|develop|build) (?:a|an|the|some) (?:[a-z+#-]{1,15} )?(?:function|script|code|class|program|method)"
)
_CHINESE = (
    "代码|代碼|编程|編程|编写程序|源程序|程序员|正则|脚本|腳本|爬虫|爬蟲|网页|網頁|前端|后端|数据库表|接口文档|函数"
)
_SHAPES = (
    r"```|<\?php|#!/|#include|(?:def|function|func|fn|class) [A-Za-z_][A-Za-z0-9_]{0,60} ?[({:]|console\.log|"
    r"(?:print|printf|println|require|len|fetch)\(|\) ?(?:=>|->)? ?\{(?:\n|\\n|$)|(?:std|System)(?:::|\.)[a-z]|=\"\$"
    r"|(?:const|let|var|int|string|String) [A-Za-z_$][A-Za-z0-9_$]{0,60} ?=|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) [A-Za-z_*]"
    r"|[A-Za-z_][A-Za-z0-9_.]{0,60} ?= ?(?:\"|')"
)
_SIGN = re.compile(
    rf"(?<![A-Za-z])(?ai:{_NAMES}|{_TASKS})(?![A-Za-z])|(?<![A-Za-z])(?:C\+\+|C#)|{_CHINESE}|(?<![A-Za-z])(?:{_SHAPES})"
)


def about_programs(text: str) -> bool:
    r"""Tell whether a text names programming, or holds a program.

    >>> about_programs("用 Python 写一个校验邮箱的函数"), about_programs("echo() {\n  ls\n}"), about_programs("Fix this HTML file.")
    (True, True, True)
    >>> about_programs("肝功能检查应按诉讼程序保存。"), about_programs("I ordered on the website and got no e-mail.")
    (False, False)
    """
    return _SIGN.search(text) is not None
