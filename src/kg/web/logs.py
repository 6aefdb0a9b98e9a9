"""The log on standard error: a line for each event, as text or as JSON, whatever anybody sends.

What comes from outside cannot end a line, hide in one or fill the disk: characters that do not print are
written as escapes, and long values are cut.
"""

import json
import logging
import logging.config
import re
import sys
import time
from functools import lru_cache
from typing import Any

from kg import trace
from kg.settings import Settings

_LONGEST, _LONGEST_VALUE, _LONGEST_TRACEBACK = 4_000, 500, 20_000
_PLAIN = re.compile(r"[A-Za-z0-9\-._~/:{}%+@,*]+")
_TOLD_BY_US = (
    "ASGI callable returned without completing response.",
    "Invalid HTTP request received.",
    "Cancel %s running task(s), timeout graceful shutdown exceeded",
)
"""Messages of uvicorn for which the project has a line of its own, or which need no alarm."""


def configure(settings: Settings) -> None:
    """Send everything that is logged in this process to standard error, as the settings say.

    Where in the code a line comes from, and in which thread, is not looked up: no line says so.
    """
    logging._srcfile = None  # the way that Python's logging HOWTO names
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    formatter = Json if settings.log_format == "json" else Text
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter}},
            "filters": {"known": {"()": Known}},
            "handlers": {
                "error": {
                    "class": "logging.StreamHandler",
                    "stream": sys.stderr,
                    "formatter": "line",
                    "filters": ["known"],
                }
            },
            "root": {"handlers": ["error"], "level": settings.log_level.upper()},
            "loggers": {
                "uvicorn": {"level": "WARNING"},
                "asyncio": {"level": "WARNING"},
                "httpx2": {"level": "WARNING"},
            },
        }
    )


class Known(logging.Filter):
    """Drops what the project tells in words of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.name == "uvicorn.error" and record.msg in _TOLD_BY_US)


def shown(text: str, most: int = _LONGEST_VALUE) -> str:
    """A text in one line, not longer than ``most`` characters and a mark: ``a\\nb`` → ``a\\\\nb``."""
    cut = text if len(text) <= most else text[:most] + "…"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says: the fields of an event, or the message; and the request that it belongs to."""
    told: dict[str, Any] = dict(getattr(record, "fields", None) or {"message": shown(record.getMessage(), _LONGEST)})
    known = trace.current()
    if known is not None:
        told.setdefault("request", known.id)
    return {
        name: shown(value) if isinstance(value, str) and name != "message" else value for name, value in told.items()
    }


def _moment(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(maxsize=1)
def _second(moment: int) -> str:
    """Many lines share one."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))


class Json(logging.Formatter):
    """One JSON object in one line; a traceback is a member of it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"time": _moment(record), "level": record.levelname.lower(), "logger": record.name, **fields(record)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)[-_LONGEST_TRACEBACK:]
        return json.dumps(line, default=str)


class Text(logging.Formatter):
    """Words for people: ``name=value`` where there are fields; the lines of a traceback are set in."""

    def format(self, record: logging.LogRecord) -> str:
        told = fields(record)
        message = [str(told.pop("message"))] if "message" in told else []
        pairs = [f"{name}={_quoted(value)}" for name, value in told.items()]
        line = " ".join([_moment(record), record.levelname, record.name, *message, *pairs])
        if record.exc_info:
            lines = self.formatException(record.exc_info)[-_LONGEST_TRACEBACK:].splitlines()
            line = "\n".join([line, *("    " + shown(one, _LONGEST) for one in lines)])
        return line


def _quoted(value: object) -> str:
    """A value without spaces and signs as it stands, any other in quotation marks."""
    text = f"{value:.6f}" if isinstance(value, float) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
