"""What A2A says of push notifications, and what the hub promises beside it."""

from tests.protocols.requirements import Requirement

ROWS = (
    Requirement("order", "1.0 §4.3.3", "what happens to a task is sent in the log's order, as StreamResponses"),
    Requirement("with the message", "1.0 §3.2.2", "a configuration that comes with the message is told from the task's beginning on"),
    Requirement("authentication", "1.0 §13.2", "the receiver is shown the scheme and credentials that were configured, and its token"),
    Requirement("whole task", "hub", "what changed before a configuration was made is told as the whole task first"),
    Requirement("0.3", "0.3 §9.5", "a receiver of 0.3 is told the whole task"),
    Requirement("retries", "1.0 §13.2", "what fails is sent again with longer and longer waits, and nothing overtakes it"),
    Requirement("disabled", "hub", "after so many failures in a row a configuration is disabled, with the reason, and can be resumed"),
    Requirement("never delays", "1.0 §4.3.3", "a slow receiver holds up neither the task nor the others"),
    Requirement("time-out", "1.0 §13.2", "a receiver that does not answer in time has failed"),
    Requirement("deleted", "1.0 §3.1.10", "nothing is sent once the configuration or its task is deleted"),
    Requirement("tenants", "1.0 §13.1", "tenants are told of their own tasks"),
    Requirement("private addresses", "1.0 §13.2", "private addresses are not called unless that is allowed, whatever their names say"),
    Requirement("secrets", "hub", "secrets that cannot be opened are a failure that says so"),
    Requirement("durable", "hub", "what was due when a node went is sent by the next"),
    Requirement("one node", "hub", "of several nodes one delivers, under a lease with a fencing number"),
)
