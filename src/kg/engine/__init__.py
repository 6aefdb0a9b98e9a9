"""The query engine: snapshots read by processes that can be killed."""
