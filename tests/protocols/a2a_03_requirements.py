"""What A2A 0.3 promises its clients, and what the hub promises them beside it."""

from tests.protocols.requirements import Requirement

ROWS = (
    Requirement("send", "0.3 §7.1", "message/send answers a Task with its kind, states and roles in lower case, typed parts"),
    Requirement("send at once", "0.3 §7.1.1", "blocking: false answers the task as it is"),
    Requirement("stream", "0.3 §7.2", "message/stream tells the Task, then updates; `final` stands on the last one"),
    Requirement("stream error", "0.3 §7.2", "what goes wrong with a stream is told in the stream"),
    Requirement("get", "0.3 §7.3", "tasks/get answers the last messages of the history, and all of them for 0"),
    Requirement("cancel", "0.3 §7.4", "tasks/cancel ends a task that has not ended, once"),
    Requirement("push", "0.3 §7.5–7.8", "push configurations are set, read, listed and deleted by the task's id and their own"),
    Requirement("push first", "0.3 §7.6", "without an id of its own, the task's first push configuration is read"),
    Requirement("resubscribe", "0.3 §7.9", "tasks/resubscribe goes on with what happens, and is final at the end alone"),
    Requirement("extended card", "0.3 §7.10", "the authenticated extended card is a card of 0.3"),
    Requirement("error codes", "0.3 §8", "errors have the codes of 0.3; those that it does not know are internal errors"),
    Requirement("parameters", "0.3 §8.1", "what is malformed is named, and nothing is kept"),
    Requirement("version", "1.0 §3.6", "without A2A-Version or with 0.3.x a request is 0.3; its methods in 1.0 are refused"),
    Requirement("extensions header", "0.3 §9.1", "X-A2A-Extensions is read"),
    Requirement("rest", "0.3 §3.2.3", "the same operations under /v1, in the ProtoJSON of 0.3"),
    Requirement("rest errors", "0.3 §8", "over REST an error has its HTTP status, its code and its name"),
    Requirement("rest paths", "0.3 §3.5.3", "a path that is not there is 404, a method that it does not take is 405"),
    Requirement("card", "0.3 §5.5", "the union card names the 0.3 address; without 0.3 there is neither field nor door"),
    Requirement("same task", "hub", "a task of 0.3 is read over 1.0, and the other way round"),
)
