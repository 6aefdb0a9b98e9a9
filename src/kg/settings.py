"""Settings: one frozen object, read once and handed down.

Each field can be set by an environment variable ``KG_<FIELD>`` and, where ``kg --help`` lists it, by an
option of the command line.
"""

import re
from ipaddress import ip_network
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, PositiveFloat, PositiveInt, field_validator
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

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: PositiveInt = Field(default=1, description="Server processes.")

    readers: PositiveInt = Field(default=4, description="Query processes per server process.")
    deadline: PositiveFloat = Field(default=10.0, description="Seconds that a query may run.")
    transfer: PositiveFloat = Field(default=60.0, description="Seconds that a client may take to fetch its result.")
    memory: PositiveInt = Field(default=2 << 30, description="Bytes of memory that a query process may have.")
    result_bytes: PositiveInt = Field(default=100_000_000, description="Bytes that a result may have.")
    query_length: PositiveInt = Field(default=100_000, description="Bytes that a query may have.")
    query_depth: PositiveInt = Field(default=100, description="Brackets that a query may nest.")
    cache_bytes: int = Field(default=64 << 20, ge=0, description="Bytes of answers kept for the next caller.")

    public_readers: int = Field(
        default=0, ge=0, description="Query processes that SPARQL of strangers may hold at once; 0: all but one."
    )
    queue: PositiveInt = Field(
        default=64, description="Queries that may wait for a query process: strangers', and as many of our own."
    )
    queue_client: PositiveInt = Field(default=32, description="How many of those may be one client's.")
    queue_wait: PositiveFloat = Field(
        default=15.0, description="Seconds that a query may wait; keep it above KG_DEADLINE."
    )
    rate_requests: int = Field(
        default=1_200, ge=0, description="Queries that one client may send in a minute, per server process; 0: any."
    )
    rate_seconds: int = Field(
        default=40,
        ge=0,
        description="Seconds in a minute for which one client's queries may hold query processes; 0: any.",
    )
    trusted: str = Field(
        default="127.0.0.0/8 ::1/128",
        description="Addresses and networks, with spaces between, whose clients have no quota.",
    )
    services: str = Field(
        default="",
        description="IRIs of the SPARQL endpoints, with spaces between, that queries may call with SERVICE.",
    )
    service_rows: PositiveInt = Field(default=10_000, description="Solutions that one SERVICE may bring.")
    service_bytes: PositiveInt = Field(default=5_000_000, description="Bytes that one SERVICE may bring.")

    @field_validator("trusted")
    @classmethod
    def _networks(cls, text: str) -> str:
        for network in text.split():
            ip_network(network, strict=False)
        return text

    @field_validator("services")
    @classmethod
    def _endpoints(cls, text: str) -> str:
        for endpoint in text.split():
            if not re.fullmatch(r"https?://[^\s<>\"{}|^`\\]+", endpoint):
                raise ValueError(f"'{endpoint}' is not the http or https address of an endpoint")
        return text

    @property
    def trusted_networks(self) -> tuple[str, ...]:
        return tuple(self.trusted.split())

    @property
    def service_endpoints(self) -> tuple[str, ...]:
        return tuple(self.services.split())

    @property
    def ontology(self) -> Path:
        return self.home / "ontology"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def queries(self) -> Path:
        return self.home / "queries"
