"""The exchange file: LR bytes in, SR bytes out.

It is read and written by position, not mapped: a file that shrank under a mapping would kill the process, under a read
it is an error with a name.
"""

import os

from .. import fields
from ..failure import OUTPUT, REQUEST, Failure


class Exchange:
    """An open slot whose two ranges lie within the file and apart."""

    def __init__(self, slot, scale):
        self.path = fields.text(slot, "file")
        self.height, self.width = fields.count(slot, "height"), fields.count(slot, "width")
        self.lr_offset, self.sr_offset = fields.count(slot, "lr_offset"), fields.count(slot, "sr_offset")
        self.lr_len = self.height * self.width * 3
        self.sr_len = self.lr_len * scale * scale
        if self.lr_len == 0 or self.sr_len >= 2**63:
            raise self.refuse(f"{self.height} x {self.width} pixels make no image")
        try:
            self.descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise self.refuse(error.strerror) from error
        try:
            self.check()
        except Failure:
            self.close()
            raise

    def check(self):
        size = os.fstat(self.descriptor).st_size
        for what, offset, length in (("LR", self.lr_offset, self.lr_len), ("SR", self.sr_offset, self.sr_len)):
            if offset + length > size:
                raise self.refuse(f"{what} needs bytes {offset} to {offset + length}, the file has {size}")
        if self.lr_offset < self.sr_offset + self.sr_len and self.sr_offset < self.lr_offset + self.lr_len:
            raise self.refuse("LR and SR overlap")

    def refuse(self, reason):
        return Failure(REQUEST, f"exchange file {self.path}: {reason}")

    def read_lr(self):
        """The LR image: RGB, rows first."""
        data = bytearray(self.lr_len)
        done = 0
        while done < self.lr_len:
            part = os.pread(self.descriptor, self.lr_len - done, self.lr_offset + done)
            if not part:
                raise self.refuse("it ends within the LR image")
            data[done : done + len(part)] = part
            done += len(part)
        return data

    def write_sr(self, data):
        """Puts the SR image into its place."""
        if len(data) != self.sr_len:
            raise Failure(OUTPUT, f"{len(data)} SR bytes, expected {self.sr_len}")
        view, done = memoryview(data), 0
        try:
            while done < len(view):
                done += os.pwrite(self.descriptor, view[done:], self.sr_offset + done)
        except OSError as error:
            raise self.refuse(error.strerror) from error

    def close(self):
        os.close(self.descriptor)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
