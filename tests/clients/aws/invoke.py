"""What a user of boto3 does with an endpoint of SageMaker's: URL and key are arguments, the endpoint is `loans`."""

import io
import json
import sys

import boto3
from botocore.exceptions import ClientError

url, key = sys.argv[1:]
ROWS = [[90.0, 40, "Oslo"], [10.0, 40, "Rome"]]
runtime = boto3.client(
    "sagemaker-runtime",
    endpoint_url=url,
    region_name="eu-west-1",
    aws_access_key_id=key,
    aws_secret_access_key="not looked at",
)


def invoke(body, content_type, **more):
    answer = runtime.invoke_endpoint(EndpointName="loans", Body=body, ContentType=content_type, **more)
    return answer, answer["Body"].read().decode()


csv = "".join(",".join(map(str, row)) + "\n" for row in ROWS)
lines = "\n".join(json.dumps({"features": row}) for row in ROWS)
told = {"version": boto3.__version__}
answer, text = invoke(csv, "text/csv", Accept="text/csv", CustomAttributes="trace=7")
told["csv"] = text.splitlines()
told["attributes"] = answer["CustomAttributes"]
told["variant"] = answer["InvokedProductionVariant"]
told["request_id"] = answer["ResponseMetadata"]["RequestId"]
told["json"] = json.loads(invoke(json.dumps({"instances": ROWS}), "application/json")[1])
told["lines"] = [
    json.loads(line) for line in invoke(lines, "application/jsonlines", Accept="application/jsonlines")[1].splitlines()
]
told["file"] = json.loads(invoke(io.BytesIO(csv.encode()), "text/csv")[1])
answer, _ = invoke(csv, "text/csv", TargetVariant="version-1", InferenceId="shop-42")
told["inference id"] = answer["ResponseMetadata"]["RequestId"]
answer = runtime.invoke_endpoint(EndpointName="many", TargetModel="loans.tar.gz", Body=csv, ContentType="text/csv")
told["target model"] = json.loads(answer["Body"].read())
try:
    invoke(csv, "text/csv", TargetVariant="version-9")
except ClientError as error:
    told["wrong variant"] = error.response["Error"]["Message"]
try:
    invoke("1,2\n", "text/csv")
except ClientError as error:
    told["wrong row"] = error.response["Error"]
try:
    runtime.invoke_endpoint(EndpointName="nothing", Body=csv, ContentType="text/csv")
except ClientError as error:
    told["unknown endpoint"] = error.response["Error"]
stranger = boto3.client(
    "sagemaker-runtime",
    endpoint_url=url,
    region_name="eu-west-1",
    aws_access_key_id="sl_nobody",
    aws_secret_access_key="x",
)
try:
    stranger.invoke_endpoint(EndpointName="loans", Body=csv, ContentType="text/csv")
except ClientError as error:
    told["wrong key"] = error.response["Error"]["Code"]
print(json.dumps(told))
