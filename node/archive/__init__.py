"""The contents of old blocks in files beside a node, so that its database need not keep them (ADR 29)."""
