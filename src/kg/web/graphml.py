"""GraphML of a neighbourhood, for Gephi, yEd, Cytoscape and igraph."""

import io

import networkx as nx

from kg.web.neighbourhood import Neighbourhood
from kg.web.ties import STANDINGS


def written(found: Neighbourhood) -> bytes:
    """The nodes and lines as GraphML: labels, kinds, relations, shares, dates and how each line stands."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in found.nodes.values():
        graph.add_node(node.iri, label=node.label, kind=node.kind)
    for line in found.lines:
        tie = line.tie
        graph.add_edge(
            tie.subject.iri,
            tie.object.iri,
            key=tie.claim,
            label=tie.relation_label,
            relation=tie.relation,
            claim=tie.claim,
            details="; ".join(tie.details),
            share=float(tie.share) if tie.share else 0.0,
            when=tie.when,
            standing=STANDINGS[line.standing],
        )
    body = io.BytesIO()
    nx.write_graphml_xml(graph, body, encoding="utf-8", named_key_ids=True)
    return body.getvalue()
