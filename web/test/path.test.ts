import assert from "node:assert/strict";
import { test } from "node:test";
import { type Paths, dots, strokes } from "../src/path/model.ts";

const end = (iri: string) => ({ iri, label: iri.toUpperCase(), kind: "k" });
const tie = (claim: string, subject: string, object: string) => ({ claim, subject, object, label: "l", details: "", when: "2024", standing: "holds" });
const PATHS: Paths = {
  from: "a",
  to: "c",
  ways: [
    { cost: 2, hops: [{ from: end("a"), to: end("b"), ties: [tie("1", "a", "b")] }, { from: end("b"), to: end("c"), ties: [tie("2", "c", "b")] }] },
    { cost: 3, hops: [{ from: end("a"), to: end("b"), ties: [tie("1", "a", "b")] }, { from: end("b"), to: end("c"), ties: [tie("3", "b", "c")] }] },
  ],
};

test("entities and claims of several ways are drawn once", () => {
  assert.deepEqual(dots(PATHS).map((dot) => [dot.id, dot.centre]), [["a", true], ["b", false], ["c", true]]);
  assert.deepEqual(strokes(PATHS).map((stroke) => [stroke.source, stroke.target, stroke.caption]), [["a", "b", "l · 2024"], ["c", "b", "l · 2024"], ["b", "c", "l · 2024"]]);
});
