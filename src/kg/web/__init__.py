"""The HTTP side: SPARQL protocol, things and their twins, stored queries, pages."""
