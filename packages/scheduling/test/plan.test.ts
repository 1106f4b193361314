import assert from "node:assert/strict";
import test from "node:test";
import { checkPlan, planScheduling } from "@nodeless/scheduling";
import fc from "fast-check";
import { randomInput } from "./random-input.ts";

test("every plan passes the independent checker", () => {
  fc.assert(
    fc.property(randomInput, (situation) => {
      assert.deepEqual(checkPlan(situation, planScheduling(situation)), []);
    }),
    { numRuns: 400 },
  );
});

test("equal input gives an equal plan", () => {
  fc.assert(
    fc.property(randomInput, (situation) => {
      assert.deepEqual(planScheduling(situation), planScheduling(situation));
    }),
    { numRuns: 30 },
  );
});
