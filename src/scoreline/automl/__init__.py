"""Experiment → leaderboard → scoring pipeline: learners, transformers, scorers, search, ensemble, export."""
