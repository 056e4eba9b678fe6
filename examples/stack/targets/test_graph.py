import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from django.test import TestCase, override_settings

ROWS = [
    [["c1ccccc1", "FG|O[Xe]", False, None], ["Oc1ccc(-c2ccccc2)cc1", "RING|[Xe]c1ccccc1", True, "EXAMPLE:1"]],
    ["smiles", "label", "larger", "number"],
]


def answered(rows, columns):
    return json.dumps({"results": [{"columns": columns, "data": [{"row": row} for row in rows]}], "errors": []})


class Graph:
    """Speaks what Neo4j speaks over HTTP: says what it is told to, and keeps what it was asked."""

    def __init__(self, status=200, body="", **headers):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append((self.path, self.headers["Authorization"], question))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Fragments(TestCase):
    def get(self, graph, smiles="", auth="none"):
        with override_settings(NEO4J_URL=graph.url, NEO4J_AUTH=auth):
            return self.client.get("/fragments/", {"smiles": smiles} if smiles else {})

    def refused(self, answer, sentence):
        self.assertContains(answer, sentence, status_code=503)
        self.assertEqual(self.client.get("/healthz").status_code, 200)

    def test_the_neighbours_of_a_molecule_are_shown_with_what_they_differ_by(self):
        with Graph(body=answered(*ROWS)) as graph:
            page = self.get(graph, "Oc1ccccc1").content.decode()
        self.assertInHTML("<td>minus FG|O[Xe]</td>", page)
        self.assertInHTML("<td>plus RING|[Xe]c1ccccc1</td>", page)
        self.assertInHTML('<a href="?smiles=Oc1ccc%28-c2ccccc2%29cc1">Oc1ccc(-c2ccccc2)cc1</a>', page)
        self.assertIn("EXAMPLE:1", page)

    def test_the_molecule_is_a_parameter_and_never_part_of_the_statement(self):
        with Graph(body=answered(*ROWS)) as graph:
            self.get(graph, "'}) DETACH DELETE n //")
        [(path, _, question)] = graph.asked
        self.assertEqual(path, "/db/data/transaction/commit")
        self.assertEqual(question["statements"][0]["parameters"]["smiles"], "'}) DETACH DELETE n //")
        self.assertNotIn("DELETE", question["statements"][0]["statement"])

    def test_without_a_molecule_there_are_some_to_start_from(self):
        with Graph(body=answered([["Oc1ccccc1", "EXAMPLE:4"]], ["smiles", "number"])) as graph:
            page = self.get(graph).content.decode()
        self.assertInHTML('<li><a href="?smiles=Oc1ccccc1">Oc1ccccc1</a> EXAMPLE:4</li>', page)

    def test_a_molecule_that_the_graph_does_not_know_is_no_error(self):
        with Graph(body=answered([], ROWS[1])) as graph:
            self.assertContains(self.get(graph, "CC"), "does not know this molecule")

    def test_text_from_outside_is_shown_and_not_interpreted(self):
        with Graph(body=answered([["<script>", "<b>", True, "<i>"]], ROWS[1])) as graph:
            page = self.get(graph, "<script>alert").content.decode()
        self.assertNotIn("<script>", page)
        self.assertNotIn("<b>", page)

    def test_the_login_is_sent_when_there_is_one(self):
        with Graph(body=answered(*ROWS)) as graph:
            self.get(graph, "C", "neo4j/a/b")
            self.get(graph, "C", "none")
        self.assertEqual([login for _, login, _ in graph.asked], ["Basic bmVvNGo6YS9i", None])

    def test_a_stack_without_a_graph_says_so(self):
        with override_settings(NEO4J_URL=""):
            self.assertContains(self.client.get("/fragments/"), "This stack has no graph.")

    def test_a_graph_that_is_down_is_a_sentence_and_breaks_no_other_page(self):
        graph = Graph()
        graph.server.server_close()
        self.refused(self.get(graph, "C"), "No fragments now: the graph does not answer.")

    def test_a_login_that_is_refused_is_said_without_it(self):
        with Graph(status=401) as graph:
            answer = self.get(graph, "C", "neo4j/s3cret")
        self.refused(answer, "the graph refused the login")
        self.assertNotIn("s3cret", answer.content.decode())

    def test_a_question_that_is_refused_is_named_by_its_code_alone(self):
        errors = [{"code": "Neo.ClientError.Statement.SyntaxError", "message": "at 10.0.0.1"}]
        with Graph(body=json.dumps({"results": [], "errors": errors})) as graph:
            answer = self.get(graph, "C")
        self.refused(answer, "Neo.ClientError.Statement.SyntaxError")
        self.assertNotIn("10.0.0.1", answer.content.decode())

    def test_what_is_not_neo4j_is_refused(self):
        for body in ["", "hello", "[]", "{}", '{"errors": [], "results": []}', '{"errors": [{}]}', '{"errors": 1}']:
            with self.subTest(body), Graph(body=body) as graph:
                self.refused(self.get(graph, "C"), "not one of Neo4j")

    def test_the_login_is_not_taken_elsewhere(self):
        with Graph(body=answered(*ROWS)) as other, Graph(status=302, Location=other.url) as graph:
            self.refused(self.get(graph, "C", "neo4j/s3cret"), "the graph answered with 302")
        self.assertEqual(other.asked, [])

    def test_an_address_that_is_none_is_a_sentence_too(self):
        with override_settings(NEO4J_URL="graph:7474"):
            self.refused(self.client.get("/fragments/"), "the graph does not answer")
