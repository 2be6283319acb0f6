"""
Verifying the tokens of one OpenID Connect issuer by the keys it publishes.

The issuer is asked over the network for its keys, as AWS does, and is not believed
about anything else: the algorithm is ours to choose, the audience is IAM's.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

import jwt

from deploy.sandbox.aws.answer import Rejected

# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_TIMEOUT: Final = 3.0
_LARGEST: Final = 1 << 18

Claims = Mapping[str, Any]


class Issuer:
    """One issuer; its keys are fetched when first needed and when they rotate."""

    def __init__(self, url: str) -> None:
        """Take the issuer's URL, as its tokens carry it in `iss`."""
        self.url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._lock = threading.Lock()
        # No proxy of the environment: the issuer is on this machine.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    @property
    def provider(self) -> str:
        """The issuer's name in IAM: its URL without the scheme."""
        return self.url.partition("://")[2]

    def verify(self, token: str, *, audiences: list[str]) -> Claims:
        """Return the claims of a token that is genuine, for us, and not over."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(str(header.get("kid", "")))
            claims: Claims = jwt.decode(
                token,
                key.key,
                algorithms=list(ALGORITHMS),
                audience=audiences,
                issuer=self.url,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.ExpiredSignatureError:
            raise Rejected("ExpiredTokenException", "Token expired", 400) from None
        except jwt.InvalidIssuerError:
            raise Rejected(
                "InvalidIdentityToken",
                "No OpenIDConnect provider found in your account for this issuer",
            ) from None
        except jwt.InvalidAudienceError:
            raise Rejected("InvalidIdentityToken", "Incorrect token audience") from None
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Rejected(
                "InvalidIdentityToken",
                f"Couldn't verify the token ({type(error).__name__})",
            ) from None
        return claims

    def _key(self, kid: str) -> jwt.PyJWK:
        """Return the issuer's key of that id, asking again if it is a new one."""
        with self._lock:
            if kid not in self._keys:
                self._keys = self._fetch()
            if kid not in self._keys:
                raise Rejected(
                    "InvalidIdentityToken", "Couldn't retrieve verification key"
                )
            return self._keys[kid]

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        """Return the keys that the issuer publishes now."""
        try:
            about = self._get(f"{self.url}/.well-known/openid-configuration")
            keys = self._get(str(about["jwks_uri"]))
            found = jwt.PyJWKSet.from_dict(keys).keys
        except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            raise Rejected(
                "IDPCommunicationError", f"The issuer did not answer: {error}"
            ) from error
        return {key.key_id: key for key in found if key.key_id}

    def _get(self, url: str) -> dict[str, Any]:
        """Return the JSON object at a URL of the issuer's own host."""
        own = self.url.split("/", 3)[:3]
        if url.split("/", 3)[:3] != own:
            raise ValueError("the keys are not on the issuer's host")
        with self._open(url, timeout=_TIMEOUT) as answer:
            found = json.loads(answer.read(_LARGEST))
        if not isinstance(found, dict):
            raise TypeError("not a JSON object")
        return found
