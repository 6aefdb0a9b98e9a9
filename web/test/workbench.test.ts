import assert from "node:assert/strict";
import { test } from "node:test";
import { declared } from "../src/workbench/prefixes.ts";
import { chartable, iris, read, shortened, triples } from "../src/workbench/results.ts";
import { fitting } from "../src/workbench/service.ts";
import { picture } from "../src/workbench/triples.ts";

const KNOWN = { kg: "https://w3id.org/armature/def/", id: "https://w3id.org/armature/id/", code: "https://w3id.org/armature/code/", role: "https://w3id.org/armature/code/role/" };

test("answers are read by their media type", () => {
  const rows = read('{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"uri","value":"http://a"}},{}]}}', "application/sparql-results+json");
  assert.ok(rows.kind === "rows" && rows.rows.length === 2 && rows.columns[0] === "x");
  assert.deepEqual(iris(rows), ["http://a"]);
  const asked = read('{"head":{},"boolean":false}', "application/sparql-results+json");
  assert.ok(asked.kind === "boolean" && !asked.value);
});

test("triples are read with escapes, languages, datatypes and blank nodes", () => {
  const found = triples('<http://a> <http://p> "l\\u00e9\\"x\\n"@fr-BE .\n_:b1 <http://p> "3"^^<http://int> .\n\n# no triple\n');
  assert.equal(found.length, 2);
  assert.deepEqual(found[0]?.[2], { type: "literal", value: 'lé"x\n', "xml:lang": "fr-BE" });
  assert.deepEqual(found[1]?.[0], { type: "bnode", value: "b1" });
  assert.equal(found[1]?.[2].datatype, "http://int");
});

test("an IRI is shortened by the longest prefix that fits", () => {
  assert.equal(shortened(`${KNOWN.role}buyer`, KNOWN), "role:buyer");
  assert.equal(shortened("http://elsewhere/x", KNOWN), "http://elsewhere/x");
  assert.equal(shortened(`${KNOWN.id}a/b`, KNOWN), `${KNOWN.id}a/b`);
});

test("a query gets the prefixes that it uses, and loses ours that it does not", () => {
  const query = "PREFIX id: <https://w3id.org/armature/id/>\nPREFIX x: <http://x/>\nSELECT * { ?a kg:share ?b . FILTER(STR(?a) = 'role:x') } # code:y";
  assert.equal(declared(query, KNOWN), "PREFIX kg: <https://w3id.org/armature/def/>\nPREFIX x: <http://x/>\nSELECT * { ?a kg:share ?b . FILTER(STR(?a) = 'role:x') } # code:y");
  assert.equal(declared(declared(query, KNOWN), KNOWN), declared(query, KNOWN));
  assert.equal(declared("SELECT * { <http://kg:8000/> ?p ?o }", KNOWN), "SELECT * { <http://kg:8000/> ?p ?o }");
});

test("a chart has columns of numbers, and others to name them", () => {
  const rows = [{ a: { type: "uri" as const, value: "x" }, n: { type: "literal" as const, value: "3" } }, { n: { type: "literal" as const, value: "4.5" } }];
  assert.deepEqual(chartable(["a", "n"], rows), { names: ["a"], numbers: ["n"] });
});

test("suggestions begin with what was typed, by name or by label", () => {
  const all = [
    { text: "kg:hasFirm", label: "has a firm", sort: "relation" },
    { text: "kg:Firm", label: "firm", sort: "class" },
    { text: "role:buyer", label: "buying party", sort: "role" },
  ];
  assert.deepEqual(fitting(all, "kg:Fi").map((one) => one.text), ["kg:Firm"]);
  assert.deepEqual(fitting(all, "fir").map((one) => one.text), ["kg:Firm", "kg:hasFirm"]);
  assert.deepEqual(fitting(all, "buying").map((one) => one.text), ["role:buyer"]);
});

test("triples are drawn with their labels and kinds, 300 things at most", () => {
  const type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
  const text = [`<a> <${type}> <k/Firm> .`, '<a> <http://www.w3.org/2000/01/rdf-schema#label> "Aleph"@en .', "<a> <p/owns> <b> ."].join("\n");
  const { dots, strokes, left } = picture(triples(text), new Map(), "en");
  assert.deepEqual(dots.map((dot) => [dot.label, dot.kind]), [["Aleph", "k/Firm"], ["b", "Entity"]]);
  assert.deepEqual(strokes.map((stroke) => stroke.caption), ["owns"]);
  assert.equal(left, 0);
  const many = Array.from({ length: 400 }, (_, n) => `<hub> <p> <n${n}> .`).join("\n");
  assert.deepEqual([picture(triples(many), new Map(), "en").dots.length, picture(triples(many), new Map(), "en").left], [300, 101]);
});
