"""Entities that a form has sent by what they are called: led to the same address with the ends of their own.

A field shows what an entity is called. Beside it the form sends which one that was (``from.id``) and what was shown
for it (``from.label``), so that a label that nobody has touched means the same entity again, whoever else is called
so. What was typed in its place is looked up among all names.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kg.search import SearchIndex
from kg.terms import ID
from kg.web.replies import VARY, local, root, unknown

_ADDRESSED = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*|.*:.*")
"""The end of an address, or a name with a prefix or of a whole IRI."""


def settled(request: Request, index: SearchIndex, names: Sequence[str]) -> Response | None:
    """303 to the address in which the entities that these parameters name stand by their own; ``None`` if this is it.

    Raises:
        UnknownEntity: nothing is called so.
    """
    given = request.query_params.multi_items()
    settled = list(_settled(request, given, index, names))
    if settled == given:
        return None
    path = str(request.scope["path"]).removeprefix(root(request))
    return RedirectResponse(local(request, f"{path}?{urlencode(settled)}"), 303, headers=VARY)


def _settled(
    request: Request, given: Sequence[tuple[str, str]], index: SearchIndex, names: Sequence[str]
) -> Iterator[tuple[str, str]]:
    beside = {f"{name}{end}" for name in names for end in (".id", ".label")}
    known = {name: value for name, value in given if name in beside}
    for name, value in given:
        if name in names and value.strip():
            same = value.strip() == known.get(f"{name}.label", "").strip()
            yield name, (known.get(f"{name}.id", "") if same else "") or _meant(request, value.strip(), index)
        elif name not in beside:
            yield name, value


def _meant(request: Request, text: str, index: SearchIndex) -> str:
    """The end of an entity's address for what was typed: one that was replaced, a name, or what it is."""
    if _ADDRESSED.fullmatch(text):
        successor = index.replaced.get(ID + text.removeprefix("id:").removeprefix(ID))
        return successor.removeprefix(ID) if successor else text
    hit = next((hit for hit in index.find(text)[1] if hit.exact and hit.iri.startswith(ID)), None)
    if hit is None:
        raise unknown(request, index, ID + "-".join(text.lower().split()))
    return hit.iri.removeprefix(ID)
