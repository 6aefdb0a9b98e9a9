"""From Turtle in git to a checked graph: parse, derive, check, write."""
