"""Width and radicals: characters that look like the right one and are another.

Compatibility forms that say something stay: ㎎ ① Ⅱ ½ ² ™ and all full-width punctuation (`，。！？：；（）【】《》`).
"""

from __future__ import annotations

import re
import unicodedata

from toolkit.text.fix import fix

HAN = r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"

# From the Unicode Character Database, EquivalentUnifiedIdeograph.txt (Unicode License): the CJK Radicals Supplement.
# PDF fonts map 车 or 见 to these; no Unicode normalization form brings most of them back.
_SUPPLEMENT = "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳"
_SUPPLEMENT_HAN = "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
_KANGXI = {code: int(unicodedata.decomposition(chr(code)).split()[-1], 16) for code in range(0x2F00, 0x2FD6)}
RADICALS = _KANGXI | str.maketrans(_SUPPLEMENT, _SUPPLEMENT_HAN)

FULL_WIDTH = {
    code: code - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for code in range(ord(first), ord(last) + 1)
}
_FULL_WIDTH_RUN = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
# The point and the slash belong to a number or a unit when they stand inside it: `０．５ｍｇ／ｋｇ` is 0.5mg/kg.
_INNER_POINT = re.compile(r"(?<=[0-9])\uff0e(?=[0-9])")
_INNER_SLASH = re.compile(r"(?<=[0-9A-Za-z])\uff0f(?=[0-9A-Za-z])")

_HALF_KANA = "｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
_FULL_KANA = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
_KATAKANA = str.maketrans(_HALF_KANA + "ﾞﾟ", _FULL_KANA + "゛゜")
_VOICED = re.compile(r"[ｳｶ-ﾄﾊ-ﾎ]ﾞ|[ﾊ-ﾎ]ﾟ")
_COMBINING = _KATAKANA | str.maketrans("ﾞﾟ", "\u3099\u309a")


@fix("fold_radicals", trigger=r"[\u2e81-\u2ef3\u2f00-\u2fd5]")
def fold_radicals(text: str) -> str:
    """Replace Kangxi radicals and radical supplements by the ideographs they look like.

    Compatibility ideographs (U+F900 and on) are the work of NFC.

    >>> fold_radicals("⽤药⻅⻚1") == "用药见页1"
    True
    >>> fold_radicals("①㎎Ⅱ用药")
    '①㎎Ⅱ用药'
    """
    return text.translate(RADICALS)


@fix(
    "narrow_full_width",
    trigger=r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]|[0-9]\uff0e[0-9]|[0-9A-Za-z]\uff0f[0-9A-Za-z]",
)
def narrow_full_width(text: str) -> str:
    """Make full-width letters and digits half-width, with the point and the slash inside a number or unit.

    >>> narrow_full_width("每日３次，每次０．５ｍｇ／ｋｇ。")
    '每日3次，每次0.5mg/kg。'
    >>> narrow_full_width("（一）药品：阿司匹林！０－４℃")  # punctuation is Chinese, not a mistake
    '（一）药品：阿司匹林！0－4℃'
    """
    narrow = _FULL_WIDTH_RUN.sub(lambda run: run[0].translate(FULL_WIDTH), text)
    return _INNER_SLASH.sub("/", _INNER_POINT.sub(".", narrow))


@fix("widen_katakana", trigger=r"[\uff61-\uff9f]")
def widen_katakana(text: str) -> str:
    """Make half-width katakana and its punctuation full-width, joining the voicing marks.

    >>> widen_katakana("ｲﾝﾌﾙｴﾝｻﾞ､ﾊﾟｰｷﾝｿﾝ病")
    'インフルエンザ、パーキンソン病'
    >>> widen_katakana("高血压、₩1,000")
    '高血压、₩1,000'
    """
    voiced = _VOICED.sub(lambda kana: unicodedata.normalize("NFC", kana[0].translate(_COMBINING)), text)
    return voiced.translate(_KATAKANA)
