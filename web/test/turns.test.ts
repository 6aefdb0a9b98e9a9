import assert from "node:assert/strict";
import { test } from "node:test";
import { oneByOne } from "../src/turns.ts";

test("each thing has a turn of its own, in order", () => {
  const waiting: (() => void)[] = [];
  const done: string[] = [];
  oneByOne(["a", "b"], (one) => done.push(one), (work) => waiting.push(work));
  assert.deepEqual(done, []);
  for (const expected of [["a"], ["a", "b"], ["a", "b"]]) {
    waiting.shift()?.();
    assert.deepEqual(done, expected);
  }
  assert.equal(waiting.length, 0);
});
