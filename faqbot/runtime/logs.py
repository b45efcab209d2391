"""Logging: one line for each event, as text or JSON, without secrets or payloads."""

from __future__ import annotations

import contextlib
import logging
import secrets
import sys
import traceback
from typing import Final, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from faqbot.settings.sources import mask_value


class _SafeStreamHandler(logging.StreamHandler[TextIO]):
    """Stream handler that reports write errors without the record's content."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        kind = type(sys.exc_info()[1]).__name__
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(f"a line of {record.name} could not be written: {kind}\n")


def _mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: mask_value(value, key) for key, value in event.items()}


def configure_logging(level: str, log_format: str, stream: TextIO | None = None) -> None:
    """Set up logging for the whole process.

    Args:
        level: the lowest level that is written.
        log_format: "text" or "json".
        stream: where to write; standard error if None.
    """
    target = stream or sys.stderr
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
    ]
    after: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        # After the traceback has become text: that may contain a token as well.
        _mask_secrets,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _renderer(log_format, target),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=after)
    handler = _SafeStreamHandler(target)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    # Replaced, not added: a second call would otherwise write each line twice.
    root.handlers = [handler]
    # At INFO and DEBUG, database drivers log statements with what people asked.
    root.setLevel(logging.WARNING)
    logging.getLogger("faqbot").setLevel(level.upper())
    # Warnings of the MCP SDK are about requests that strangers may send, any number of them.
    logging.getLogger("mcp").setLevel(logging.ERROR)


def _renderer(log_format: str, target: TextIO) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=target.isatty(), pad_event_to=0)


# Bolt and slack_sdk put bodies and tokens into these messages, some of them at WARNING
# (https://github.com/slackapi/bolt-python/pull/323), and have no setting that leaves them out.
_PAYLOAD_MESSAGES: Final = (
    "Invalid request signature",
    "Received message",
    "Received the following response",
    "Sending a request",
    "Unhandled request",
    "Unsuccessful Bolt execution",
    "`token` will be unused",
)


def log_error(logger: logging.Logger, error: BaseException) -> str:
    """Log an unexpected error by its type and place, without its message. Returns its reference.

    A message may quote what somebody wrote.
    """
    reference = secrets.token_hex(4)
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("reference %s: %s\n%s", reference, type(error).__name__, where)
    return reference


class PayloadFilter(logging.Filter):
    """Drops records below INFO and those that contain a payload."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may be written."""
        if record.levelno < logging.INFO:
            return False
        if record.exc_info and record.exc_info[1] is not None:
            # The SDK logs a traceback whenever a connection breaks; its type says as much.
            record.msg = f"{record.msg} ({type(record.exc_info[1]).__name__})"
            record.exc_info = record.exc_text = None
        message = str(record.msg)
        return not any(part in message for part in _PAYLOAD_MESSAGES)


def bolt_logger() -> logging.Logger:
    """Return the logger for Bolt and the SDK, whose filter Bolt copies to its own loggers."""
    logger = logging.getLogger("faqbot.slack.bolt")
    if not any(isinstance(each, PayloadFilter) for each in logger.filters):
        logger.addFilter(PayloadFilter())
    # At DEBUG, Bolt and the SDK format every payload, also those that the filter drops.
    logger.setLevel(max(logging.WARNING, logging.getLogger().level))
    return logger
