"""Words of closed sets of which the wrong one makes another text: before and after meals, hypo- and hyper-, plaintiff and defendant.

Spellings of one word stand together, the first says what all of them say; what is opposed to it stands in another line.
"""

from __future__ import annotations

_HAN = """
升高 增高 上升 增加 增多 增大 加大
降低 下降 减少 减小 减低
偏高 过高
偏低 过低
过快 过速
过慢 过缓
加重 恶化
减轻 好转
前 生效前 治疗前 用药前 饭前 餐前 术前 产前 孕前 婚前 之前 以前
后 生效后 治疗后 用药后 饭后 餐后 术后 产后 孕后 婚后 之后 以后
空腹
睡前
隔日 隔天
上午
下午
早上 早晨 清晨
晚上 夜间 夜晚
成人 成年人
儿童 小儿 婴儿 幼儿
孕妇
男
女
良性
恶性
急性
慢性
早期
晚期
轻度
重度
口服
外用 外敷
静脉
肌肉
皮下
热敷
冷敷
收缩压
舒张压
最多 至多
最少 至少
有害
停止 停用 停药
甲亢
甲减
甲
乙
丙
丁
原告
被告
上诉人
被上诉人
申请人
被申请人
出租
承租
买方 买受人
卖方 出卖人
债权
债务
用人单位
劳动者
故意
过失
民事
刑事
合法
支持
驳回
同意
拒绝
反对
全部
部分
"""
_HIGH_OR_LOW = str.split("血压 血糖 血脂 血钾 血钠 血钙 钾 钠 钙 蛋白 密度 盐 脂 糖 热 烧")
_COMPARED = {"大于": ">", "高于": ">", "多于": ">", "小于": "<", "低于": "<", "少于": "<"}


def _said(table: str) -> dict[str, str]:
    """Word -> the first word of its line."""
    return {word: line.split()[0] for line in table.strip().splitlines() for word in line.split()}


_ALONE = ("前", "后")  # what others say; by themselves they stand in too many words
HAN = {word: said for word, said in _said(_HAN).items() if word not in _ALONE}
HAN |= _COMPARED | {side + what: side for side in "高低" for what in _HIGH_OR_LOW}
"""Chinese word -> what it says."""

_LATIN = """
before
after
increase increases increased increasing
decrease decreases decreased decreasing reduce reduces reduced
more greater higher above
less fewer below
high
low
maximum max
minimum
male males man men boy boys
female females woman women girl girls
adult adults
child children infant infants pediatric
pregnant
benign
malignant
acute
chronic
oral orally
intravenous intravenously iv
intramuscular intramuscularly
subcutaneous subcutaneously
topical topically
proximal
distal
morning
afternoon
evening
night
daily
weekly
monthly
yearly annually
monday
tuesday
wednesday
thursday
friday
saturday
sunday
january
february
march
april
june
july
august
september
october
november
december
bid
tid
qid
qd
qod
stop stops stopped discontinue
inpatient
outpatient
unsafe
unlawful unlawfully
illegal illegally
invalid
ineffective
abnormal
irregular
incomplete
unable
unlikely
impossible
asymptomatic
insufficient
plaintiff plaintiffs
defendant defendants
appellant
appellee
respondent
petitioner
landlord landlords lessor
tenant tenants lessee
buyer buyers purchaser
seller sellers vendor
employer employers
employee employees
lender lenders
borrower borrowers
creditor creditors
debtor debtors
mortgagor
mortgagee
licensor
licensee
guilty
innocent
granted grants
denied denies
dismissed
included includes including
excluded excludes excluding
"""
_STEMS = str.split(
    "tension tensive glycemia glycemic glycaemia glycaemic thyroidism thyroid kalemia kalaemia natremia natraemia calcemia "
    "calcaemia magnesemia phosphatemia thermia thermic volemia volemic tonic tonia trophy trophic plasia plastic active "
    "activity ventilation lipidemia uricemia capnia parathyroidism esthesia sensitivity pituitarism"
)
LATIN = _said(_LATIN) | {prefix + stem: prefix for prefix in ("hypo", "hyper") for stem in _STEMS}
"""Latin word -> what it says."""
