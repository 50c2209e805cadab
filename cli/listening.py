"""Whether the addresses that a node listens at are free."""

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.config.schema import Config


def taken_addresses(settings: "Config") -> list[str]:
    """Return the configured addresses that cannot be listened at now, each with its key and the reason."""
    listened = {
        "p2p.listen": settings.p2p.listen,
        "api.listen": settings.api.listen,
        "api.operators_listen": settings.api.operators_listen,
    }
    taken = []
    for key, address in listened.items():
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the node itself does: an address that an ended process used a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, int(port)))
            except OSError as error:
                taken.append(f"{key} {address}: {error.strerror or error}")
    return taken
