"""The fragment network in Neo4j, asked over HTTP with the standard library: neither a driver nor a connection that stays open."""

import base64
import json
from http.client import HTTPException
from typing import Any, Dict, List
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from django.conf import settings

# A page is asked for by people: better a sentence soon than an answer late.
TIMEOUT_SECONDS = 5
MOST_ROWS = 100
MOST_BYTES = 1 << 20


class GraphError(Exception):
    """Why the graph gave no answer, in a sentence that may be shown: no address, no password, nothing that it said itself."""


class NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_):
        """The password goes to the graph and nowhere else."""
        return None


def molecules() -> List[Dict[str, Any]]:
    """The largest molecules that can be bought: where to start."""
    return ask(
        "MATCH (molecule:EM) RETURN molecule.smiles AS smiles, molecule.EM AS number"
        " ORDER BY molecule.hac DESC, smiles LIMIT $most",
        most=MOST_ROWS,
    )


def neighbours(smiles: str) -> List[Dict[str, Any]]:
    """What differs from the molecule by one part: `label` names the part, `larger` says whether the neighbour is the one that has it."""
    return ask(
        "MATCH (molecule:F2 {smiles: $smiles})-[edge:F2EDGE]-(other:F2)"
        " RETURN other.smiles AS smiles, edge.label AS label, endNode(edge) = molecule AS larger, other.EM AS number"
        " ORDER BY larger, smiles, label LIMIT $most",
        smiles=smiles,
        most=MOST_ROWS,
    )


def ask(statement: str, **parameters: Any) -> List[Dict[str, Any]]:
    answer = send({"statements": [{"statement": statement, "parameters": parameters}]})
    try:
        if answer["errors"]:
            raise GraphError(f"the graph refused the question ({str(answer['errors'][0]['code'])[:100]})")
        result = answer["results"][0]
        return [dict(zip(result["columns"], data["row"])) for data in result["data"]]
    except (KeyError, IndexError, TypeError):
        raise GraphError("the graph's answer is not one of Neo4j") from None


def send(body: Dict[str, Any]) -> Any:
    url = settings.NEO4J_URL.rstrip("/") + "/db/data/transaction/commit"
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if settings.NEO4J_AUTH not in ("", "none"):
        login = settings.NEO4J_AUTH.replace("/", ":", 1)
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    # No proxy of the environment: the graph is in the cluster.
    opener = build_opener(ProxyHandler({}), NoRedirects())
    try:
        with opener.open(Request(url, json.dumps(body).encode(), headers), timeout=TIMEOUT_SECONDS) as answer:
            return json.loads(answer.read(MOST_BYTES))
    except HTTPError as error:
        error.close()
        raise GraphError("the graph refused the login" if error.code == 401 else f"the graph answered with {error.code}") from None
    except (OSError, HTTPException):
        raise GraphError("the graph does not answer") from None
    except ValueError:  # not a URL, or not JSON
        raise GraphError("the graph's answer is not one of Neo4j") from None
