"""What is said when law and model disagree."""


class Divergence(AssertionError):
    """Law and model disagree, or an invariant is broken."""


def require(condition: bool, what: str, *, law: object, model: object) -> None:
    """Raise a divergence that says what differs."""
    if not condition:
        raise Divergence(f"{what}: the law says {law!r}, the model {model!r}")
