"""What `packtrail verify chain` says of a home whose ledger is not what it must be."""


class ChainFault(Exception):
    """The first fault found.

    Attributes:
        height: Height whose block wrote what is wrong; None when a file is.
        where: The row or file.
        reason: What is wrong with it.
    """

    def __init__(self, height: int | None, where: str, reason: str) -> None:
        """Say where and what."""
        place = f"file {where}" if height is None else f"height {height}, {where}"
        super().__init__(f"{place}: {reason}")
        self.height = height
        self.where = where
        self.reason = reason
