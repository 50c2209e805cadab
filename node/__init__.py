"""One partner's machine: identity, storage, pool, consensus host, gateway and HTTP API."""
