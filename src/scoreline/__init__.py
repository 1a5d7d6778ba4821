"""Scoreline turns a table into a live, monitored scoring service, and keeps it right."""
