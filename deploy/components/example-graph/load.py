"""Runs the statements of a file of Cypher against Neo4j, over HTTP. Waits for the graph; ends with 1 when a statement is refused."""

import base64
import json
import os
import re
import sys
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PATIENCE_SECONDS = 600


def run(statement):
    """Each in a transaction of its own: a constraint and data may not share one. Gives the rows."""
    headers = {"Content-Type": "application/json"}
    auth = os.environ.get("NEO4J_AUTH", "none")
    if auth != "none":
        headers["Authorization"] = "Basic " + base64.b64encode(auth.replace("/", ":", 1).encode()).decode()
    body = json.dumps({"statements": [{"statement": statement}]}).encode()
    request = Request(os.environ["NEO4J_URL"] + "/db/data/transaction/commit", body, headers)
    with urlopen(request, timeout=60) as answer:
        told = json.load(answer)
    if told["errors"]:
        sys.exit(f"refused: {told['errors'][0]['code']}: {told['errors'][0]['message'][:500]}")
    return [data["row"] for data in told["results"][0]["data"]]


def wait():
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return run("RETURN 1")
        except HTTPError as error:  # it is there and says no: waiting does not help
            sys.exit(f"refused: HTTP {error.code}" + (": is neo4j-auth the password of the first start?" if error.code == 401 else ""))
        except (URLError, OSError) as error:
            if time.monotonic() > deadline:
                sys.exit(f"waited {PATIENCE_SECONDS} s in vain for {os.environ['NEO4J_URL']}: {error}")
            time.sleep(1)


def main(file):
    with open(file) as text:
        lines = [line for line in text if not line.startswith("//")]
    wait()
    for statement in re.split(r";\s*$", "".join(lines), flags=re.MULTILINE):
        if statement.strip():
            run(statement)
    [[molecules]] = run("MATCH (molecule:F2) RETURN count(molecule)")
    [[edges]] = run("MATCH (:F2)-[edge:F2EDGE]->(:F2) RETURN count(edge)")
    print(f"loaded: the graph has {molecules} molecules and {edges} edges", flush=True)


main(sys.argv[1])
