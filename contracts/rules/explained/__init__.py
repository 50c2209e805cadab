"""What verdict codes mean to people, a file for each family of rules, in the order of the codes."""
