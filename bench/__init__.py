"""The benchmark: a seeded graph of the project's own model, asked over HTTP on several engines side by side."""
