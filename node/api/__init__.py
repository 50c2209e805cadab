"""HTTP for clients and operators, and who may do what there."""
