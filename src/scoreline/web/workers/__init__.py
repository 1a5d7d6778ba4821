"""Processes that answer on one address, and the one that keeps them alive."""

from starlette.types import ASGIApp

from scoreline.web.workers.cores import usable_cores
from scoreline.web.workers.serve import STUCK_SECONDS, serve
from scoreline.web.workers.sides import SideProcess
from scoreline.web.workers.worker import Application, Worker

__all__ = ["STUCK_SECONDS", "ASGIApp", "Application", "SideProcess", "Worker", "serve", "usable_cores"]
