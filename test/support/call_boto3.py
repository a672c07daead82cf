"""Calls the operation of boto3 that standard input names, and prints its answer or error as JSON."""

import json
import sys

import boto3
from botocore.exceptions import ClientError
from botocore.response import StreamingBody


def as_json(value: object) -> str:
    return value.read().decode() if isinstance(value, StreamingBody) else str(value)


call = json.load(sys.stdin)
client = boto3.client(call["service"], endpoint_url=call["url"], region_name=call["region"])
try:
    answer = getattr(client, call["operation"])(**call["input"])
except ClientError as error:
    answer = error.response
json.dump(answer, sys.stdout, default=as_json)
