"""The wires, in and out. A door shapes its input into a call and renders the answer; it decides nothing."""
