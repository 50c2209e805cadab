"""The demonstration: a pack's life on six nodes, told and checked."""
