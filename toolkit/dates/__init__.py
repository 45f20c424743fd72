"""Partial dates, intervals of validity, durations, and the civil day of an instant."""

from toolkit.dates.civil import civil_day, zone
from toolkit.dates.interval import Duration, Interval, Truth, parse_duration
from toolkit.dates.judgment import judgment_day
from toolkit.dates.loose import parse_loose
from toolkit.dates.partial import Order, PartialDate, Precision, parse

__all__ = [
    "Duration",
    "Interval",
    "Order",
    "PartialDate",
    "Precision",
    "Truth",
    "civil_day",
    "judgment_day",
    "parse",
    "parse_duration",
    "parse_loose",
    "zone",
]
