"""A neighbour that test_demo.py imports. Like plotting libraries, it wants a folder for temporary files."""

import tempfile

tempfile.TemporaryFile().close()
