"""
Every setting. Read once by the composition root; nothing else reads the environment.

Names begin with `TANDEM_`, parts are joined by two underscores
(`TANDEM_SLACK__BOT_TOKEN`). A secret may also stand in a file of its name in the folder
`TANDEM_SECRETS` names (as container platforms mount them). A name nobody knows is
refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from bot.domain.errors import Broken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

PREFIX: Final = "TANDEM_"
SECRETS: Final = "TANDEM_SECRETS"
_PAGE: Final = "docs/settings.md"
_DRIVER: Final = "postgresql+psycopg://"


def _filled(value: SecretStr) -> SecretStr:
    """A blank secret would be a check that passes for everyone."""
    if len(value.get_secret_value().strip()) < 8:  # noqa: PLR2004 - shorter is a slip
        raise ValueError("is blank or shorter than 8 characters")
    return value


Secret = Annotated[SecretStr, AfterValidator(_filled)]


def _by_our_driver(value: SecretStr) -> SecretStr:
    """Another driver than ours is found missing late, and far from its cause."""
    if not value.get_secret_value().startswith(_DRIVER):
        raise ValueError(f"must begin with {_DRIVER}")
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_by_our_driver)]


class _Part(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
    pass


class Slack(_Part):
    """How to reach Slack, and what proves that a request is Slack's."""

    bot_token: Secret
    """The bot's own token, `xoxb-…`."""
    signing_secret: Secret
    """What Slack signs its requests with."""
    app_token: Secret | None = None
    """The app-level token, `xapp-…`; only Socket Mode needs it."""
    mode: Literal["http", "socket"] = "http"
    """Whether Slack calls `serve`, or `serve` calls Slack."""
    app_id: str | None = None
    """The app's id, `A…`; requests of any other app are refused."""
    api_url: str = "https://slack.com/api/"
    """Where Slack's Web API is."""


class Gitlab(_Part):
    """Where GitLab is, and what proves that a hook is GitLab's."""

    url: str = "https://gitlab.com"
    """Where GitLab is, without a path."""
    hook_secret: Secret
    """The secret token that its webhooks carry."""


class Vault(_Part):
    """The worker's own way into Vault."""

    address: str
    """Where Vault or OpenBao is, with scheme and port."""
    role_id: str
    """The worker's AppRole."""
    secret_id: Secret
    """The secret of that AppRole."""
    namespace: str | None = None
    """The namespace, where Vault has any."""


class Aws(_Part):
    """Only for a sandbox: where AWS is, if it is not AWS."""

    endpoint: str | None = None
    """One address for every AWS service; unset, AWS itself."""


class Databases(_Part):
    """Database servers that clients may have databases made on."""

    ca: Path | None = None
    """PEM bundle that their certificates chain to; unset, the system's own."""
    at: str = ""
    """Only for a sandbox: `name:port=address:port`, several with spaces between."""

    @model_validator(mode="after")
    def _reads(self) -> Self:
        self.places  # noqa: B018 - a wrong one is told at the start
        return self

    @property
    def places(self) -> dict[str, tuple[str, int]]:
        """Return where each named server listens in truth."""
        found = {}
        for one in self.at.split():
            name, _, place = one.partition("=")
            address, _, port = place.rpartition(":")
            if not (name and address and port.isdecimal()):
                raise ValueError("AT must be name:port=address:port")
            found[name] = (address, int(port))
        return found


class Pace(_Part):
    """How often the worker looks, in seconds."""

    poll: Annotated[float, Field(ge=0.05, le=60)] = 2.0
    """Between two looks at a pipeline or an action that is under way."""
    watch: Annotated[float, Field(ge=0.2, le=600)] = 15.0
    """Between two looks at an open merge request that waits for a decision."""
    sweep: Annotated[float, Field(ge=0.2, le=600)] = 10.0
    """Between two sweeps: reminders, expiry, second looks."""
    post_gap: Annotated[float, Field(ge=0.0, le=10)] = 1.0
    """Between two posts to one channel; Slack allows one a second."""
    checkpoint: Annotated[float, Field(ge=1.0, le=86400)] = 3600.0
    """Between two signed checkpoints of a client's audit, when there is news."""
    afterwards: Annotated[float, Field(ge=1.0, le=600)] = 60.0
    """After its operation ended, so long may a loan wait to be given back by itself."""
    keep: Annotated[float, Field(ge=1.0, le=3650)] = 30.0
    """Days for which what was said, and what Slack delivered, is kept in the outbox."""
    no_pipeline: Annotated[float, Field(ge=60.0, le=86400)] = 1800.0
    """After a merge, so long may GitLab take to make the pipeline that applies it."""
    glass: Annotated[float, Field(ge=0.2, le=1.0)] = 0.5
    """Of the time that credentials live, the share that is left after a break-glass."""
    review: Annotated[float, Field(ge=1.0, le=604800)] = 86400.0
    """While the review of a break-glass is open, between two reminders of it."""
    heartbeat: Annotated[float, Field(ge=0.5, le=30)] = 1.0
    """Between two signs of life of a worker."""
    dead_after: Annotated[float, Field(ge=2.0, le=300)] = 4.0
    """Without a sign of life for so long, a worker's jobs are taken over."""

    @model_validator(mode="after")
    def _outlives_two_missed_heartbeats(self) -> Self:
        """Two workers that took each other for dead would do every job twice."""
        if self.dead_after < 3 * self.heartbeat:
            raise ValueError("DEAD_AFTER must be at least three times HEARTBEAT")
        return self


class Settings(BaseSettings):
    """All of it, frozen. `serve` needs Slack and GitLab, `work` needs Vault as well."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    database_url: DatabaseUrl  # not a PostgresDsn: its repr shows the password
    """PostgreSQL as `tandem_app`: `postgresql+psycopg://…`."""
    database_owner_url: DatabaseUrl | None = None
    """PostgreSQL as the owner of the tables; only `tandem db upgrade` needs it."""
    catalog: Path
    """The operator's folder of clients, members, inventory and routes."""
    host: str = "127.0.0.1"
    """The address that `serve` listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port that `serve` listens on; 0 takes any free one."""
    slack: Slack | None = None
    gitlab: Gitlab | None = None
    vault: Vault | None = None
    aws: Aws = Aws()
    databases: Databases = Databases()
    pace: Pace = Pace()
    feeds: SecretStr | None = None
    """Calendars of who is on call: `name=https://…`, several with spaces between."""
    unsafe_feeds_over_http: bool = False
    """Whether such a calendar may be at http://, on this machine. Unsafe: for tests."""
    log_json: bool = True
    """One JSON object a line; off, lines for people."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    unsafe_cli_member: str | None = None
    """Who the command line decides as. Unsafe: whoever can start it is believed."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then files of secrets; no `.env` is ever picked up."""
        del settings_cls, dotenv_settings
        secrets = NestedSecretsSettingsSource(
            file_secret_settings, secrets_dir_missing="error"
        )
        return init_settings, env_settings, secrets

    @classmethod
    def read(cls) -> Self:
        """Return the settings of this process; Broken names each one that is wrong."""
        secrets = os.environ.get(SECRETS)  # noqa: TID251 - this is the place
        try:
            files = os.listdir(secrets) if secrets else ()  # noqa: PTH208 - names
            unknown = misspelt((*os.environ, *files))  # noqa: TID251 - this is the place
            if unknown:
                raise Broken(f"no such setting: {', '.join(unknown)} ({_PAGE})")
            return cls(_secrets_dir=secrets)
        except ValidationError as error:
            raise Broken(_told(error)) from None
        except OSError as error:
            why = f"{error.filename}: {error.strerror}"
            raise Broken(f"{SECRETS} cannot be read: {why} ({_PAGE})") from None
        except SettingsError as error:
            # What it was caused by may hold the value.
            raise Broken(f"{error} ({_PAGE})") from None


def misspelt(names: Iterable[str]) -> tuple[str, ...]:
    """Return the `TANDEM_` names that no setting has; pydantic lets them pass."""
    return tuple(sorted(name for name in names if _is_misspelt(name.upper())))


def _is_misspelt(name: str) -> bool:
    if not name.startswith(PREFIX) or name == SECRETS:
        return False
    first, inside, _ = name.removeprefix(PREFIX).partition("__")
    field = Settings.model_fields.get(first.lower())
    # A part as a whole would be read as JSON, and its faults be told with its text.
    return field is None or _is_part(field) != bool(inside)


def _is_part(field: FieldInfo) -> bool:
    kinds = get_args(field.annotation) or (field.annotation,)
    return any(isinstance(one, type) and issubclass(one, _Part) for one in kinds)


def _told(error: ValidationError) -> str:
    """Name each wrong setting and why, never its value."""
    lines = [
        f"{PREFIX}{'__'.join(str(part) for part in one['loc']).upper()}: {_why(one)}"
        for one in error.errors(include_input=False, include_url=False)
    ]
    return f"{'; '.join(lines)} ({_PAGE})"


def _why(error: ErrorDetails) -> str:
    """Return what is wrong as operators know it, not as pydantic does."""
    known = {"missing": "is not set", "extra_forbidden": "there is no such setting"}
    said = known.get(error["type"], error["msg"])
    return said.removeprefix("Value error, ")
