"""How the stand-in says no: GitLab's status codes and bodies, nothing else."""

from __future__ import annotations

from http import HTTPStatus


class ApiError(Exception):
    """A refusal in GitLab's own words; the app turns it into the response."""

    def __init__(self, status: HTTPStatus, body: dict[str, object]) -> None:
        super().__init__(f"{status.value} {body}")
        self.status = status
        self.body = body


def unauthorized() -> ApiError:
    return ApiError(HTTPStatus.UNAUTHORIZED, {"message": "401 Unauthorized"})


def token_expired() -> ApiError:
    text = "Token is expired. You can either do re-authorization or token refresh."
    body: dict[str, object] = {"error": "invalid_token", "error_description": text}
    return ApiError(HTTPStatus.UNAUTHORIZED, body)


def insufficient_scope() -> ApiError:
    text = "The request requires higher privileges than provided by the access token."
    return ApiError(
        HTTPStatus.FORBIDDEN,
        {"error": "insufficient_scope", "error_description": text, "scope": "api"},
    )


def forbidden(detail: str = "") -> ApiError:
    message = f"403 Forbidden - {detail}" if detail else "403 Forbidden"
    return ApiError(HTTPStatus.FORBIDDEN, {"message": message})


def not_found(what: str = "") -> ApiError:
    message = f"404 {what} Not Found" if what else "404 Not Found"
    return ApiError(HTTPStatus.NOT_FOUND, {"message": message})


def bad_request(message: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, {"message": message})


def invalid(field: str, problem: str) -> ApiError:
    """Return what GitLab's parameter check answers (grape, key `error`)."""
    return ApiError(HTTPStatus.BAD_REQUEST, {"error": f"{field} {problem}"})


def conflict(message: str | list[str]) -> ApiError:
    return ApiError(HTTPStatus.CONFLICT, {"message": message})


def not_allowed() -> ApiError:
    body: dict[str, object] = {"message": "405 Method Not Allowed"}
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, body)


def unprocessable(message: str) -> ApiError:
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, {"message": message})
