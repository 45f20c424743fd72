"""Check digits catch every wrong digit, and nearly every swap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text.pii.checksums import cn_birth, cn_id, iban, iban_length, luhn, uscc

VALID = [
    (cn_id, "110101199003070038", "0123456789"),
    (cn_id, "440305198512314123", "0123456789"),
    (luhn, "6222021234567890128", "0123456789"),
    (luhn, "4111111111111111", "0123456789"),
    (uscc, "91110108MA01ABCD2H", "0123456789ABCDEFGHJKLMNPQRTUWXY"),
    (iban, "GB82WEST12345698765432", "0123456789"),
    (iban, "FR1420041010050500013M02606", "0123456789"),
]


@pytest.mark.parametrize(("check", "number", "alphabet"), VALID)
def test_a_valid_number_passes_and_no_single_changed_digit_does(check, number, alphabet):
    changed = [
        number[:i] + c + number[i + 1 :] for i, old in enumerate(number) if old.isdigit() for c in alphabet if c != old
    ]

    assert check(number)
    assert [wrong for wrong in changed if check(wrong)] == []


@given(st.text(alphabet="0123456789", min_size=15, max_size=19))
def test_exactly_one_last_digit_completes_a_card_number(digits):
    assert sum(luhn(digits + last) for last in "0123456789") == 1


@given(st.dates())
def test_every_day_of_the_calendar_is_a_birth_in_a_known_province_only(day):
    assert cn_birth("11", f"{day.year:04}{day:%m%d}")
    assert not cn_birth("99", f"{day.year:04}{day:%m%d}")


@given(st.integers(min_value=32, max_value=99))
def test_no_month_has_more_than_31_days(day):
    assert not cn_birth("11", f"199901{day}")


def test_leap_days_are_days_of_leap_years_only():
    assert cn_birth("11", "20000229")
    assert not cn_birth("11", "19000229")


def test_a_country_without_ibans_has_none():
    assert iban_length("CN") == iban_length("US") == 0
