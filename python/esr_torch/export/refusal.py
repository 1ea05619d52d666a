"""What ends an export."""


class Refusal(Exception):
    """Something that the user must mend; its text says what."""


def first_line(error):
    """An error's type and the first line of its text."""
    text = str(error).strip().splitlines() or [type(error).__name__]
    return f"{type(error).__name__}: {text[0][:200]}"
