"""
The directory that a run works in: its files, its backend, its credentials.

`init` leaves where the state is in the data directory (`.terraform`), as the real one
does; all later commands read it there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from deploy.sandbox.terraform.cloud import Access
from deploy.sandbox.terraform.configuration import Configuration
from deploy.sandbox.terraform.desired import provider
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.evaluate import evaluate
from deploy.sandbox.terraform.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# A job that lost its endpoint must not end up at the real AWS.
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_LARGEST_FILE = 1024 * 1024


@dataclass(frozen=True)
class Workspace:
    """One directory, the environment of the run, and where its words go."""

    directory: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]

    def sources(self) -> Mapping[str, bytes]:
        """Return the directory's configuration files by bare name."""
        found: dict[str, bytes] = {}
        for path in sorted(self.directory.iterdir()):
            if path.name.endswith((".tf.json", ".tfvars.json")):
                raise TerraformError(
                    "Not evaluated by the sandbox's stand-in", detail=str(path)
                )
            if path.suffix in {".tf", ".tfvars"} and path.is_file():
                if path.stat().st_size > _LARGEST_FILE:
                    raise TerraformError("File too large", detail=str(path))
                found[path.name] = path.read_bytes()
        return found

    def configuration(self) -> Configuration:
        return Configuration.of(self.sources(), environment=self.environment)

    @property
    def _data(self) -> Path:
        return self.directory / self.environment.get("TF_DATA_DIR", ".terraform")

    def initialize(self, settings: Sequence[str]) -> Path:
        """Record and return the state's path, from the backend block and `settings`."""
        configuration = self.configuration()
        backend = configuration.backend
        path = "terraform.tfstate"
        if backend is not None:
            backend.only("path")
            if "path" in backend.attributes:
                written = evaluate(backend.attributes["path"], configuration.scope())
                path = str(written)
        for setting in settings:
            name, _, value = setting.partition("=")
            if backend is None or name != "path" or not value:
                raise TerraformError(
                    "Invalid backend configuration argument",
                    detail=f'"{setting}" is not path=… of a local backend.',
                )
            path = value
        self._data.mkdir(parents=True, exist_ok=True)
        record = {
            "version": 3,
            "terraform_version": VERSION,
            "backend": {"type": "local", "config": {"path": path}},
        }
        (self._data / "terraform.tfstate").write_text(json.dumps(record, indent=2))
        return self.directory / path

    def state_path(self) -> Path:
        """Return where the state is; a directory without `init` is refused."""
        try:
            record = json.loads((self._data / "terraform.tfstate").read_text())
            path = record["backend"]["config"]["path"]
        except FileNotFoundError:
            raise TerraformError(
                'Backend initialization required, please run "terraform init"'
            ) from None
        except (ValueError, KeyError, TypeError) as fault:
            raise TerraformError("Unreadable data directory") from fault
        return self.directory / str(path)

    def access(self, configuration: Configuration) -> Access:
        """Return how the cloud is reached; without credentials the run is refused."""
        where = provider(configuration)
        key = self.environment.get("AWS_ACCESS_KEY_ID", "")
        secret = self.environment.get("AWS_SECRET_ACCESS_KEY", "")
        token = self.environment.get("AWS_SESSION_TOKEN", "")
        if not key or not secret:
            raise TerraformError(
                "No valid credential sources found for AWS Provider",
                detail="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        if not _on_loopback(where.endpoint):
            raise TerraformError(
                "Not an endpoint of the sandbox",
                detail="The sandbox's terraform stand-in speaks to a loopback endpoint "
                "only (TF_VAR_aws_endpoint); install terraform for the real AWS.",
            )
        return Access(
            region=where.region,
            endpoint=where.endpoint,
            access_key_id=key,
            secret_access_key=SecretStr(secret),
            session_token=SecretStr(token) if token else None,
        )


def _on_loopback(endpoint: str | None) -> bool:
    try:
        return urlsplit(endpoint or "").hostname in _LOOPBACK
    except ValueError:
        return False
