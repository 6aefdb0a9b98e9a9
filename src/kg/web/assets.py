"""The files of our own that pages load besides their scripts: sheets, drawings.

Pages name the content in the address (``?v=…``), so that browsers keep a file for good and ask at once for another.
"""

from functools import cache
from hashlib import sha256
from os import PathLike, stat_result
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_SHORT = 8


@cache
def versioned(name: str) -> str:
    """The name of a file with the hash of its content, as pages link it.

    Raises:
        FileNotFoundError: there is none of this name.
    """
    return f"{name}?v={sha256((FOLDER / name).read_bytes()).hexdigest()[:_SHORT]}"


class Assets(StaticFiles):
    """The folder, mounted as an ASGI application."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    def file_response(
        self, full_path: "str | PathLike[str]", stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, to be kept for good where the address names its content, else to be asked for again each time."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        name = str(Path(full_path).resolve().relative_to(FOLDER))
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        response.headers["cache-control"] = _FOR_GOOD if versioned(name) == f"{name}?v={asked}" else _ASK_AGAIN
        return response
