"""Tools that ask the client: over the connection as clients before 2026-07-28 expect it, and in rounds as later ones do."""

import json
from collections.abc import Callable

from mcp.shared.message import ServerMessageMetadata
from mcp_types import CallToolRequestParams, CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult

from hub.ports import Json
from protocols.mcp.conformance.fixtures import (
    ROOTS,
    Context,
    Run,
    Tool,
    answered,
    arguments,
    ask,
    elicitation,
    form,
    sampling,
    supports,
    told,
)  # fmt: skip

STRING: Json = {"type": "string"}
OPTIONS: Json = {"type": "string", "enum": ["option1", "option2", "option3"]}
DEFAULTS = form(
    name={"type": "string", "default": "John Doe"},
    age={"type": "integer", "default": 30},
    score={"type": "number", "default": 95.5},
    status={"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    verified={"type": "boolean", "default": True},
) | {"required": []}
"""SEP-1034: a default for each primitive type."""


def _titled(word: str) -> list[Json]:
    return [{"const": f"value{number}", "title": f"{nth} {word}"} for number, nth in enumerate(("First", "Second", "Third"), 1)]


ENUMS = form(
    untitledSingle=OPTIONS,
    titledSingle={"type": "string", "oneOf": _titled("Option")},
    legacyEnum={"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
    untitledMulti={"type": "array", "items": OPTIONS},
    titledMulti={"type": "array", "items": {"anyOf": _titled("Choice")}},
)
"""SEP-1330: the five ways to write down a choice."""


async def _sampling(ctx: Context, params: CallToolRequestParams) -> Json:
    if not supports(ctx, "sampling"):
        return told("The client does not support sampling.", error=True)
    asked = sampling(str((params.arguments or {}).get("prompt", "")), 100)["params"]
    request = CreateMessageRequest(params=CreateMessageRequestParams.model_validate(asked))
    answer = await ctx.session.send_request(request, CreateMessageResult, metadata=ServerMessageMetadata(related_request_id=ctx.request_id))
    return told(f"LLM response: {getattr(answer.content, 'text', '')}")


def _elicits(schema: Json, message: str = "", words: str = "Elicitation completed:") -> Run:
    """Ask for a form to be filled in. Without a message, it is the tool's argument."""

    async def run(ctx: Context, params: CallToolRequestParams) -> Json:
        if not supports(ctx, "elicitation"):
            return told("The client does not support elicitation.", error=True)
        asked = message or str((params.arguments or {}).get("message", ""))
        answer = await ctx.session.elicit_form(asked, schema, ctx.request_id)
        return told(f"{words} action={answer.action}, content={json.dumps(answer.content)}")

    return run


def _asks(requests: dict[str, Json], words: Callable[[dict[str, Json]], str], state: str | None = None) -> Run:
    """Ask until every request has its answer, and the state, where there is one, came back."""

    async def run(ctx: Context, params: CallToolRequestParams) -> Json:
        answers = {key: answer for key in requests if (answer := answered(params, key)) is not None}
        if len(answers) < len(requests) or params.request_state != state:
            return ask(ctx, requests, state)
        return told(words(answers))

    return run


async def _in_rounds(ctx: Context, params: CallToolRequestParams) -> Json:
    """Two questions, one after the other; what was said to the first travels in the state."""
    state: Json = json.loads(params.request_state or "{}")
    if "name" not in state:
        name = answered(params, "step1") if params.request_state else None
        if name is None:
            return ask(ctx, {"step1": elicitation("Step 1: What is your name?", name=STRING)}, json.dumps({"round": 1}))
        state = {"round": 2, "name": name.get("name")}
    elif (color := answered(params, "step2")) is not None:
        return told(f"{state['name']} likes {color.get('color')}.")
    return ask(ctx, {"step2": elicitation("Step 2: What is your favorite color?", color=STRING)}, json.dumps(state))


async def _of_what_it_can(ctx: Context, params: CallToolRequestParams) -> Json:
    """Ask only for what the client declared that it can do."""
    every = {"elicitation": NAME, "sampling": {"greeting": sampling("Generate a greeting", 50)}, "roots": {"client_roots": ROOTS}}
    requests = {key: one for capability, asked in every.items() if supports(ctx, capability) for key, one in asked.items()}
    if not requests or all(answered(params, key) is not None for key in requests):
        return told(f"Asked: {', '.join(requests) or 'nothing'}.")
    return ask(ctx, requests)


async def _streams(ctx: Context, params: CallToolRequestParams) -> Json:
    """Something on the stream, and then the question as the result: a stream has no requests of its own."""
    await ctx.session.report_progress(1, 2)
    return await ONE_NAME(ctx, params)  # type: ignore[return-value]


NAME = {"user_name": elicitation("What is your name?", name=STRING)}
ONE_NAME = _asks(NAME, lambda told: f"Hello, {told['user_name'].get('name')}!")
CAPITAL = {"capital_question": sampling("What is the capital of France?", 100)}
CONFIRM = {"confirm": elicitation("Please confirm", ok={"type": "boolean"})}
EVERYTHING = NAME | {"greeting": sampling("Generate a greeting", 50), "client_roots": ROOTS}

TOOLS = (
    Tool("test_sampling", "Asks the client's model.", _sampling, arguments(prompt=STRING)),
    Tool(
        "test_elicitation", "Asks the person at the client.", _elicits(form(username=STRING, email=STRING), words="User response:"),
        arguments(message=STRING),
    ),
    Tool("test_elicitation_sep1034_defaults", "Asks with defaults.", _elicits(DEFAULTS, "Please fill in")),
    Tool("test_elicitation_sep1330_enums", "Asks for choices of every kind.", _elicits(ENUMS, "Please choose")),
    Tool("test_streaming_elicitation", "Asks at the end of a stream.", _streams),
    Tool("test_input_required_result_elicitation", "Asks for a name.", ONE_NAME),
    Tool("test_input_required_result_sampling", "Asks a model.", _asks(CAPITAL, lambda told: json.dumps(told["capital_question"]))),
    Tool("test_input_required_result_list_roots", "Asks for roots.", _asks({"client_roots": ROOTS}, lambda told: json.dumps(told))),
    Tool("test_input_required_result_request_state", "Has a state.", _asks(CONFIRM, lambda told: "state-ok", "to be confirmed")),
    Tool("test_input_required_result_multiple_inputs", "Asks for three things.", _asks(EVERYTHING, json.dumps, "three at once")),
    Tool("test_input_required_result_multi_round", "Asks twice.", _in_rounds),
    Tool("test_input_required_result_tampered_state", "Has a state to tamper with.", _asks(CONFIRM, lambda told: "intact", "intact")),
    Tool("test_input_required_result_capabilities", "Asks for what the client can do.", _of_what_it_can),
)  # fmt: skip
