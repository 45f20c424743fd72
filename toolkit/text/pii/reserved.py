"""Values that standards set aside for examples and private networks: they reach nobody."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from toolkit.text.pii.find import fold

# RFC 2606 and RFC 6761
_DOMAIN = re.compile(r"@(?:[a-z0-9-]{1,63}\.){0,8}(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$")
_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918, private use
            *(
                "192.0.2.0/24",
                "198.51.100.0/24",
                "203.0.113.0/24",
                "2001:db8::/32",
            ),  # RFC 5737, RFC 3849: documentation
            *("169.254.0.0/16", "fe80::/10", "fc00::/7"),  # RFC 3927, RFC 4291, RFC 4193: this link, this site
            "255.255.255.255/32",
        ),
    )
)
# The passwords of lessons: the word itself, however it is dressed up.
_PASSWORD = re.compile(
    r"(?ai:(?:my|your|user|test|admin|new|old|secure|strong)?_?p[a@4][s$5]{2}(?:w[o0]r?d)?[0-9]{0,4}[!@#$*.]{0,3})"
)


def _no_mailbox(value: str) -> bool:
    return _DOMAIN.search(value.lower()) is not None


def _no_host(value: str) -> bool:
    address = ipaddress.ip_address(value)
    return any(address in network for network in _NETWORKS)


def _no_secret(value: str) -> bool:
    return _PASSWORD.fullmatch(value) is not None


_TESTS: dict[str, Callable[[str], bool]] = {"EMAIL": _no_mailbox, "IP": _no_host, "SECRET": _no_secret}


def is_reserved(value: str, kind: str) -> bool:
    """Tell whether a value that was found is one that standards or lessons use for nobody.

    `toolkit.clean` keeps such values in records about programs, where a mask would destroy the lesson, and deals with
    them as with all others elsewhere: in letters and tickets people and their networks stand behind invented values, too.

    >>> is_reserved("zhangsan＠example.com", "EMAIL"), is_reserved("192.168.1.1", "IP"), is_reserved("myp@ssw0rd", "SECRET")
    (True, True, True)
    >>> is_reserved("zhangsan@163.com", "EMAIL"), is_reserved("123.45.67.89", "IP"), is_reserved("13812345678", "PHONE")
    (False, False, False)
    """
    test = _TESTS.get(kind)
    return test is not None and test(fold(value))
