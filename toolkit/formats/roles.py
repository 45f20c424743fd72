"""Who speaks: one table from the role names seen in the wild, English and Chinese, to ours."""

from __future__ import annotations

from toolkit.formats.example import CannotRead

CALL = "function_call"
"""The ShareGPT tag of a tool call; in an example it is an assistant message with `tool_calls`."""

ALIASES: dict[str, tuple[str, ...]] = {
    "system": ("系统", "系統"),
    "developer": (),
    "user": ("human", "用户", "用戶", "人类", "人類"),
    "assistant": (
        "gpt",
        "chatgpt",
        "bot",
        "chatbot",
        "ai",
        "bard",
        "bing",
        "model",
        "助手",
        "助理",
        "机器人",
        "機器人",
    ),
    "tool": ("observation", "tool_response", "function_response", "工具"),
    # OpenAI's old name for a tool's answer; never an alias of a call, as LLaMA-Factory's function_tag would have it
    "function": (),
    CALL: ("tool_call",),
}
"""Our role -> its other names. `function_call` is only a tag."""

_ROLES = {name: role for role, names in ALIASES.items() for name in (role, *names)}


def role_of(tag: object, field: str) -> str:
    """Give our name for a role.

    Args:
        tag: The role as the row has it.
        field: Its place, as a JSON pointer.

    >>> role_of("Human", "/messages/0/role"), role_of("助手", "/messages/1/role"), role_of("user", "/messages/2/role")
    ('user', 'assistant', 'user')
    >>> role_of("旁白", "/messages/0/role")  # a narrator is nobody we know: not guessed
    Traceback (most recent call last):
    toolkit.formats.example.CannotRead: /messages/0/role: unknown role '旁白'
    """
    role = _ROLES.get(tag) or _ROLES.get(tag.strip().lower()) if isinstance(tag, str) else None
    if role is None:
        raise CannotRead(field, f"unknown role {tag!r}")
    return role
