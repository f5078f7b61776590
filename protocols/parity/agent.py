"""A coding agent that says again what it is told. Run as a program, it speaks ACP over standard input and output.

It stands for the agents in the sessions that `trivium parity` starts on a hub of its own, so that nothing has to be installed for that.
"""

import json
import sys
from typing import Any


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """None: there is no such method."""
    match method:
        case "initialize":
            return {"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []}
        case "session/new":
            return {"sessionId": "parity"}
        case "session/prompt":
            text = "".join(str(block.get("text", "")) for block in params.get("prompt", []))
            call = {"toolCallId": "1", "title": "Read README.md", "kind": "read", "status": "completed", "rawInput": {"path": "README.md"}}
            _update({"sessionUpdate": "tool_call", **call})
            _update({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}})
            return {"stopReason": "end_turn"}
    return None


def _update(update: dict[str, Any]) -> None:
    _send({"method": "session/update", "params": {"sessionId": "parity", "update": update}})


def _send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request and "method" in request:
            result = answer(request["method"], request.get("params") or {})
            error = {"error": {"code": -32601, "message": "There is no such method."}}
            _send({"id": request["id"], **(error if result is None else {"result": result})})


if __name__ == "__main__":
    main()
