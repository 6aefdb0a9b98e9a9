import assert from "node:assert/strict";
import { test } from "node:test";
import { data, read, written } from "../src/graph/address.ts";
import { bends, curve } from "../src/graph/geometry.ts";
import { type Box, fitting, inside, overlaps, wrapped } from "../src/graph/labels.ts";
import { layout } from "../src/graph/layout.ts";
import { type Line, type Picture, caption, monthEnd, months, monthsBetween, narrowed, standing } from "../src/graph/model.ts";

const ID = "https://w3id.org/armature/id/";

function line(subject: string, object: string, more: Partial<Line> = {}): Line {
  return {
    claim: `c-${subject}-${object}`, subject, object, relation: "def/partOf", label: "is part of", details: "", when: "",
    earliest: "", latest: "", begun: "", ended: "", standing: "holds", ...more,
  };
}

const PICTURE: Picture = {
  of: ["a"],
  total: 3,
  recordDate: "2026-01-31",
  standings: { holds: "holds", past: "past", announced: "not realised", over: "over" },
  nodes: ["a", "b", "c", "d"].map((iri) => ({ iri, label: iri, kind: "k", kindLabel: "k", ties: 1 })),
  lines: [
    line("a", "b", { relation: "def/holdsStakeIn", details: "20 %", when: "since 2019", earliest: "2019-01-01" }),
    line("a", "c", { earliest: "2014-10-10", latest: "2018-11-12" }),
    line("d", "a", { begun: "2025-06-01" }),
  ],
  relations: [
    { iri: "def/holdsStakeIn", name: "holdsStakeIn", label: "holds a stake in", count: 1 },
    { iri: "def/partOf", name: "partOf", label: "is part of", count: 2 },
  ],
};
const CHOICE = { of: ["a"], without: [], hide: [], asOf: "" };

test("a picture is narrowed by relation, by entity and by day", () => {
  assert.equal(narrowed(PICTURE, CHOICE).lines.length, 3);
  assert.deepEqual(narrowed(PICTURE, { ...CHOICE, hide: ["partOf"] }).nodes.map((node) => node.iri), ["a", "b"]);
  assert.deepEqual(narrowed(PICTURE, { ...CHOICE, without: ["b", "c", "d"] }).nodes.map((node) => node.iri), ["a"]);
  const early = narrowed(PICTURE, { ...CHOICE, asOf: "2015-01-01" });
  assert.deepEqual(early.lines.map((one) => [one.claim, one.standing]), [["c-a-c", "holds"], ["c-d-a", "announced"]]);
});

test("how a line stands depends on the day", () => {
  const owned = line("a", "b", { begun: "2020-01-01", ended: "2024-01-01", latest: "2024-06-01" });
  assert.deepEqual(["2019-01-01", "2021-01-01", "2024-02-01", "2025-01-01"].map((day) => standing(owned, day)), [
    "announced", "holds", "over", "past",
  ]);
});

test("a caption has relation, share and dates", () => {
  assert.equal(caption(PICTURE.lines[0] as Line), "is part of · 20 % · since 2019");
});

test("the slider goes from the first month to that of the record", () => {
  assert.deepEqual(months(PICTURE), ["2014-10", "2026-01"]);
  assert.equal(monthsBetween("2014-10", "2026-01"), 135);
  assert.equal(monthEnd("2014-10", 0), "2014-10-31");
  assert.equal(monthEnd("2014-10", 16), "2016-02-29");
});

test("the address is the state, and is read back as it was written", () => {
  const chosen = { of: [`${ID}arquus`, `${ID}knds`], without: [`${ID}france`], hide: ["partOf"], asOf: "2024-05-31" };
  const query = written(chosen, "?lang=fr&knownOn=2024-06-01&of=old");
  assert.equal(query, "lang=fr&knownOn=2024-06-01&of=arquus&of=knds&without=france&hide=partOf&asOf=2024-05-31");
  assert.deepEqual(read(`?${query}`), chosen);
  assert.deepEqual(read("?of=id:arquus&hide=kg:partOf").of, [`${ID}arquus`]);
  assert.equal(data(chosen, `?${query}`), "lang=fr&knownOn=2024-06-01&of=arquus&of=knds");
});

test("three hundred nodes are laid out apart, the same each time, within two seconds of work", () => {
  const wanted = Array.from({ length: 300 }, (_, i) => ({ id: `n${i}`, reach: 60, centre: i === 0 }));
  const pairs = wanted.slice(1).map((one, i): [string, string] => [one.id, i < 60 ? "n0" : `n${1 + (i % 60)}`]);
  const begun = process.cpuUsage();
  const places = layout(wanted, pairs);
  assert.ok(process.cpuUsage(begun).user < 2_000_000, String(process.cpuUsage(begun).user));
  const again = layout(wanted, pairs);
  const all = [...places.values()];
  assert.deepEqual(all.map((p) => [p.x, p.y]), [...again.values()].map((p) => [p.x, p.y]));
  let close = 0;
  all.forEach((a, i) => all.slice(i + 1).forEach((b) => (close += Number(Math.hypot(a.x - b.x, a.y - b.y) < 30))));
  assert.equal(close, 0, "no two circles touch");
});

test("nodes that were there keep their places when others come", () => {
  const wanted = ["a", "b", "c"].map((id) => ({ id, reach: 40, centre: id === "a" }));
  const before = layout(wanted, [["a", "b"], ["a", "c"]]);
  const after = layout([...wanted, { id: "d", reach: 40, centre: false }], [["a", "b"], ["a", "c"], ["c", "d"]], before);
  const moved = ["a", "b", "c"].map((id) => Math.hypot((after.get(id)?.x ?? 0) - (before.get(id)?.x ?? 0), (after.get(id)?.y ?? 0) - (before.get(id)?.y ?? 0)));
  assert.ok(Math.max(...moved) < 120, String(moved));
});

test("no label is shown over another, and the weightiest first", () => {
  const boxes = Array.from({ length: 200 }, (_, i): Box => ({
    id: `b${i}`, x: (i * 37) % 600, y: (i * 53) % 400, width: 90, height: 28, weight: i,
  }));
  const shown = boxes.filter((box) => fitting(boxes).has(box.id));
  assert.ok(shown.length > 15);
  assert.ok(shown.some((box) => box.id === "b199"));
  shown.forEach((a, i) => shown.slice(i + 1).forEach((b) => assert.ok(!overlaps(a, b))));
});

test("a long label has two lines at most", () => {
  assert.deepEqual(wrapped("Belgium"), ["Belgium"]);
  assert.deepEqual(wrapped("French Ministry of the Armed Forces and of much else"), ["French Ministry of the", "Armed Forces and of…"]);
});

test("lines between the same two nodes run side by side", () => {
  const aside = bends([["a", "b"], ["b", "a"], ["a", "c"]]);
  assert.deepEqual(aside, [-17, -17, 0]);
  const [one, other] = [curve({ x: 0, y: 0 }, { x: 100, y: 0 }, 10, -17), curve({ x: 100, y: 0 }, { x: 0, y: 0 }, 10, -17)];
  assert.ok(Math.abs(one.middle.y - other.middle.y) > 15);
});

test("a label at the edge moves inside, that of a node outside does not", () => {
  assert.equal(inside(200, 100, 390), 0);
  assert.equal(inside(30, 100, 390), 20);
  assert.equal(inside(370, 100, 390), -30);
  assert.equal(inside(-5, 100, 390), 0);
  assert.equal(inside(395, 100, 390), 0);
  assert.equal(inside(30, 500, 390), 0);
});
