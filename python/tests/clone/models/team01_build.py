from .team00_plain import Plain


def build(channels, names, bias):
    assert names == ["a", "b"] and bias
    return Plain(channels)
