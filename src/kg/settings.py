"""Settings: one frozen object, read once and handed down.

Each field can be set by an environment variable ``KG_<FIELD>`` and, where ``kg --help`` lists it, by an
option of the command line.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
)
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


def _prefix(path: str) -> str:
    """``/armature/`` → ``/armature``; the empty path is the root of the host."""
    bare = path.strip("/")
    if bare and not all(part.replace("-", "").replace("_", "").isalnum() for part in bare.split("/")):
        raise ValueError(f"'{path}' is no path of letters, digits, '-' and '_', such as /armature")
    return f"/{bare}" if bare else ""


def _networks(text: str) -> str:
    """Addresses and networks with commas between them, or ``*``; told at once where one is none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name != "*":
            ipaddress.ip_network(name)
    return ",".join(names)


def endpoints(text: str) -> str:
    """Addresses of SPARQL servers with spaces between; credentials have no place in them."""
    for url in text.split():
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
            raise ValueError(f"'{url}' is no http or https address")
        if parts.username or parts.password:
            raise ValueError("credentials do not belong into an address; see KG_STORE_USER and KG_STORE_PASSWORD")
    return " ".join(text.split())


def _endpoint(text: str) -> str:
    if len(text.split()) > 1:
        raise ValueError("one address is wanted")
    return endpoints(text)


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


RootPath = Annotated[str, AfterValidator(_prefix)]
Url = Annotated[str, AfterValidator(_endpoint)]
Urls = Annotated[str, AfterValidator(endpoints)]
Networks = Annotated[str, AfterValidator(_networks)]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(_lower)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]


class Settings(BaseSettings):
    """What a run may be told from outside; every field has a default that works."""

    model_config = SettingsConfigDict(env_prefix="KG_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_home, description="Folder with ontology/, data/ and queries/.")
    snapshots: Path = Field(default_factory=_snapshots, description="Folder of the built snapshots.")

    keep: int = Field(default=10, ge=0, description="Snapshots that a build keeps; 0 keeps all.")

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

    # Another SPARQL server that holds the graph, and those that a query may call.
    store: Url = Field(
        default="", description="Query address of a SPARQL 1.1 server that answers instead of the local snapshot."
    )
    store_user: str = Field(default="", description="User at that server, and at the one published to.")
    store_password: SecretStr = Field(default=SecretStr(""), description="The user's password (Basic or Digest).")
    store_token: SecretStr = Field(default=SecretStr(""), description="A bearer token instead of user and password.")
    store_refresh: PositiveFloat = Field(
        default=5.0, description="Seconds between two looks whether another snapshot was published there."
    )
    services: Urls = Field(
        default="", description="SPARQL endpoints, with spaces between, that a query may call with SERVICE."
    )
    service_bytes: PositiveInt = Field(
        default=1_000_000, description="Bytes that the answers of those may add to a query."
    )

    @field_validator("trusted")
    @classmethod
    def _networks(cls, text: str) -> str:
        for network in text.split():
            ipaddress.ip_network(network, strict=False)
        return text

    @property
    def trusted_networks(self) -> tuple[str, ...]:
        return tuple(self.trusted.split())

    # Operations: where the server stands, what it tells, and how long it waits for whom.
    root_path: RootPath = Field(default="", description="Path at which a proxy shows the server, e.g. `/armature`.")
    forwarded_allow_ips: Networks = Field(
        default="127.0.0.1,::1", description="Proxies whose X-Forwarded headers are believed; `*` for all."
    )
    metrics_allow_ips: Networks = Field(
        default="127.0.0.1,::1", description="Clients that may read `/metrics`; `*` for all."
    )
    hsts: int = Field(default=0, ge=0, description="Seconds of Strict-Transport-Security over https; 0 sends none.")
    log_format: LogFormat = Field(default="text", description="`text`, or `json`: one object per line.")
    log_level: LogLevel = Field(default="info", description="`debug`, `info`, `warning` or `error`.")
    access_log: bool = Field(default=True, description="Whether each request is a line of the log.")
    header_seconds: PositiveFloat = Field(default=10.0, description="Seconds that a request's header may take.")
    body_seconds: PositiveFloat = Field(default=20.0, description="Seconds that a request's body may take.")
    keep_alive: PositiveFloat = Field(default=65.0, description="Seconds that an idle connection stays open.")
    half_closed: NonNegativeFloat = Field(
        default=1.0, description="Seconds that a client which can send no more may wait for its answer to begin."
    )
    least_rate: PositiveInt = Field(
        default=20_000, description="Bytes per second for which a client is given time beyond the transfer limit."
    )
    line_bytes: PositiveInt = Field(default=16_384, description="Bytes that a request line may have.")
    header_bytes: PositiveInt = Field(default=32_768, description="Bytes that a request's header fields may have.")
    header_fields: PositiveInt = Field(default=100, description="Header fields that a request may have.")
    body_bytes: PositiveInt = Field(default=1 << 20, description="Bytes that a request's body may have.")
    connections: PositiveInt = Field(default=1_000, description="Connections per server process.")
    connections_per_client: PositiveInt = Field(
        default=64, description="Connections per client address (IPv6: per /64), trusted proxies apart."
    )
    drain: NonNegativeFloat = Field(
        default=0.0, description="Seconds between the signal to stop, when /readyz turns 503, and the closed door."
    )
    shutdown: PositiveFloat = Field(default=30.0, description="Seconds that running requests may take to finish.")

    @property
    def ontology(self) -> Path:
        return self.home / "ontology"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def queries(self) -> Path:
        return self.home / "queries"
