"""Fields of a request, each checked where it is read."""

import math

from .failure import REQUEST, Failure

MISSING = object()


def is_count(value):
    """Whether `value` is a whole number, not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def wrong(key, expected, found):
    shown = "nothing" if found is MISSING else f"{found!r:.80}"
    return Failure(REQUEST, f"not a request of this protocol: `{key}`: expected {expected}, found {shown}")


def text(message, key, default=MISSING):
    value = message.get(key, default)
    if not isinstance(value, str) and (value is not default or value is MISSING):
        raise wrong(key, "a string", value)
    return value


def count(message, key):
    value = message.get(key, MISSING)
    if not is_count(value):
        raise wrong(key, "a whole number, not negative", value)
    return value


def number(message, key, default=MISSING):
    value = message.get(key, default)
    if value is default and value is not MISSING:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise wrong(key, "a number", value)
    return float(value)


def flag(message, key, default):
    value = message.get(key, default)
    if value is not default and not isinstance(value, bool):
        raise wrong(key, "true or false", value)
    return value


def table(message, key, default=MISSING):
    value = message.get(key, default)
    if value is default and value is not MISSING:
        return value
    if not isinstance(value, dict):
        raise wrong(key, "an object", value)
    return value


def array(message, key):
    value = message.get(key, MISSING)
    if not isinstance(value, list):
        raise wrong(key, "a list", value)
    return value
