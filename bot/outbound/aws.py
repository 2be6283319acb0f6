"""
AWS by lent credentials: assume a role with a token, then make calls, each with a limit.

Owns what is AWS's own: signing, time limits, which failures mean that nothing happened
and which that nobody knows. It takes credentials from its arguments alone: no
environment, no file, no metadata service, no proxy. Whether the credentials reach far
enough is AWS's to say; what to call is the playbooks'.
"""

from __future__ import annotations

import asyncio
import functools
import os
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.credentials import CredentialResolver
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    SSLError,
)
from botocore.loaders import Loader
from pydantic import SecretStr

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import Broken, OutcomeUnknown, TandemError, Unavailable
from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.playbook import AwsService

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
SHORTEST: Final = timedelta(seconds=900)
_CONNECT_SECONDS: Final = 3
PATIENCE: Final = timedelta(seconds=20)
_ATTEMPTS: Final = 3
_READS: Final = re.compile(r"(Describe|Get|List)[A-Za-z0-9]*")
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+")
_SESSION_NAME: Final = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
# Refused before anything was done, whatever the HTTP status that comes with it.
# Refused for now, nothing done: too fast, or STS could not ask Vault for its keys.
_PASSING: Final = frozenset(
    {
        "IDPCommunicationError",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# AWS quotes the signed request or the token in these, so its words stay here.
_TELLTALE: Final = re.compile(
    r"(?i).*(signature|token|authfailure|identity|credential).*"
)
_SERVER_ERROR: Final = 500
_WORDS: Final = 300


class AwsCredentials(Frozen):
    """Credentials that STS lent; nobody can end them before `expires_at` (UTC)."""

    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr
    expires_at: datetime


class Aws:
    """The way to AWS; `endpoint` is for sandboxes, `None` is the vendor's own."""

    def __init__(
        self,
        endpoint: str | None,
        *,
        now: Callable[[], datetime],
        patience: timedelta = PATIENCE,
    ) -> None:
        """Take where AWS is, the clock, and how long one answer may take."""
        self._endpoint = endpoint
        self._patience = patience
        self._now = now
        self._lock = threading.Lock()
        self._botocore: Any = None

    async def assume(
        self,
        *,
        role_arn: str,
        session_name: str,
        jwt: SecretStr,
        policy: str,
        duration: timedelta,
        region: str,
    ) -> AwsCredentials:
        """
        Return credentials of the role, shrunk to the policy, for at least 15 minutes.

        Raises `AwsRefusal` if STS will not lend, `Unavailable` if it did not answer:
        credentials that never arrived are nobody's, so that is never "unknown".
        """
        if not _ROLE.fullmatch(role_arn) or not _SESSION_NAME.fullmatch(session_name):
            raise Broken("the role or the session name is not one that STS takes")
        if duration < SHORTEST:
            raise Broken(f"STS lends for {SHORTEST} at least, got {duration}")
        parameters = {
            "RoleArn": role_arn,
            "RoleSessionName": session_name,
            "WebIdentityToken": jwt.get_secret_value(),
            "Policy": policy,
            "DurationSeconds": int(duration.total_seconds()),
        }
        answer = await asyncio.to_thread(self._assume, parameters, region)
        return _credentials(answer)

    def session(self, credentials: AwsCredentials, *, region: str) -> Session:
        """Return AWS in that region by these credentials; makes no call."""
        return Session(self, credentials, region=region, now=self._now)

    def client(
        self,
        service: AwsService,
        *,
        region: str,
        credentials: AwsCredentials | None,
        attempts: int,
    ) -> Any:  # noqa: ANN401 - botocore makes the class at run time
        """Return a client of botocore, signed by these credentials or not at all."""
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=self._patience.total_seconds(),
            retries={"mode": "standard", "total_max_attempts": attempts},
            # Not `None`: that would ask the environment for a proxy.
            proxies={},
            signature_version=UNSIGNED if credentials is None else None,
        )
        keys = {}
        if credentials is not None:
            keys = {
                "aws_access_key_id": credentials.access_key_id,
                "aws_secret_access_key": (
                    credentials.secret_access_key.get_secret_value()
                ),
                "aws_session_token": credentials.session_token.get_secret_value(),
            }
        # Making clients is not safe in several threads at once; using them is.
        # https://docs.aws.amazon.com/boto3/latest/guide/clients.html
        with self._lock:
            if self._botocore is None:
                self._botocore = _botocore_session()
            return self._botocore.create_client(
                service,
                region_name=region,
                endpoint_url=self._endpoint,
                config=config,
                **keys,
            )

    def _assume(self, parameters: Mapping[str, object], region: str) -> Any:  # noqa: ANN401 - an answer of botocore
        """Ask STS, blocking; the call is unsigned, the token is the proof."""
        client = self.client("sts", region=region, credentials=None, attempts=_ATTEMPTS)
        return _made(
            client,
            "sts",
            "AssumeRoleWithWebIdentity",
            parameters,
            reads=True,
            # AWS quotes the values it does not like.
            secrets=(str(parameters["WebIdentityToken"]),),
        )


class Session:
    """AWS in one region by one set of lent credentials."""

    def __init__(
        self,
        aws: Aws,
        credentials: AwsCredentials,
        *,
        region: str,
        now: Callable[[], datetime],
    ) -> None:
        self._aws = aws
        self._credentials = credentials
        self._region = region
        self._now = now
        self._clients: dict[tuple[str, int], Any] = {}

    @property
    def expires_at(self) -> datetime:
        """When the credentials end by themselves (UTC)."""
        return self._credentials.expires_at

    async def call(
        self, service: AwsService, operation: str, parameters: Mapping[str, object]
    ) -> Mapping[str, Any]:
        """
        Return AWS's answer to one operation, such as `DescribeDBInstances`.

        Reading is tried up to three times, changing once, unless a `ClientToken` makes
        a second try harmless. Raises `AwsRefusal`, `Unavailable`, `OutcomeUnknown`.
        """
        if self._now() >= self.expires_at:
            raise AwsRefusal(code="ExpiredToken", operation=f"{service}:{operation}")
        return await asyncio.to_thread(self._call, service, operation, parameters)

    def _call(
        self, service: AwsService, operation: str, parameters: Mapping[str, object]
    ) -> Mapping[str, Any]:
        """Make the call, blocking."""
        reads = _READS.fullmatch(operation) is not None
        attempts = _ATTEMPTS if reads or "ClientToken" in parameters else 1
        key = (service, attempts)
        if key not in self._clients:
            self._clients[key] = self._aws.client(
                service,
                region=self._region,
                credentials=self._credentials,
                attempts=attempts,
            )
        secrets = (
            self._credentials.secret_access_key.get_secret_value(),
            self._credentials.session_token.get_secret_value(),
        )
        return _made(
            self._clients[key],
            service,
            operation,
            parameters,
            reads=reads,
            secrets=secrets,
        )


def _made(
    client: Any,  # noqa: ANN401 - botocore makes the class at run time
    service: str,
    operation: str,
    parameters: Mapping[str, object],
    *,
    reads: bool,
    secrets: tuple[str, ...] = (),
) -> Mapping[str, Any]:
    """Make one call of a client and return the answer, or raise one of our errors."""
    if operation not in client.meta.service_model.operation_names:
        raise Broken(f"AWS has no {service}:{operation[:80]}")
    try:
        answer = getattr(client, xform_name(operation))(**parameters)
    except (ClientError, BotoCoreError) as error:
        failure = _failure(error, f"{service}:{operation}", reads, secrets)
    else:
        answer.pop("ResponseMetadata", None)
        found: Mapping[str, Any] = answer
        return found
    # Raised out here, so that botocore's own error, which may quote a token or a
    # signed request, hangs on to nothing that is logged.
    raise failure


def _failure(
    error: Exception, operation: str, reads: bool, secrets: tuple[str, ...]
) -> TandemError:
    """Return what a failure of botocore means for whoever asked."""
    unknown = Unavailable if reads else OutcomeUnknown
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        code = re.sub(r"[^A-Za-z0-9._-]", "", str(told.get("Code", "")))[:80]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if code in _PASSING:
            return Unavailable("AWS", f"{operation}: {code}")
        if status >= _SERVER_ERROR:
            return unknown("AWS", f"{operation}: {code or status}")
        words = _cleaned(code, str(told.get("Message", "")), secrets)
        return AwsRefusal(code=code or str(status), operation=operation, words=words)
    kind = type(error).__name__
    if isinstance(error, ParamValidationError):
        return Broken(f"{operation} was given parameters that do not fit it")
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | SSLError):
        return Unavailable("AWS", f"{operation}: {kind}")
    return unknown("AWS", f"{operation}: {kind}")


def _cleaned(code: str, words: str, secrets: tuple[str, ...]) -> str:
    """Return AWS's words if they cannot hold a secret, on one line and not long."""
    if _TELLTALE.fullmatch(code) or any(secret in words for secret in secrets):
        return ""
    return " ".join(words.split())[:_WORDS]


def _credentials(answer: Mapping[str, Any]) -> AwsCredentials:
    """Return the credentials in an answer of STS."""
    lent = answer["Credentials"]
    return AwsCredentials(
        access_key_id=lent["AccessKeyId"],
        secret_access_key=SecretStr(lent["SecretAccessKey"]),
        session_token=SecretStr(lent["SessionToken"]),
        expires_at=lent["Expiration"].astimezone(UTC),
    )


@functools.cache
def _descriptions() -> Loader:
    """Return what AWS's services look like: megabytes, read once a process."""
    return Loader()


def _botocore_session() -> botocore.session.Session:
    """Return a session that knows neither environment, files nor metadata service."""
    known = botocore.session.Session.SESSION_VARIABLES.items()
    # Each is (key in the file, variable of the environment, default, conversion).
    fixed: dict[str, Any] = {n: (None, None, v[2], v[3]) for n, v in known}
    fixed["ignore_configured_endpoint_urls"] = (None, None, True, None)
    for file in ("config_file", "credentials_file"):
        fixed[file] = (None, None, os.devnull, None)
    session = botocore.session.Session(session_vars=fixed)
    nobody = CredentialResolver(providers=[])
    session.register_component("credential_provider", nobody)
    session.register_component("data_loader", _descriptions())
    return session
