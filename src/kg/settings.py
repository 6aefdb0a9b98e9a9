"""Settings: one frozen object, read once and handed down.

Each field can be set by an environment variable ``KG_<FIELD>`` and, where ``kg --help`` lists it, by an
option of the command line.
"""

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parents[1]


def _home() -> Path:
    """The folder with ``ontology/``, ``data/`` and ``queries/``: the checkout, or the copy in the wheel."""
    in_checkout = (CHECKOUT / "ontology" / "kg.ttl").is_file()
    return CHECKOUT if in_checkout else PACKAGE / "home"


def _snapshots() -> Path:
    """Where snapshots go: ``var/snapshots`` of a checkout, else the user's data folder."""
    in_checkout = (CHECKOUT / "ontology" / "kg.ttl").is_file()
    return CHECKOUT / "var" / "snapshots" if in_checkout else user_data_path("armature") / "snapshots"


class Settings(BaseSettings):
    """What a run may be told from outside; every field has a default that works."""

    model_config = SettingsConfigDict(env_prefix="KG_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_home, description="Folder with ontology/, data/ and queries/.")
    snapshots: Path = Field(default_factory=_snapshots, description="Folder of the built snapshots.")

    keep: int = Field(default=10, ge=0, description="Snapshots that a build keeps; 0 keeps all.")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: PositiveInt = Field(default=1, description="Server processes.")

    readers: PositiveInt = Field(default=2, description="Query processes per server process.")
    deadline: PositiveFloat = Field(default=10.0, description="Seconds that a query may run.")
    transfer: PositiveFloat = Field(default=60.0, description="Seconds that a client may take to fetch its result.")
    memory: PositiveInt = Field(default=2 << 30, description="Bytes of memory that a query process may have.")
    result_bytes: PositiveInt = Field(default=100_000_000, description="Bytes that a result may have.")
    query_length: PositiveInt = Field(default=100_000, description="Bytes that a query may have.")
    query_depth: PositiveInt = Field(default=100, description="Brackets that a query may nest.")
    cache_bytes: int = Field(default=64 << 20, ge=0, description="Bytes of answers kept for the next caller.")
    queue: PositiveInt = Field(default=64, description="Queries that may wait for a free query process.")

    @property
    def ontology(self) -> Path:
        return self.home / "ontology"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def queries(self) -> Path:
        return self.home / "queries"
