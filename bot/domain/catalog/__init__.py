"""
The operator's catalog: clients, members, inventory, rota and routes, as values.

Pure: it knows which file says what, and reads none. `bot.outbound.catalog` reads the
folder and reports every wrong thing in it with file and line.
"""

from bot.domain.catalog.client import (
    Aws,
    Client,
    Criticality,
    Database,
    Gitlab,
    Host,
    Instance,
    Inventory,
    Parameter,
    SecurityGroup,
    Server,
    Target,
    Terraform,
    Volume,
)
from bot.domain.catalog.consistency import inconsistencies
from bot.domain.catalog.layout import Inconsistency, Problem
from bot.domain.catalog.people import (
    Channel,
    ClientMember,
    ClientRole,
    Person,
    Provider,
    ProviderChannel,
    ProviderMember,
    ProviderRole,
    SlackIdentity,
)
from bot.domain.catalog.refusal import CatalogRefused
from bot.domain.catalog.rights import known_names
from bot.domain.catalog.routes import DeciderRole, Match, Place, RouteRule, Routes
from bot.domain.catalog.rule_consistency import unknown_commands
from bot.domain.catalog.shift import Shift
from bot.domain.catalog.whole import Catalog

__all__ = [
    "Aws",
    "Catalog",
    "CatalogRefused",
    "Channel",
    "Client",
    "ClientMember",
    "ClientRole",
    "Criticality",
    "Database",
    "DeciderRole",
    "Gitlab",
    "Host",
    "Inconsistency",
    "Instance",
    "Inventory",
    "Match",
    "Parameter",
    "Person",
    "Place",
    "Problem",
    "Provider",
    "ProviderChannel",
    "ProviderMember",
    "ProviderRole",
    "RouteRule",
    "Routes",
    "SecurityGroup",
    "Server",
    "Shift",
    "SlackIdentity",
    "Target",
    "Terraform",
    "Volume",
    "inconsistencies",
    "known_names",
    "unknown_commands",
]
