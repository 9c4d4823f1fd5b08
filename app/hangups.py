"""A browser that goes away in the middle of a request is no error of the program.

Without this, closing a tab while a picture is being sent, or asking for a conversation that the
server no longer has, prints a trace to the terminal.
"""

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send


class Hangups:
    """ASGI middleware: what can no longer be answered ends without a word."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection. Every other exception is raised on."""
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            pass  # in the middle of an upload; there is nobody to answer
        except RuntimeError as error:
            # gradio refuses an unknown conversation after its stream has begun: the page has read
            # why in the stream itself, and starlette cannot send the status any more
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})


# what the server that gradio starts is given (fastapi.FastAPI's arguments)
SERVER = {"middleware": [Middleware(Hangups)]}
