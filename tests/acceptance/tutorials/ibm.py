"""IBM's workshop of Watson Machine Learning: its lines of curl, and what its application asks."""

from __future__ import annotations

import json
import re

from tests.acceptance.tutorials.step import Step, World, said

TUTORIAL = "IBM Watson Machine Learning"
FIELDS = [
    *("CheckingStatus", "LoanDuration", "CreditHistory", "LoanPurpose", "LoanAmount", "ExistingSavings"),
    *("EmploymentDuration", "InstallmentPercent", "Sex", "OthersOnLoan", "CurrentResidenceDuration", "OwnsProperty"),
    *("Age", "InstallmentPlans", "Housing", "ExistingCreditsCount", "Job", "Dependents", "Telephone", "ForeignWorker"),
]
ROW = [
    *("no_checking", 13, "credits_paid_to_date", "car_new", 1343, "100_to_500", "1_to_4", 2, "female", "none", 3),
    *("savings_insurance", 46, "none", "own", 2, "skilled", 1, "none", "yes"),
]
LABELS = ["No Risk", "Risk"]
TOKEN = (
    "curl -X POST 'https://iam.cloud.ibm.com/identity/token' -H 'Content-Type: application/x-www-form-urlencoded'"
    " -H 'Accept: application/json' --data-urlencode 'grant_type=urn:ibm:params:oauth:grant-type:apikey'"
    " --data-urlencode 'apikey=<API Key>'"
)
SCORE = f"""export WML_AUTH_TOKEN=<value-of-access-token>
export WML_URL="https://us-south.ml.cloud.ibm.com/ml/v4/deployments/98bfa972-f32e-40d0-94db-6092848652c1\
/predictions?version=2020-09-01"
curl -k -X POST --header 'Content-Type: application/json' --header 'Accept: application/json' \
--header "Authorization: Bearer  $WML_AUTH_TOKEN" -d '{{"input_data": [{{"fields": [ {json.dumps(FIELDS)[1:]},\
"values": [[ {json.dumps(ROW)[1:]}]}}]}}' $WML_URL
"""


def gives_a_token(world: World, answer: str) -> None:
    """The six members of the original, and a token of three parts."""
    token = said(answer)
    assert set(token) == {"access_token", "refresh_token", "token_type", "expires_in", "expiration", "scope"}
    assert token["access_token"].count(".") == 2


def scores_the_loan(world: World, answer: str) -> None:
    """The label, and the probability of each."""
    [block] = said(answer)["predictions"]
    [[label, probability]] = block["values"]
    assert block["fields"] == ["prediction", "probability"]
    assert label == LABELS[probability.index(max(probability))]
    assert abs(sum(probability) - 1) < 1e-5


def shows_the_percentage(world: World, answer: str) -> None:
    """What the application's page says."""
    told = re.fullmatch(r"(No Risk|Risk)\. Percentage of this loan representing risk is: ([\d.]+)%\n", answer)
    assert told
    assert (float(told[2]) > 50) == (told[1] == "Risk")


LOAN = json.dumps({"input_data": [{"fields": FIELDS, "values": [ROW]}]})
SHOWN = "Percentage of this loan representing risk is: N%"
IBM = [
    Step(
        TUTORIAL,
        "a token for a key",
        TOKEN,
        {"https://iam.cloud.ibm.com": "ibm host", "<API Key>": "ibm key"},
        '{"access_token":"<access token>","refresh_token":"<refresh token>","token_type":"Bearer","expires_in":3600,'
        '"expiration":1601317201,"scope":"ibm openid"}',
        gives_a_token,
    ),
    Step(
        TUTORIAL,
        "a loan to the deployment, with the doubled blank behind `Bearer`",
        SCORE,
        {
            "https://us-south.ml.cloud.ibm.com": "ibm host",
            "98bfa972-f32e-40d0-94db-6092848652c1": "ibm deployment",
            "<value-of-access-token>": "ibm token",
        },
        '"a prediction from the model (i.e a "Risk" or "No Risk" at the end)"',
        scores_the_loan,
    ),
    Step(
        TUTORIAL,
        "the application, with name and password",
        "python creditriskapp.py",
        {},
        SHOWN,
        shows_the_percentage,
        files={"loan.json": LOAN},
        environment={
            "MODEL_URL": "ibm scoring address",
            "AUTH_URL": "ibm login address",
            "AUTH_USERNAME": "ibm user",
            "AUTH_PASSWORD": "ibm password",
        },
    ),
    Step(
        TUTORIAL,
        "the application, with a token that begins with `Bearer` as its sample says",
        'AUTH_TOKEN="Bearer <value-of-access-token>" python creditriskapp.py',
        {"<value-of-access-token>": "ibm token"},
        SHOWN,
        shows_the_percentage,
        files={"loan.json": LOAN},
        environment={"MODEL_URL": "ibm scoring address"},
    ),
]
