#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds JSON documents against a schema: validate.py [--lines] [--open] [--at MEMBER] SCHEMA FILE.

Published schemas let readers ignore members that later versions add; here every member must be known, so that a
member without a description in docs/schema fails. --open checks as a reader would. Exit status 77: no jsonschema."""
import argparse
import json
import sys

try:
    import jsonschema
except ImportError:
    print("SKIP: python3-jsonschema is not installed")
    sys.exit(77)


def close(schema):
    """No object may have members that its schema does not describe."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", action="store_true", help="one document per line")
    parser.add_argument("--open", action="store_true", help="unknown members are allowed")
    parser.add_argument("--at", help="the member of the document to check")
    parser.add_argument("schema")
    parser.add_argument("file")
    options = parser.parse_args()
    with open(options.schema, encoding="utf-8") as stream:
        schema = json.load(stream)
    if not options.open:
        close(schema)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema, format_checker=jsonschema.FormatChecker())
    with open(options.file, encoding="utf-8") as stream:
        documents = [json.loads(line) for line in stream] if options.lines else [json.load(stream)]
    failed = False
    for document in documents:
        error = jsonschema.exceptions.best_match(validator.iter_errors(document[options.at] if options.at else document))
        if error:
            failed = True
            print("/".join(map(str, error.absolute_path)) + ": " + error.message[:300], file=sys.stderr)
    sys.exit(failed)


main()
