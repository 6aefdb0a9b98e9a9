"""Lighthouse finds every kind of page wholly accessible, on phone and desk, as axe does in ``tests/browser``."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.browser.kinds import KINDS
from tests.clients.scores import FORMS, scored


def test_every_kind_of_page_is_wholly_accessible(modules: Path, address: str) -> None:
    """Both forms side by side: nothing here depends on how fast the machine is."""
    with ThreadPoolExecutor(len(FORMS)) as forms:
        told = dict(
            zip(
                FORMS,
                forms.map(lambda form: scored(600, address=address, form=form, read=KINDS), FORMS),
                strict=True,
            )
        )
    assert all(set(found) == set(KINDS) for found in told.values())
    lost = {
        (kind, form): one["lost"]
        for form, found in told.items()
        for kind, one in found.items()
        if one["scores"] != {"accessibility": 100}
    }
    assert lost == {}
