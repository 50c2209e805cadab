"""A restart compares what the log brought back with what the signer's record says: pure.

The log may have lost its end (a torn tail, or damage that looks like one); the record never has. Where the
record is ahead it leads, and nothing that it holds is signed anew.
"""

from consensus.effects import BuildValue, Effect, Sign
from consensus.engine import Engine
from consensus.values import Step


def has_forgotten(engine: Engine, last: Sign | None) -> bool:
    """Tell whether the newest signature on record is of a step that a replayed engine has still to come to.

    An engine that votes is past its vote. One that proposes is in its step before and after: it has still to
    come there when it asks for a value, or for a signature on another one than the record holds.

    Args:
        engine: After its replay.
        last: The newest step on record.
    """
    if last is None or last.height != engine.height:
        return False
    there, here = (last.round, last.step), (engine.round, engine.step)
    if there == here and last.step is Step.PROPOSE:
        return any(_proposes_anew(effect, last) for effect in engine.outstanding)
    return there > here


def _proposes_anew(effect: Effect, last: Sign) -> bool:
    match effect:
        case BuildValue(round=round_):
            return round_ == last.round
        case Sign(round=last.round, step=Step.PROPOSE, block_id=block_id):
            return block_id != last.block_id
        case _:
            return False


def is_past(effect: Effect, last: Sign | None) -> bool:
    """Tell whether an effect asks for a signature older than the newest on record.

    The record keeps one round. What was signed in the rounds before may have gone out or not; it is not said
    again, and must not be signed anew.
    """
    if last is None or not isinstance(effect, Sign):
        return False
    return (effect.height, effect.round, effect.step) < (last.height, last.round, last.step)
