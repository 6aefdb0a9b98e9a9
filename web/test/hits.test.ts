import assert from "node:assert/strict";
import { test } from "node:test";
import { kept, pageOf, rootOf, slug } from "../src/addresses.ts";
import { type Hit, line, matches, step } from "../src/hits.ts";

const HIT: Hit = {
  iri: "https://w3id.org/armature/id/belgium",
  label: "Belgium",
  labels: { en: "Belgium", fr: "Belgique" },
  names: ["Belgium", "Belgique"],
  matched: "Belgique",
  kind: "https://w3id.org/armature/def/State",
  kindLabel: "state",
  kindLabels: { en: "state", fr: "État" },
  claims: 30,
};
const formerly = (name: string) => `formerly ${name}`;

test("a hit is shown in the language of the page, with the name that matched where the label does not", () => {
  assert.deepEqual(line(HIT, "en", "belgiq", formerly), { label: "Belgium", kind: "state", beside: "Belgique" });
  assert.deepEqual(line(HIT, "fr", "belgiq", formerly), { label: "Belgique", kind: "État", beside: "" });
  assert.equal(line(HIT, "en", "BÉL", formerly).beside, "");
  assert.equal(line(HIT, "de", "belg", formerly).label, "Belgium");
});

test("a name that is borne no longer is called so", () => {
  const renamed = { ...HIT, formerly: "Low Countries", matched: "Low Countries" };
  assert.equal(line(renamed, "en", "low", formerly).beside, "formerly Low Countries");
});

test("words are compared without accents, in any order", () => {
  assert.ok(matches("Sébastien Lecornu", "lec seb"));
  assert.ok(!matches("Sébastien Lecornu", "cornu"));
});

test("the arrow keys walk through the list and back to the box", () => {
  assert.deepEqual([step(-1, 1, 2), step(0, 1, 2), step(1, 1, 2)], [0, 1, -1]);
  assert.deepEqual([step(-1, -1, 2), step(1, -1, 2), step(0, -1, 2)], [1, 0, -1]);
});

test("addresses stay on this server, behind any prefix, and keep the reader's dates", () => {
  assert.equal(rootOf("http://h/armature/search", "/search"), "/armature");
  assert.equal(rootOf("/search", "/search"), "");
  assert.equal(pageOf(HIT.iri, "/a", "?asOf=2024-05-21&q=x"), "/a/id/belgium.html?asOf=2024-05-21");
  assert.equal(pageOf("http://schema.org/name", "/a"), "http://schema.org/name");
  assert.equal(kept("?lang=fr&knownOn=&page=3").toString(), "lang=fr");
  assert.equal(slug(HIT.iri), "belgium");
});
