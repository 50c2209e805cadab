"""The event loop that a node runs on: uvloop's where it is installed, else Python's own.

uvloop does in C what a node does most at low load: wake up, read a few bytes through TLS, write a few.
Nothing else here depends on which one it is.
"""

import asyncio
from importlib import import_module
from importlib.util import find_spec


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop."""
    module = import_module("uvloop") if find_spec("uvloop") else asyncio
    loop: asyncio.AbstractEventLoop = module.new_event_loop()
    return loop
