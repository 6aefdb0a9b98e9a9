"""Serves N-Quads with rdflib-endpoint, in the environment of the peers: ``FILE PORT STORE``.

The data is loaded once; a child serves it. When that is killed, because it cannot give up a query that runs too
long, the next child begins with the data as loaded.
"""

import os
import sys

import rdflib
import uvicorn
from rdflib_endpoint import SparqlEndpoint


def main(path: str, port: str, store: str) -> None:
    """Load the file and serve it; the default graph is the union, which rdflib counts as a merge."""
    name = "default" if store == "memory" else store
    dataset = rdflib.Dataset(store=name, default_union=True)
    dataset.parse(path, format="nquads" if store == "memory" else "ox-nq")
    while True:
        child = os.fork()
        if child == 0:
            app = SparqlEndpoint(graph=dataset, path="/")
            uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
