"""What Udacity's risk assessment project has beside ``/prediction``: scoring, summary statistics, diagnostics."""

from scoreline.web.control.udacity.routes import udacity_routes

__all__ = ["udacity_routes"]
