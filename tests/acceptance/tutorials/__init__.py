"""What the tutorials have their readers run, as printed. ``test_tutorials.py`` runs it; ``make tutorials`` shows it."""

from tests.acceptance.tutorials.azure import AZURE
from tests.acceptance.tutorials.h2o import H2O
from tests.acceptance.tutorials.ibm import IBM
from tests.acceptance.tutorials.step import Step
from tests.acceptance.tutorials.udacity import UDACITY

STEPS: list[Step] = [*H2O, *IBM, *AZURE, *UDACITY]
