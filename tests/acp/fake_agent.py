"""A fake coding agent that speaks ACP 1 over its standard input and output, and does what its prompts say; see SCRIPTS.

It is a program of its own: `python fake_agent.py [--state FILE] [--can load,resume,fork,steer] [--odd WAY]`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

Message = dict[str, Any]


class Cancelled(Exception):
    pass


class Agent:
    def __init__(self, state: str, can: list[str], odd: str) -> None:
        self.state, self.can, self.odd = Path(state) if state else None, can, odd
        self.sessions: dict[str, list[str]] = json.loads(self.state.read_text()) if self.state and self.state.exists() else {}
        self.session_id, self.asked, self.cwd = "", 0, "."
        self.options: dict[str, str] = {"model": "small"}

    # The wire.

    def send(self, message: Message) -> None:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()

    def update(self, **update: Any) -> None:
        self.send({"method": "session/update", "params": {"sessionId": self.session_id, "update": update}})

    def say(self, text: str, **more: Any) -> None:
        self.update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": text}, **more)

    def read(self) -> Message:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        message: Message = json.loads(line)
        return message

    def ask(self, method: str, **params: Any) -> Any:
        """Ids begin at 0, as some agents' do."""
        id_, self.asked = self.asked, self.asked + 1
        self.send({"id": id_, "method": method, "params": {"sessionId": self.session_id, **params}})
        while True:
            message = self.read()
            if message.get("id") == id_ and "method" not in message:
                return message.get("result", message.get("error"))
            self.meanwhile(message)

    def meanwhile(self, message: Message) -> None:
        """What comes in the middle of a turn."""
        match message.get("method"):
            case "session/cancel":
                raise Cancelled
            case "_session/steering":
                self.say(f"steered: {message['params']['prompt'][0]['text']}")
                self.send({"id": message["id"], "result": {"outcome": "injected"}})
            case "session/set_mode":
                self.send({"id": message["id"], "result": {}})

    def wait(self) -> None:
        while True:
            self.meanwhile(self.read())

    # The methods.

    def serve(self) -> None:
        if self.odd == "deaf":
            time.sleep(3_600)
        if self.odd == "chatty":
            sys.stdout.buffer.write(b"Welcome to the agent!\n\xff\xfe not text\n{half\n[1]\n")
            sys.stdout.buffer.flush()
        while True:
            message = self.read()
            method, id_ = message.get("method"), message.get("id")
            if id_ is None:
                continue
            if self.odd == "draft" and method == "session/prompt":
                self.turn(id_, message["params"])
                continue
            try:
                result = self.answer(str(method), message.get("params", {}))
                self.send({"id": id_, "result": result} if result is not None else {"id": id_, "error": {"code": -32601, "message": "no"}})
                if self.odd == "twice":
                    self.send({"id": id_, "result": {"stopReason": "refusal"}})
            except PermissionError as error:
                self.send({"id": id_, "error": {"code": -32000, "message": str(error)}})

    def turn(self, id_: Any, params: Message) -> None:
        """As in ACP 2: the prompt is answered at once, and over when the agent says that it is idle."""
        self.update(sessionUpdate="state_update", state="idle")  # how it stood before
        self.send({"id": id_, "result": {"messageId": "u"}})
        self.update(sessionUpdate="state_update", state="running")
        self.update(sessionUpdate="state_update", state="idle", **self.prompt(params))

    def answer(self, method: str, params: Message) -> Message | None:
        match method:
            case "initialize" if self.odd == "draft":
                if params["protocolVersion"] == 1:
                    return None
                draft: Message = {"session": {"prompt": {"image": {}}, "mcp": {"http": {}}}}
                return {"protocolVersion": 2, "info": {"name": "fake-agent", "version": "2.0"}, "capabilities": draft}
            case "initialize":
                marks: Message = {name: {} for name in ("resume", "fork", "close", "list") if name in self.can}
                able = {"loadSession": "load" in self.can, "sessionCapabilities": marks, "mcpCapabilities": {"http": True}}
                meta = {"_meta": {"steering": {"supported": True}}} if "steer" in self.can else {}
                ways = [{"id": "browser", "name": "Sign in with a browser"}] if self.odd == "locked" else []
                info = {"name": "fake-agent", "version": "1.0"}
                return {"protocolVersion": 1, "agentCapabilities": able, "agentInfo": info, "authMethods": ways, **meta}
            case "session/new" | "session/fork":
                if self.odd == "locked":
                    raise PermissionError("Authentication required")
                said = self.sessions.get(params.get("sessionId", ""), [])
                return self.open(f"s{len(self.sessions) + 1}", [*said], params)
            case "session/load" | "session/resume":
                if params["sessionId"] not in self.sessions:
                    return None
                self.open(params["sessionId"], self.sessions[params["sessionId"]], params)
                for text in self.sessions[self.session_id] if method == "session/load" else ():
                    self.update(sessionUpdate="user_message_chunk", content={"type": "text", "text": text})
                    self.say(f"replayed: {text}")
                return {"modes": MODES, "configOptions": self.config()}
            case "session/set_mode":
                return {} if params["modeId"] in ("ask", "free") else None
            case "session/set_config_option":
                self.options[params["configId"]] = params["value"]
                return {"configOptions": self.config()}
            case "session/prompt":
                return self.prompt(params)
        return None

    def open(self, id_: str, said: list[str], params: Message) -> Message:
        self.session_id, self.cwd = id_, params["cwd"]
        self.sessions[id_] = said
        self.keep()
        self.update(sessionUpdate="available_commands_update", availableCommands=[{"name": "cook", "description": "Cook"}])
        return {"sessionId": id_, "modes": MODES, "configOptions": self.config()}

    def config(self) -> list[Message]:
        values = [{"value": "small", "name": "Small"}, {"value": "large", "name": "Large"}]
        return [
            {"id": "model", "category": "model", "type": "select", "name": "M", "currentValue": self.options["model"], "options": values}
        ]

    def keep(self) -> None:
        """Whole, or as it was: it may be ended at any moment."""
        if self.state:
            new = self.state.with_suffix(".new")
            new.write_text(json.dumps(self.sessions))
            new.replace(self.state)

    def prompt(self, params: Message) -> Message:
        text = "\n".join(block["text"] for block in params["prompt"] if block["type"] == "text")
        self.sessions[self.session_id].append(text)
        self.keep()
        word, _, rest = text.splitlines()[-1].partition(" ")
        try:
            SCRIPTS.get(word, Agent.echo)(self, rest if word in SCRIPTS else text)
        except Cancelled:
            return {"stopReason": "cancelled"}
        return {"stopReason": "end_turn", "usage": {"inputTokens": len(text), "outputTokens": 1}}

    # What a prompt's first word makes it do.

    def echo(self, text: str) -> None:
        self.say(f"you said: {text}")

    def title(self, text: str) -> None:
        self.update(sessionUpdate="session_info_update", title=text)

    def chunks(self, number: str) -> None:
        for index in range(int(number)):
            self.say(f"{index} ")

    def burst(self, number: str) -> None:
        """The same chunks in one go: as fast as they can be read."""
        chunk = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "%d "}}
        line = json.dumps({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": self.session_id, "update": chunk}})
        sys.stdout.write("".join(f"{line % index}\n" for index in range(int(number))))
        sys.stdout.flush()

    def drip(self, text: str) -> None:
        """Chunks without an end."""
        for index in count():
            self.say(f"{index} ")
            time.sleep(0.01)

    def flood(self, number: str) -> None:
        """Updates of which each is an entry of its own."""
        for index in range(int(number)):
            self.update(sessionUpdate="_fake_tick", tick=index)

    def think(self, text: str) -> None:
        self.update(sessionUpdate="agent_thought_chunk", content={"type": "text", "text": text})
        self.update(sessionUpdate="plan", entries=[{"content": "Cook", "priority": "high", "status": "pending"}])
        self.say("before")
        self.update(sessionUpdate="tool_call", toolCallId="t", title="Stir", kind="other", status="pending")
        self.update(sessionUpdate="tool_call_update", toolCallId="t", status="completed", rawOutput={"stirred": True})
        self.say("after")
        self.update(sessionUpdate="_fake_news", anything={"goes": [1, None]})
        self.update(sessionUpdate="usage_update", used=10, size=100)

    def draft(self, text: str) -> None:
        """What only ACP 2 has."""
        self.update(sessionUpdate="user_message", messageId="u", content=[{"type": "text", "text": text}])
        self.update(sessionUpdate="agent_thought", messageId="t", content=[{"type": "text", "text": "hm"}])
        self.say("one ", messageId="m")
        self.update(sessionUpdate="agent_message", messageId="m", content=[{"type": "text", "text": "one two"}])
        self.update(sessionUpdate="tool_call_update", toolCallId="t", title="Stir", kind="other", status="in_progress")
        for line in ("a", "b"):
            content = {"type": "content", "content": {"type": "text", "text": line}}
            self.update(sessionUpdate="tool_call_content_chunk", toolCallId="t", content=content)
        self.update(sessionUpdate="tool_call_update", toolCallId="t", status="completed")
        plan = {"type": "items", "planId": "p", "entries": [{"content": "Cook", "priority": "high", "status": "pending"}]}
        self.update(sessionUpdate="plan_update", plan=plan)
        subject = {"type": "command", "command": "npm test", "cwd": self.cwd}
        answer = self.ask("session/request_permission", title="Run the tests", subject=subject, options=OPTIONS)
        self.say(f"answer: {answer['outcome']['optionId']}", messageId="n")

    def permit(self, command: str) -> None:
        self.update(sessionUpdate="tool_call", toolCallId="c", title="Run it", kind="execute", status="pending")
        call = {"toolCallId": "c", "rawInput": {"command": command}}
        answer = self.ask("session/request_permission", toolCall=call, options=OPTIONS)
        self.say(f"answer: {json.dumps(answer['outcome'], sort_keys=True)}")

    def edit(self, path: str) -> None:
        call = {"toolCallId": "unannounced", "title": f"Edit {path}", "kind": "edit", "locations": [{"path": str(Path(self.cwd) / path)}]}
        answer = self.ask("session/request_permission", toolCall=call, options=OPTIONS)
        self.say(f"answer: {json.dumps(answer['outcome'], sort_keys=True)}")

    def write(self, path: str) -> None:
        answer = self.ask("fs/write_text_file", path=str(Path(self.cwd) / path), content="written")
        self.say(f"answer: {json.dumps(answer)}")

    def run(self, command: str) -> None:
        terminal = self.ask("terminal/create", command=command.split()[0], args=command.split()[1:])
        self.ask("terminal/wait_for_exit", terminalId=terminal["terminalId"])
        self.say(self.ask("terminal/output", terminalId=terminal["terminalId"])["output"])
        self.ask("terminal/release", terminalId=terminal["terminalId"])

    def slow(self, text: str) -> None:
        self.say("at it")
        self.wait()

    def stubborn(self, text: str) -> None:
        self.say("at it")
        while True:
            try:
                self.wait()
            except Cancelled:
                self.say("never")

    def die(self, text: str) -> None:
        self.say("about to die")
        sys.stderr.write(f"boom: {text}\n")
        os._exit(3)

    def stray(self, path: str) -> None:
        """Leaves a process in a session of its own behind; its number goes into the file."""
        child = subprocess.Popen(["sleep", "600"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        Path(path).write_text(str(child.pid))
        self.say("left one behind")

    def grow(self, megabytes: str) -> None:
        """Holds so much, and waits."""
        self.held = os.urandom(1_000_000) * int(megabytes)
        self.say("grown")
        self.wait()

    def big(self, size: str) -> None:
        self.say("x" * int(size))

    def misaddressed(self, text: str) -> None:
        update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "for somebody else"}}
        self.send({"method": "session/update", "params": {"sessionId": "another", "update": update}})
        self.send({"method": "session/update", "params": {"sessionId": self.session_id, "update": "nonsense"}})
        self.send({"method": "_fake/unknown", "params": {}})
        self.say(json.dumps(self.ask("craft/unheardOf")["code"]))

    def environment(self, name: str) -> None:
        self.say(repr(os.environ.get(name)))

    def heard(self, text: str) -> None:
        self.say(json.dumps(self.sessions[self.session_id]))


MODES = {"currentModeId": "ask", "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "free", "name": "Free"}]}
OPTIONS = [
    {"optionId": "go", "name": "Allow", "kind": "allow_once"}, {"optionId": "ever", "name": "Always", "kind": "allow_always"},
    {"optionId": "stop", "name": "Reject", "kind": "reject_once"},
]  # fmt: skip
SCRIPTS: dict[str, Callable[[Agent, str], None]] = {
    "echo": Agent.echo, "chunks": Agent.chunks, "burst": Agent.burst, "drip": Agent.drip, "flood": Agent.flood, "think": Agent.think,
    "permit": Agent.permit, "edit": Agent.edit, "write": Agent.write, "run": Agent.run, "slow": Agent.slow, "stubborn": Agent.stubborn,
    "die": Agent.die, "stray": Agent.stray, "big": Agent.big, "misaddressed": Agent.misaddressed, "environment": Agent.environment,
    "heard": Agent.heard, "title": Agent.title, "grow": Agent.grow, "draft": Agent.draft,
}  # fmt: skip

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", default="")
    parser.add_argument("--can", default="")
    parser.add_argument("--odd", default="")
    given = parser.parse_args()
    if given.odd == "broken":
        sys.exit("the agent is broken: no configuration")
    Agent(given.state, given.can.split(","), given.odd).serve()
