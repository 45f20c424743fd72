"""Tell whether a text speaks of programs: there markup, addresses and passwords are what it is about, not what leaked into it."""

from __future__ import annotations

import re

# Only names that mean nothing else: pandas, rust, ruby, swift and angular are words of stories.
_NAMES = (
    r"html5?|xhtml|xml|css|svg|json|yaml|csv|apis?|regexp?|regex(?:es)?|regular expressions?|sql|mysql|postgresql|sqlite|python|"
    r"django|beautifulsoup|javascript|typescript|jquery|node\.js|java|kotlin|php|golang|bash|powershell|matlab|haskell|"
    r"objective-c|spring boot|jsp|asp\.net|markdown|unix|linux"
)
_TASKS = (
    r"(?:a|the|this) (?:[a-z]{2,15} )?(?:function|query|algorithm|command) (?:that|to|which|for|in|named|called|using)|"
    r"(?:source|this|following) code|code snippet|(?:shell|batch) script|web ?scrap(?:er|ing)|"
    r"(?:write|implement|define) (?:a|an|the|some) (?:[a-z+#-]{1,15} )?(?:function|subroutine|script|code|class|program|method)"
)
# Not 代码 alone (统一社会信用代码), not 程序 (诉讼程序), not 前端 (of a catheter).
_CHINESE = "源代码|源代碼|(?:段|行|写|以下|下面|下列|这些)代码|代码[段块片]|[编写]程序|编程|編程|程序员|正则|爬虫|爬蟲|网页|網頁|数据库表"
_SHAPES = (
    r"```|<\?php|#!/|#include|(?:def|function|func|fn|class) [A-Za-z_][A-Za-z0-9_]{0,60} ?[({:]|console\.log|"
    r"(?:print|printf|println|require|len|fetch)\(|\) ?(?:=>|->)? ?\{(?:\n|\\n|$)|(?:std|System)(?:::|\.)[a-z]|=\"\$"
    r"|(?:const|let|var|int|string|String) [A-Za-z_$][A-Za-z0-9_$]{0,60} ?=|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) [A-Za-z_*]"
    r"|[A-Za-z_][A-Za-z0-9_.]{0,60} ?= ?(?:\"|')"
)
_SIGN = re.compile(
    rf"(?<![A-Za-z])(?ai:{_NAMES}|{_TASKS})(?![A-Za-z])|(?<![A-Za-z])(?:C\+\+|C#)|{_CHINESE}|(?<![A-Za-z])(?:{_SHAPES})"
)

# One of these is in every text that the pattern matches: most texts have none, and it takes a hundredth of the pattern.
_MARKS = (
    *(
        "html",
        "xml",
        "css",
        "svg",
        "json",
        "yaml",
        "csv",
        "api",
        "reg",
        "sql",
        "python",
        "django",
        "beautifulsoup",
        "query",
    ),
    *(
        "node.js",
        "java",
        "kotlin",
        "php",
        "golang",
        "bash",
        "shell",
        "matlab",
        "haskell",
        "objective-c",
        "spring boot",
        "jsp",
    ),
    *(
        "asp.net",
        "markdown",
        "unix",
        "linux",
        "script",
        "function",
        "algorithm",
        "command",
        "code",
        "scrap",
        "subroutine",
    ),
    *(
        "class",
        "program",
        "method",
        "#",
        "`",
        "{",
        '="',
        "='",
        '= "',
        "= '",
        "print(",
        "printf(",
        "println(",
        "require(",
        "len(",
        "fetch(",
        "log(",
    ),
    *(
        "const ",
        "let ",
        "var ",
        "int ",
        "string ",
        "def ",
        "func ",
        "fn ",
        "std",
        "system",
        "select ",
        "insert ",
        "update ",
        "delete ",
        "c++",
    ),
    *("代码", "代碼", "程序", "编程", "編程", "正则", "爬虫", "爬蟲", "网页", "網頁", "数据库表"),
)


def about_programs(text: str) -> bool:
    r"""Tell whether a text names programming, or holds a program.

    >>> about_programs("用 Python 写一个校验邮箱的函数"), about_programs("echo() {\n  ls\n}"), about_programs("Fix this HTML file.")
    (True, True, True)
    >>> about_programs("统一社会信用代码按诉讼程序核对。"), about_programs("I ordered on the website and got no e-mail.")
    (False, False)
    """
    lower = text.lower()
    return any(mark in lower for mark in _MARKS) and _SIGN.search(text) is not None
