"""Puts the stand-in together: the API under `/api/v4`, the pages for people."""

import functools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount

from deploy.sandbox.gitlab import (
    api_admin,
    api_ci,
    api_issues,
    api_merge_requests,
    api_protection,
    api_repository,
    pages,
    pages_edit,
    pages_issue,
    problems,
)
from deploy.sandbox.gitlab.http import API, Gate, refusal
from deploy.sandbox.gitlab.world import GitLabWorld


def create(world: GitLabWorld) -> Starlette:
    """Return the app; its lifespan runs the world's jobs and hooks."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with world.running():
            yield

    return Starlette(
        routes=[Mount("", app=_routes())],
        middleware=[Middleware(Gate, world=world)],
        lifespan=lifespan,
    )


@functools.cache
def _routes() -> FastAPI:
    """
    Return all routes, which find their world in the request's state.

    FastAPI works them out anew for each application, at the first request: for the
    tests, which begin a world each, once is enough.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    for router in (
        api_repository.router,
        api_repository.of_project,
        api_merge_requests.router,
        api_issues.router,
        api_ci.router,
        api_protection.router,
        api_admin.router,
        api_admin.controls,
    ):
        app.include_router(router, prefix=API)
    app.include_router(pages.router)
    # First, because `new` would be read as an issue's number.
    app.include_router(pages_issue.router)
    app.include_router(pages_edit.router)
    app.include_router(pages.of_project)
    app.add_exception_handler(problems.ApiError, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _unknown)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, problems.ApiError):
        raise error
    if request.url.path.startswith(f"{API}/"):
        return refusal(error)
    return pages.refused(error.status, f"{error.status.value} {error.status.phrase}")


async def _misread(_: Request, error: Exception) -> Response:
    """Answer a wrong parameter as GitLab's own parameter check does."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    field = str(first["loc"][-1])
    problem = "is missing" if first["type"] == "missing" else "is invalid"
    return refusal(problems.invalid(field, problem))


async def _unknown(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = f"{error.status_code} {HTTPStatus(error.status_code).phrase}"
    if request.url.path.startswith(f"{API}/"):
        body = json.dumps({"error": phrase, "message": phrase})
        return Response(
            body, status_code=error.status_code, media_type="application/json"
        )
    return pages.refused(error.status_code, phrase)
