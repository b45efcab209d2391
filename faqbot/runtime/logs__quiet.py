"""A logger for Bolt and the SDK that never writes what people said."""

from __future__ import annotations

import logging
from typing import Final

_BODIES: Final = (
    "Invalid request signature",
    "Received message",
    "Received the following response",
    "Sending a request",
    "Unhandled request",
    "Unsuccessful Bolt execution",
    "`token` will be unused",
)


class NoBodies(logging.Filter):
    """Drops debugging records, and those that hold a payload."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may be written."""
        if record.levelno < logging.INFO:
            return False
        if record.exc_info and record.exc_info[1] is not None:
            # The SDK shows where it was whenever a connection breaks: one line says as much.
            record.msg = f"{record.msg} ({type(record.exc_info[1]).__name__})"
            record.exc_info = record.exc_text = None
        message = str(record.msg)
        return not any(body in message for body in _BODIES)


def bolt_logger() -> logging.Logger:
    """The base logger for Bolt and the SDK; its filter holds for all that Bolt derives from it."""
    logger = logging.getLogger("faqbot.slack.bolt")
    if not any(isinstance(one, NoBodies) for one in logger.filters):
        logger.addFilter(NoBodies())
    # At DEBUG, Bolt and the SDK format every payload; at INFO they tell of each session by number.
    logger.setLevel(max(logging.WARNING, logging.getLogger().level))
    return logger
