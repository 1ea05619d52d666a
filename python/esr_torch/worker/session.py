"""A loaded network: its device, its conventions, and a forward over images."""

import torch

from .. import fields
from ..failure import LOAD, OUTPUT, REQUEST, RUN, Failure, from_exception
from ..probe import GRID, TOLERANCE, block_means, pattern
from ..record import record
from ..submission import Submission
from . import hello, memory, settings, timing
from .exchange import Exchange
from .pixels import Sr, to_input
from .steady import Steady

# Beyond it an SR image is a mistake.
LARGEST_SCALE = 16
# LR height and width of the forward that shows, while the network is loaded on a CPU, what its code needs.
TRIED = 32
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


class Session:
    """A network on a device."""

    def __init__(self, submission, device, scale, data_range, tile):
        self.submission = submission
        self.device = device
        self.scale = scale
        self.data_range = data_range
        self.tile = tile
        self.told = 0
        self.steady = Steady(submission.network)

    @classmethod
    def load(cls, message):
        """Sets the switches and builds the network; returns the session and the reply."""
        device = parse_device(fields.text(message, "device"))
        scale = fields.count(message, "scale")
        if not 1 <= scale <= LARGEST_SCALE:
            raise Failure(REQUEST, f"scale {scale}: expected 1 to {LARGEST_SCALE}")
        wanted_range = fields.number(message, "data_range", None)
        if wanted_range is not None and wanted_range <= 0:
            raise Failure(REQUEST, f"data range {wanted_range}: expected a positive number")
        wanted_tile = parse_tile(fields.table(message, "tile", None))
        settings.apply(fields.table(message, "switches", {}))
        if device.type == "cuda":
            torch.cuda.set_device(device)
        before = settings.in_force()
        submission = Submission.load(fields.table(message, "network"), device)
        changed = settings.restore(before)
        if changed:
            submission.notes.append(f"the code set {', '.join(changed)}; the run's settings were put back")
        data_range = agreed("data range", wanted_range, submission.data_range)
        tile = agreed("tile", wanted_tile, parse_tile(submission.tile))
        if data_range is None:
            raise Failure(REQUEST, "data_range: expected a number: the network's code does not tell it")
        session = cls(submission, device, scale, data_range, tile)
        if device.type == "cpu":
            submission.try_forward(torch.full((1, 3, TRIED, TRIED), data_range / 2))
        return session, session.loaded()

    def loaded(self):
        network = {"name": self.submission.name, "data_range": self.data_range}
        if self.tile:
            network["tile"] = self.tile
        return {
            "reply": "loaded",
            "parameters": sum(p.numel() for p in self.submission.network.parameters()),
            "buffers": sum(b.numel() for b in self.submission.network.buffers()),
            "settings": settings.in_force(),
            "hashes": self.submission.hashes(),
            "network": network,
            "notes": self.new_notes(),
        }

    def new_notes(self):
        """Remarks that no reply has carried yet."""
        notes = self.submission.notes[self.told :]
        self.told += len(notes)
        return notes

    def infer(self, message):
        """Answers `infer`: the slot's image through the network."""
        with self.open(message) as exchange:
            x = self.read(exchange)
            sr = self.to_sr(x, self.forward(x))
            exchange.write_sr(sr.data)
            self.check_steady()
            return {
                "reply": "inferred",
                "height": exchange.height * self.scale,
                "width": exchange.width * self.scale,
                "sha256": sr.sha256(),
                "non_finite": sr.non_finite,
                "range": sr.range,
            }

    def time(self, message):
        """Answers `time`: `forward` alone, the image already on the device, the output left there."""
        warmup, repeats = fields.count(message, "warmup"), fields.count(message, "repeats")
        if repeats == 0:
            raise Failure(REQUEST, "repeats: expected 1 or more")
        with self.open(message) as exchange:
            x = self.read(exchange)
        ms, cpu_ms, y = timing.time_forward(self.forward, x, warmup, repeats)
        self.check_steady()
        return {"reply": "timed", "ms": ms, "cpu_ms": cpu_ms, "sha256": self.to_sr(x, y).sha256()}

    def memory(self, message):
        """Answers `memory`. An unmeasured forward comes first: what libraries build once and keep is no part of it."""
        with self.open(message) as exchange:
            x = self.read(exchange)
        self.forward(x.clone())
        peak, how = memory.peak_bytes(self.forward, x)
        return {"reply": "memory", "peak_bytes": peak, "how": how}

    def record(self, message):
        """Answers `record`: the operations of one forward on the whole input."""
        height, width = fields.count(message, "height"), fields.count(message, "width")
        if height < 1 or width < 1 or height * width >= 2**31:
            raise Failure(REQUEST, f"an input of {height} x {width} makes no image")
        how = fields.text(message, "how", None)
        if how not in (None, "real", "meta"):
            raise fields.wrong("how", "`real` or `meta`", how)
        # Mid-grey: the values do not matter, but zeros could make a network divide by them.
        x = torch.full((1, 3, height, width), self.data_range / 2, device=self.device)
        try:
            # A team's code may keep tensors between forwards: shapes alone are recorded only where they are asked for.
            graph = record(self.submission, x, meta=how == "meta")
        except (Exception, SystemExit) as error:
            raise from_exception(error, RUN, self.submission.root) from error
        return {"reply": "recorded", "graph": graph}

    def check(self, message):
        """Answers `check`: does the network still give what was seen before?"""
        for probe in fields.array(message, "probes"):
            height, width = fields.array(probe, "size")
            means = fields.array(probe, "means")
            if min(height, width) < GRID or len(means) != GRID * GRID:
                raise Failure(REQUEST, f"a probe of {height} x {width} with {len(means)} means")
            at = f"at {height} x {width}"
            try:
                output = self.submission.forward(pattern(height, width, self.data_range).to(self.device))
            except (Exception, SystemExit) as error:
                failure = from_exception(error, OUTPUT, self.submission.root)
                raise Failure(OUTPUT, f"{at}, where it was checked before, it fails: {failure.message}") from error
            if output.dim() != 4 or tuple(output.shape[:2]) != (1, 3):
                raise Failure(OUTPUT, f"{at} it gives {list(output.shape)}, expected an RGB image")
            for block, (found, recorded) in enumerate(zip(block_means(output.float(), self.data_range), means)):
                if not abs(found - recorded) <= TOLERANCE:
                    raise Failure(
                        OUTPUT,
                        f"{at} it differs from what was checked before: block {block} has the mean {found:.3f}, "
                        f"recorded is {recorded:.3f} (of 255)",
                    )
        return {"reply": "checked"}

    def check_steady(self):
        """Refuses a forward that writes what the next one could read."""
        remark = self.steady.check()
        if remark and remark not in self.submission.notes:
            self.submission.notes.append(remark)

    def open(self, message):
        """The slot, checked."""
        exchange = Exchange(fields.table(message, "slot"), self.scale)
        if self.tile:
            side = min(exchange.height, exchange.width, self.tile["size"])
            if side <= self.tile["overlap"]:
                exchange.close()
                raise Failure(
                    REQUEST,
                    f"an image of {exchange.height} x {exchange.width} is no larger than the tiles' overlap of "
                    f"{self.tile['overlap']}",
                )
        return exchange

    def read(self, exchange):
        """The slot's LR image on the device."""
        return to_input(exchange.read_lr(), exchange.height, exchange.width, self.data_range, self.device)

    def forward(self, x):
        """The network on a whole image, by tiles where the request or the team's code wants them."""
        try:
            return self.submission.forward(x) if self.tile is None else self.forward_tiled(x)
        except (Exception, SystemExit) as error:
            raise from_exception(error, RUN, self.submission.root) from error

    def forward_tiled(self, x):
        # As NTIRE's challenge does it: square tiles no larger than the image's shorter side, the last ones of a row and
        # a column moved inwards, each pixel the mean over the tiles that cover it.
        _, channels, height, width = x.shape
        side, scale = min(height, width, self.tile["size"]), self.scale
        step = side - self.tile["overlap"]
        total = torch.zeros(1, channels, height * scale, width * scale, dtype=x.dtype, device=x.device)
        count = torch.zeros_like(total)
        for top in [*range(0, height - side, step), height - side]:
            for left in [*range(0, width - side, step), width - side]:
                y = self.submission.forward(x[..., top : top + side, left : left + side])
                rows = slice(top * scale, (top + side) * scale)
                columns = slice(left * scale, (left + side) * scale)
                here = total[..., rows, columns]
                if y.shape != here.shape:
                    raise Failure(OUTPUT, f"a tile's output is {list(y.shape)}, expected {list(here.shape)}")
                here.add_(y)
                count[..., rows, columns].add_(1)
        return total / count

    def to_sr(self, x, y):
        """Checks an output's shape against its input's, and makes an image of it."""
        expected = [1, 3, x.shape[2] * self.scale, x.shape[3] * self.scale]
        if type(y) not in (torch.Tensor, torch.nn.Parameter):
            raise Failure(OUTPUT, f"the network's output is a {type(y).__name__}, expected a plain tensor")
        if list(y.shape) != expected:
            raise Failure(OUTPUT, f"the network's output is {list(y.shape)}, expected {expected}")
        if y.dtype not in FLOATS:
            raise Failure(OUTPUT, f"the network's output is {y.dtype}, expected floats")
        return Sr(y, self.data_range)


def parse_device(name):
    if name == "cpu":
        return torch.device("cpu")
    kind, _, index = name.partition(":")
    if kind != "cuda" or not (index.isdigit() or name == "cuda"):
        raise Failure(REQUEST, f"device `{name}`: expected `cpu` or `cuda:N`")
    device = torch.device("cuda", int(index or 0))
    if not torch.cuda.is_available() or device.index >= torch.cuda.device_count():
        raise Failure(REQUEST, f"device `{name}` is not available: {hello.cuda_state()}")
    return device


def parse_tile(tile):
    if tile is None:
        return None
    size, overlap = fields.count(tile, "size"), fields.count(tile, "overlap")
    if overlap >= size:
        raise Failure(REQUEST, f"tile {size}: expected more than its overlap {overlap}")
    return {"size": size, "overlap": overlap}


def agreed(what, wanted, found):
    """What the request says, or the team's code where the request says nothing; both must not differ."""
    if wanted is not None and found is not None and wanted != found:
        raise Failure(LOAD, f"{what}: the submission says {wanted}, the team's code says {found}")
    return found if wanted is None else wanted
