"""
People and rooms as the catalog has them, and the provider's own file.

A person is who a signed request says: (Slack team, user) written down here, never an
e-mail or a shown name (threats B1, B3). Clients' files are in `client`, the rota's
entries in `shift`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from bot.domain.catalog.names import (
    ChannelName,
    GitlabUser,
    MemberId,
    OrganisationId,
    ShownName,
    SlackChannel,
    SlackTeam,
    SlackUser,
)
from bot.domain.catalog.shift import Shift
from bot.domain.catalog.time_rules import Escalation, Quiet
from bot.domain.frozen import Frozen
from bot.domain.timing.freeze import FreezeRule
from bot.domain.timing.hours import Hours


class ProviderRole(StrEnum):
    """What a member of the provider may be; being on call is said by the rota."""

    ENGINEER = "engineer"
    MANAGER = "manager"
    AUDITOR = "auditor"


class ClientRole(StrEnum):
    """What a member of a client may be."""

    DEVELOPER = "developer"
    OWNER = "owner"
    TRAINEE = "trainee"
    AUDITOR = "auditor"


class SlackIdentity(Frozen):
    """One account of a person: the workspace it is at home in, and its id there."""

    team: Annotated[SlackTeam, Field(description="Id of the workspace, T….")]
    user: Annotated[SlackUser, Field(description="Id of the user, U… or W….")]


class Channel(Frozen):
    """A Slack channel, known by its id; the name is only shown."""

    team: Annotated[SlackTeam, Field(description="Id of the workspace, T….")]
    id: Annotated[SlackChannel, Field(description="Id of the channel, C… or G….")]
    name: Annotated[ChannelName, Field(description="Its name, without #; only shown.")]


class _Member(Frozen):
    """What is written of any person."""

    id: Annotated[
        MemberId, Field(description="Short id, unique among all people of the catalog.")
    ]
    name: Annotated[ShownName, Field(description="The person's name, only shown.")]
    slack: Annotated[
        tuple[SlackIdentity, ...],
        Field(min_length=1, description="The person's Slack accounts."),
    ]
    gitlab: Annotated[
        GitlabUser | None,
        Field(description="GitLab user name: who wrote a commit may not approve it."),
    ] = None
    deactivated: Annotated[
        bool,
        Field(description="True takes every right away at once; the name stays known."),
    ] = False


class ProviderMember(_Member):
    """A person of the provider."""

    roles: Annotated[
        tuple[ProviderRole, ...],
        Field(
            min_length=1,
            description="What this person is; routes and policies say what for.",
        ),
    ]


class ClientMember(_Member):
    """A person of a client."""

    roles: Annotated[
        tuple[ClientRole, ...],
        Field(
            min_length=1,
            description="What this person is; routes and policies say what for.",
        ),
    ]


class Provider(Frozen):
    """The company that answers for the platforms: provider.yaml."""

    id: Annotated[OrganisationId, Field(description="Short id of the provider.")]
    name: Annotated[ShownName, Field(description="The provider's name, only shown.")]
    slack_teams: Annotated[
        tuple[SlackTeam, ...],
        Field(
            min_length=1,
            description="Every workspace that people and channels here come from.",
        ),
    ]
    escalation_channel: Annotated[
        Channel, Field(description="Where Tandem calls when nobody answers.")
    ]
    members: Annotated[
        tuple[ProviderMember, ...], Field(description="The provider's people.")
    ]
    on_call: Annotated[
        tuple[Shift, ...],
        Field(
            description="The rota. The first shift that covers a moment is the one; "
            "if none does, nobody is on call."
        ),
    ]
    hours: Annotated[
        Hours | None,
        Field(description="When the provider is there; always, if not given."),
    ] = None
    freezes: Annotated[
        tuple[FreezeRule, ...],
        Field(description="When nothing is decided or run, for any client."),
    ] = ()
    quiet: Annotated[
        Quiet | None,
        Field(description="When low risk disturbs nobody; never, if not given."),
    ] = None
    escalation: Annotated[
        Escalation | None,
        Field(description="Who is told, and when, if nobody decides; else nobody."),
    ] = None


class ProviderChannel(Frozen):
    """A channel of the provider's own: all clients are seen from it, none is meant."""

    provider: OrganisationId
    channel: Channel


class Person(Frozen):
    """
    A member as everything else sees one: who, of which company, with which roles.

    `organisation` is the client's id or the provider's.
    """

    id: MemberId
    name: ShownName
    organisation: OrganisationId
    roles: tuple[ProviderRole | ClientRole, ...]
    slack: tuple[SlackIdentity, ...]
    gitlab: GitlabUser | None = None
    deactivated: bool = False

    @classmethod
    def of(cls, member: ProviderMember | ClientMember, *, organisation: str) -> Person:
        """Return the person that this member of the organisation is."""
        return cls(
            id=member.id,
            name=member.name,
            organisation=organisation,
            roles=member.roles,
            slack=member.slack,
            gitlab=member.gitlab,
            deactivated=member.deactivated,
        )
