"""Arguments of operations as JSON: by the schema's names, in its order, defaults included."""

import math

import torch

# c10's numbers of what the schema calls an int.
DTYPES = {
    name: number
    for number, name in enumerate(
        "uint8 int8 int16 int32 int64 float16 float32 float64 complex32 complex64 complex128 bool qint8 quint8 qint32 "
        "bfloat16 quint4x2 quint2x4 bits1x8 bits2x4 bits4x2 bits8 bits16 float8_e5m2 float8_e4m3fn float8_e5m2fnuz "
        "float8_e4m3fnuz uint16 uint32 uint64".split()
    )
}
LAYOUTS = {torch.strided: 0, torch.sparse_coo: 1, torch.sparse_csr: 2}
FORMATS = {
    torch.contiguous_format: 0,
    torch.preserve_format: 1,
    torch.channels_last: 2,
    torch.channels_last_3d: 3,
}


def arguments(schema, args, kwargs, tensors):
    """The call's arguments as a table."""
    found = {}
    for i, argument in enumerate(schema.arguments):
        if i < len(args):
            value = args[i]
        elif argument.name in kwargs:
            value = kwargs[argument.name]
        else:
            value = argument.default_value
        if str(argument.type) in ("float", "Optional[float]") and type(value) is int:
            value = float(value)
        found[argument.name] = as_json(value, tensors)
    return found


def as_json(value, tensors):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, torch.Tensor):
        return {"t": tensors.number(value)}
    if isinstance(value, (list, tuple)):
        return [as_json(item, tensors) for item in value]
    if isinstance(value, (int, torch.SymInt)):
        return int(value)
    if isinstance(value, (float, torch.SymFloat)):
        value = float(value)
        # What JSON cannot say is a string.
        return value if math.isfinite(value) else str(value)
    if isinstance(value, torch.dtype):
        name = str(value).rpartition(".")[2]
        return DTYPES.get(name, name)
    if isinstance(value, torch.layout):
        return LAYOUTS.get(value, str(value))
    if isinstance(value, torch.memory_format):
        return FORMATS.get(value, str(value))
    if isinstance(value, torch.device):
        return str(value)
    return f"<{type(value).__name__}>"
