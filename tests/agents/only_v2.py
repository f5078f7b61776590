"""A real agent that refuses version 1 of ACP: `python only_v2.py COMMAND ARG…` passes everything else on as it is."""

import subprocess
import sys
import threading

import orjson


def refusal(line: bytes) -> bytes | None:
    """What version 1 is answered."""
    message = orjson.loads(line)
    if message.get("method") != "initialize" or message["params"]["protocolVersion"] != 1:
        return None
    error = {"code": -32602, "message": "This agent speaks version 2 alone"}
    return orjson.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}) + b"\n"


def main() -> None:
    agent = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
    assert agent.stdin
    threading.Thread(target=lambda: sys.exit(agent.wait()), daemon=True).start()
    for line in sys.stdin.buffer:
        if refused := refusal(line):
            sys.stdout.buffer.write(refused)
            sys.stdout.buffer.flush()
        else:
            agent.stdin.write(line)
            agent.stdin.flush()
    agent.stdin.close()
    agent.wait()


if __name__ == "__main__":
    main()
