"""H2O's tutorial of scoring pipelines: its two lines of curl."""

from __future__ import annotations

from tests.acceptance.tutorials.step import Step, World, said

TUTORIAL = "H2O Driverless AI"
LABELS = ["3", "20", "100"]
FIELDS = """["psa_bar", "psb_bar", "psc_bar", "psd_bar", "pse_bar", "psf_bar", "fsa_vol_flow", "fsb_vol_flow", \
"tsa_temp", "tsb_temp", "tsc_temp", "tsd_temp", "pump_eff", "vs_vib", "cool_pwr_pct", "eff_fact_pct"]"""
ROW = """["155.63356018066406", "104.73638916015625", "1.0683131217956543", "9.200000204145908e-05", \
"8.365800857543945", "8.322537422180176", "2.063558340072632", "8.871089935302734", "35.319183349609375", \
"40.97876739501953", "38.31816482543945", "30.479415893554688", "2365.8671875", "0.531166672706604", \
"1.2421833276748657", "18.2766170501709"]"""
TEST_ROW = """["155.56646728515625", "104.93318176269531", "0.862698495388031", "0.00021100000594742596", \
"8.37287425994873", "8.321526527404785", "2.0819649696350098", "8.871089935302734", "35.355934143066406", \
"40.99454879760742", "38.31908416748047", "30.47344970703125", "2366.707275390625", "0.5243666768074036", \
"1.3755667209625244", "19.58085060119629"]"""
REST = f"""curl \\
\t-X POST \\
\t-d '{{"fields": {FIELDS}, "rows": [{ROW}]}}' \\
\thttp://ec2-52-13-123-150.us-west-2.compute.amazonaws.com:9090/model/score \\
\t-H "Content-Type: application/json"
"""
LAMBDA = """curl \\
   -X POST \\
   -d @test.json \\
   -H "x-api-key: <api key>" \\
   https://63lfbbts06.execute-api.us-west-1.amazonaws.com/test/score
"""


def scores_the_row(world: World, answer: str) -> None:
    """One row of a probability for each class, all of them text."""
    told = said(answer)
    assert told["fields"] == [f"cool_cond_y.{label}" for label in LABELS]
    [row] = told["score"]
    assert all(isinstance(cell, str) for cell in row)
    assert abs(sum(map(float, row)) - 1) < 1e-5


H2O = [
    Step(
        TUTORIAL,
        "a row to the REST server",
        REST,
        {"http://ec2-52-13-123-150.us-west-2.compute.amazonaws.com:9090": "h2o host of an open server"},
        "cool_cond_y.3 = 0.3135, cool_cond_y.20 = 0.0225, cool_cond_y.100 = 0.6641",
        scores_the_row,
    ),
    Step(
        TUTORIAL,
        "test.json to AWS Lambda",
        LAMBDA,
        {"https://63lfbbts06.execute-api.us-west-1.amazonaws.com": "h2o host", "<api key>": "h2o key"},
        "cool_cond_y.3 = 0.2838, cool_cond_y.20 = 0.1479, cool_cond_y.100 = 0.5683",
        scores_the_row,
        files={"test.json": f'{{\n   "fields": {FIELDS},\n   "rows": [{TEST_ROW}]\n}}\n'},
    ),
]
