"""Folders for decoders that read files; they are gone when the process ends."""

import functools
import tempfile
from pathlib import Path


@functools.cache
def _root() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="packtrail-fuzz-")


def fresh_folder(name: str) -> Path:
    """Return a new, empty folder whose name begins with `name`."""
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_root().name))
