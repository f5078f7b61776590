"""What is no HTTP, or hardly: the server refuses it before any handler sees it.

On the log it is one line without its bytes, for they may be secret.
"""

import logging

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

log = logging.getLogger("http")


class Malformed(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)):
            return True
        log.info("refused what is no HTTP, from %s", *(record.args if isinstance(record.args, tuple) else ()))
        return False


def quiet() -> None:
    """Each client's mistake would be an error with its trace otherwise."""
    if not any(isinstance(one, Malformed) for one in server_logger.filters):
        server_logger.addFilter(Malformed())


async def expect(request: web.Request) -> None:
    """Only `100-continue` is known; any other expectation may be ignored (RFC 9110 §10.1.1). aiohttp's own fails over what is no text."""
    if request.version >= HttpVersion11 and request.headers["Expect"].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
