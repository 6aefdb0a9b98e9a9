"""Scratch folders that do not outlive their owner: what a killed process leaves behind, the next one clears away."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = "armature-"
_OWNER = ".owner"
_YOUNG = 60.0
"""Seconds in which a folder may not have its owner's lock yet."""


class Scratch:
    """A folder for one purpose in the system's place for temporary files, held by a lock while its owner lives."""

    def __init__(self, purpose: str) -> None:
        _sweep(purpose)
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{purpose}-"))
        self._lock = (self.path / _OWNER).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Remove the folder. Closing twice does no harm."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _sweep(purpose: str) -> None:
    """Remove the folders of owners that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}{purpose}-*"):
        if _left_behind(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _left_behind(folder: Path) -> bool:
    try:
        about = folder.lstat()
        if about.st_uid != os.getuid() or about.st_mtime > time.time() - _YOUNG:
            return False
        with (folder / _OWNER).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return folder.is_dir()
    except OSError:
        return False
    return True
