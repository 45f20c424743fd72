r"""Training-data formats: one file each, one table. Read into an example, write from it, validate, detect.

>>> row = {"instruction": "高血压的诊断标准？", "input": "", "output": "收缩压≥140mmHg。"}
>>> chat = get("openai-chat").write(detect([row]).format().read(row))
>>> validator("openai-chat").check(chat)
[]
>>> dumps_line(chat).decode()
'{"messages":[{"role":"user","content":"高血压的诊断标准？"},{"role":"assistant","content":"收缩压≥140mmHg。"}]}\n'
"""

from toolkit.formats.base import Format, Score
from toolkit.formats.detect import Candidate, Detection, detect
from toolkit.formats.example import CannotHold, CannotRead, Example, Message, Row
from toolkit.formats.findings import CODES, CannotDump, Code, Finding
from toolkit.formats.lines import dumps_line
from toolkit.formats.lossy import Written, write_lossy
from toolkit.formats.shape import FileShape, check_file
from toolkit.formats.table import FORMATS, get
from toolkit.formats.validate import Validator, validator

__all__ = [
    "CODES",
    "FORMATS",
    "Candidate",
    "CannotDump",
    "CannotHold",
    "CannotRead",
    "Code",
    "Detection",
    "Example",
    "FileShape",
    "Finding",
    "Format",
    "Message",
    "Row",
    "Score",
    "Validator",
    "Written",
    "check_file",
    "detect",
    "dumps_line",
    "get",
    "validator",
    "write_lossy",
]
