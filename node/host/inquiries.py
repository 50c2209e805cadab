"""Questions to the head with the pending documents on top: asked on the thread of the rules, in slices.

Blocks and documents have their turn between two slices, however long a question is; `node/pool/admission.py`
says what becomes of one that is overtaken by them.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from node.host.surroundings import Surroundings
from node.pool.admission import Admission, Inquiry, Question
from node.storage.errors import StorageError

T = TypeVar("T")


class _Raised(NamedTuple):
    """What a question ended with in place of an answer."""

    error: Exception
    """As raised."""


class Inquiries:
    """Asks. Used on the event loop."""

    def __init__(self, surroundings: Surroundings, admission: Admission) -> None:
        """Join the parts.

        Args:
            surroundings: Time and threads.
            admission: What is asked; used on the writer thread alone.
        """
        self._writer = surroundings.writer
        self._wall = surroundings.wall
        self._admission = admission

    def ask(
        self,
        question: Question[T],
        answer: Callable[[T], None],
        failed: Callable[[Exception], None],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Ask something.

        Args:
            question: Yields where it may pause; begun anew when the state has changed meanwhile.
            answer: Told the result, which is never None, on the event loop.
            failed: Told instead what the question raised: what a client's file trips over ends its request,
                not the node. A disk that fails ends the node, as ever.
            is_wanted: Asked between two slices: when it is false, the rest is left undone, and nobody told.
        """
        inquiry = Inquiry(question)

        def step() -> T | _Raised | None:
            try:
                return self._admission.proceed(inquiry, self._wall.now_ms())
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                return _Raised(error)

        def then(result: T | _Raised | None) -> None:
            match result:
                case None:
                    if is_wanted():
                        self._writer.submit(step, then)
                case _Raised():
                    failed(result.error)
                case _:
                    answer(result)

        self._writer.submit(step, then)
