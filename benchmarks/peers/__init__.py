"""The opponents, each as its users write it. All but `constant` run in an environment of their own, `.venv-bench`."""
