"""The two ways in which a conversation between nodes can go wrong."""


class RemoteProtocolError(ValueError):
    """A peer sent what no correct node of this protocol sends; the message says what was expected."""


class LocalProtocolError(RuntimeError):
    """This node asked for something that the protocol cannot do: a bug of ours, never of a peer."""


class MessageTooLong(LocalProtocolError):
    """A message of this node is longer than its kind may be."""
