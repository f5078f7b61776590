"""What makes an agent elsewhere one of the hub's own."""

from tests.protocols.requirements import Requirement

ROWS = (
    Requirement("done there", "hub", "a task that is given to it is done there, and what comes out of it is here"),
    Requirement("questions", "1.0 §3.2.2", "its questions are asked here and the answers sent there"),
    Requirement("endings", "1.0 §4.1.3", "how it ends there is how it ends here"),
    Requirement("cancel", "1.0 §3.1.5", "what is cancelled here is cancelled there, also after a restart"),
    Requirement("message answer", "1.0 §3.1.1", "an answer without a task is the result"),
    Requirement("further messages", "1.0 §3.4.3", "what is said while it works reaches it"),
    Requirement("contexts", "1.0 §3.4.1", "tasks of one context here are of one context there"),
    Requirement("objective", "hub", "a task without a message is told by its objective"),
    Requirement("broken stream", "1.0 §3.1.6", "a stream that breaks is taken up again; nothing is lost or told twice"),
    Requirement("away", "hub", "an agent that goes away is waited for as long as its registration says, and its circuit is open then"),
    Requirement("restart", "hub", "a hub that was restarted goes on where it was"),
    Requirement("again", "hub", "a task that is given again after it failed is another one there"),
    Requirement("card read", "1.0 §8.2", "an agent is registered by the URL of its card and called as that says"),
    Requirement("interfaces", "1.0 §8.3", "interfaces are taken by version and binding; what is not spoken is left out"),
    Requirement("card cache", "1.0 §8.6", "a card is read again only when it may have changed"),
    Requirement("lies", "hub", "what a card says that is not so is found out, and the next interface taken"),
    Requirement(
        "signed",
        "1.0 §8.4",
        "a signature that is there must hold, by a key of a registered origin; what it does not cover does not count",
    ),
    Requirement("credentials", "1.0 §7", "secrets reach the agent and nobody else; refused ones are told"),
    Requirement("reach", "hub", "private addresses are called only where that is allowed"),
    Requirement("sdk agent", "1.0", "an agent made with the official SDK works for the hub, in 1.0 and 0.3"),
)
