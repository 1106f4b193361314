import assert from "node:assert/strict";
import { test } from "node:test";
import type { PackingProblem, PackingShape, SolveLimits } from "../src/certified/problem.ts";
import { fastPacking, solvePacking } from "../src/certified/search/index.ts";
import { firstFit } from "./packing-first-fit.ts";
import { packingProblems } from "./packing-problems.ts";
import { bruteForceUsdPerHour, randomProblem } from "./search-problems.ts";

const SMALL = { shapes: 6, podsOfShape: 8, offerings: 6, classes: 3, existing: 3, hostRules: 3 };
const LARGE = { shapes: 300, podsOfShape: 4, offerings: 40, classes: 6, existing: 20, hostRules: 5 };
const TINY = { shapes: 4, podsOfShape: 2, offerings: 4, classes: 2, existing: 1, hostRules: 1 };

/** A budget of tries only. */
const tries = (triesMax: number, seed = 1): SolveLimits => ({
  elapsedMs: () => 0,
  timeMs: Number.POSITIVE_INFINITY,
  triesMax,
  seed,
});

const gears = {
  fastPacking,
  firstFit,
  solvePacking: (problem: PackingProblem) => solvePacking(problem, tries(200)).packing,
};

for (const [name, pack] of Object.entries(gears))
  test(`${name} places every pod once, within capacity, masks and host rules`, () => {
    for (let seed = 0; seed < 150; seed += 1) {
      const problem = randomProblem(seed, seed % 5 === 0 ? LARGE : SMALL);
      assert.deepEqual(packingProblems(problem, pack(problem)), [], `seed ${seed}`);
    }
  });

test("what is unplaced fits no offering", () => {
  for (let seed = 0; seed < 150; seed += 1) {
    const problem = randomProblem(seed, SMALL);
    for (const { shape } of solvePacking(problem, tries(100)).packing.unplaced) {
      const alone = {
        ...problem,
        existing: [],
        shapes: problem.shapes.map((one, index) => withPods(one, index === shape ? 1 : 0)),
      };
      assert.equal(bruteForceUsdPerHour(alone), Number.POSITIVE_INFINITY, `seed ${seed}`);
    }
  }
});

const withPods = (shape: PackingShape, pods: number): PackingShape => ({ ...shape, pods });

test("small problems are solved to the optimum in at least 95 of 100 cases, and never below it", () => {
  let solved = 0;
  let optimal = 0;
  for (let seed = 0; solved < 300; seed += 1) {
    const problem = randomProblem(seed, TINY);
    const pods = problem.shapes.reduce((sum, shape) => sum + shape.pods, 0);
    const best = pods > 7 ? Number.POSITIVE_INFINITY : bruteForceUsdPerHour(problem);
    if (best === Number.POSITIVE_INFINITY) continue;
    const { packing, prices } = solvePacking(problem, tries(120));
    solved += 1;
    if (packing.unplaced.length > 0) continue;
    assert.ok(packing.costUsdPerHour >= best - 1e-9, `seed ${seed}: ${packing.costUsdPerHour} below ${best}`);
    assert.ok(prices.lowerBoundUsdPerHour <= best + 1e-9, `seed ${seed}: bound above ${best}`);
    if (packing.costUsdPerHour <= best + 1e-9) optimal += 1;
  }
  assert.ok(optimal >= 0.95 * solved, `${optimal} of ${solved}`);
});

test("pods of one kind, and kinds that never share a node, are placed at the lowest price", () => {
  let solved = 0;
  for (let seed = 0; solved < 200; seed += 1) {
    const random = randomProblem(seed, { ...TINY, shapes: 2, podsOfShape: 7, existing: 0, offerings: 6 });
    const apart = {
      ...random,
      shapes: random.shapes.map((shape, index) => ({ ...shape, mask: index })),
      masks: [Uint8Array.of(1, 0), Uint8Array.of(0, 1)],
    };
    const pods = apart.shapes.reduce((sum, shape) => sum + shape.pods, 0);
    const best = pods > 8 ? Number.POSITIVE_INFINITY : bruteForceUsdPerHour(apart);
    if (best === Number.POSITIVE_INFINITY) continue;
    solved += 1;
    assert.deepEqual(packingProblems(apart, fastPacking(apart)), [], `seed ${seed}`);
    assert.ok(Math.abs(fastPacking(apart).costUsdPerHour - best) < 1e-9, `seed ${seed}`);
  }
});

test("at the same price equal pods get fewer nodes, and of very many all but some the best price per pod", () => {
  const problem = (pods: number): PackingProblem => ({
    dimensions: 2,
    shapes: [{ pods, requests: Float64Array.of(1, 1), mask: 0, countedBy: [], owns: [] }],
    offerings: [
      { class: 0, priceUsdPerHour: 1, free: Float64Array.of(10, 10) },
      { class: 0, priceUsdPerHour: 2, free: Float64Array.of(20, 20) },
      { class: 0, priceUsdPerHour: 4, free: Float64Array.of(41, 41) },
    ],
    existing: [],
    classes: 1,
    masks: [Uint8Array.of(1)],
    hostRules: [],
  });
  assert.deepEqual(
    fastPacking(problem(20)).nodes.map(({ offering }) => offering),
    [1],
  );
  const { nodes, costUsdPerHour } = fastPacking(problem(41 * 1_000 + 10));
  assert.equal(nodes.length, 1_001);
  assert.equal(costUsdPerHour, 4_001);
});

test("equal seeds and tries give equal results, whatever the time", () => {
  for (let seed = 0; seed < 10; seed += 1) {
    const problem = randomProblem(seed, LARGE);
    let calls = 0;
    const slow: SolveLimits = { ...tries(300, seed), elapsedMs: () => (calls += 1) };
    assert.deepEqual(solvePacking(problem, tries(300, seed)).packing, solvePacking(problem, slow).packing);
  }
});

test("cost never rises and the bound never falls or passes it", () => {
  for (let seed = 0; seed < 30; seed += 1) {
    const { progress, packing, prices } = solvePacking(randomProblem(seed, LARGE), tries(500));
    for (const [index, point] of progress.entries()) {
      const before = progress[index - 1] ?? point;
      assert.ok(
        point.costUsdPerHour <= before.costUsdPerHour && point.lowerBoundUsdPerHour >= before.lowerBoundUsdPerHour,
      );
      if (packing.unplaced.length === 0)
        assert.ok(point.lowerBoundUsdPerHour <= point.costUsdPerHour + 1e-9, `seed ${seed}`);
    }
    assert.ok(
      Math.abs((progress.at(-1)?.costUsdPerHour ?? 0) - packing.costUsdPerHour) < 1e-3 * packing.costUsdPerHour + 1e-9,
    );
    assert.equal(progress.at(-1)?.lowerBoundUsdPerHour, prices.lowerBoundUsdPerHour);
  }
});

test("more tries never cost more", () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const problem = randomProblem(seed, { ...LARGE, existing: 0 });
    const one = fastPacking(problem).costUsdPerHour;
    assert.ok(solvePacking(problem, tries(400)).packing.costUsdPerHour <= one + 1e-9, `seed ${seed}`);
  }
});

const vcpu = (amount: number): Float64Array => Float64Array.of(amount, amount, 1);
const pod = (amount: number, pods: number, rules: Partial<PackingShape> = {}): PackingShape => ({
  pods,
  requests: vcpu(amount),
  mask: 0,
  countedBy: [],
  owns: [],
  ...rules,
});
const base: PackingProblem = {
  dimensions: 3,
  shapes: [],
  offerings: [
    { class: 0, priceUsdPerHour: 1, free: Float64Array.of(2, 2, 10) },
    { class: 0, priceUsdPerHour: 1.9, free: Float64Array.of(4, 4, 10) },
  ],
  existing: [],
  classes: 1,
  masks: [Uint8Array.of(1)],
  hostRules: [],
};

for (const { rule, problem, want } of [
  { rule: "no pods cost nothing", problem: base, want: { cost: 0, nodes: 0, unplaced: 0 } },
  {
    rule: "shapes without pods take no room",
    problem: { ...base, shapes: [pod(1, 0)] },
    want: { cost: 0, nodes: 0, unplaced: 0 },
  },
  {
    rule: "two halves share the larger node when it is cheaper",
    problem: { ...base, shapes: [pod(2, 2)] },
    want: { cost: 1.9, nodes: 1, unplaced: 0 },
  },
  {
    rule: "a node is no larger than its pods need",
    problem: { ...base, shapes: [pod(1, 5)] },
    want: { cost: 2.9, nodes: 2, unplaced: 0 },
  },
  {
    rule: "pods that ask for nothing still need a node",
    problem: { ...base, shapes: [{ ...pod(0, 3), requests: Float64Array.of(0, 0, 0) }] },
    want: { cost: 1, nodes: 1, unplaced: 0 },
  },
  {
    rule: "room that exists is free",
    problem: { ...base, shapes: [pod(1, 4)], existing: [{ class: 0, free: Float64Array.of(3, 3, 9), hostCounts: [] }] },
    want: { cost: 1, nodes: 1, unplaced: 0 },
  },
  {
    rule: "a pod too large for any offering goes where it fits, before smaller ones",
    problem: {
      ...base,
      shapes: [pod(1, 6), pod(6, 1)],
      existing: [{ class: 0, free: Float64Array.of(6, 6, 9), hostCounts: [] }],
    },
    want: { cost: 2.9, nodes: 2, unplaced: 0 },
  },
  {
    rule: "a pod too large for everything is unplaced, the others are not",
    problem: { ...base, shapes: [pod(5, 2), pod(1, 1)] },
    want: { cost: 1, nodes: 1, unplaced: 2 },
  },
  {
    rule: "pods that repel each other need a node each",
    problem: { ...base, shapes: [pod(1, 3, { owns: [0], countedBy: [0] })], hostRules: [{ max: 1 }] },
    want: { cost: 3, nodes: 3, unplaced: 0 },
  },
  {
    rule: "a rule counts what an existing node already has",
    problem: {
      ...base,
      shapes: [pod(1, 1, { owns: [0], countedBy: [0] })],
      existing: [{ class: 0, free: Float64Array.of(4, 4, 9), hostCounts: [{ rule: 0, counted: 1, owners: 0 }] }],
      hostRules: [{ max: 1 }],
    },
    want: { cost: 1, nodes: 1, unplaced: 0 },
  },
  {
    rule: "a pod may only be where its mask allows",
    problem: {
      ...base,
      shapes: [pod(1, 2), pod(1, 2, { mask: 1 })],
      classes: 2,
      offerings: [
        { class: 0, priceUsdPerHour: 1, free: Float64Array.of(4, 4, 9) },
        { class: 1, priceUsdPerHour: 3, free: Float64Array.of(4, 4, 9) },
      ],
      masks: [Uint8Array.of(1, 1), Uint8Array.of(0, 1)],
    },
    want: { cost: 3, nodes: 1, unplaced: 0 },
  },
] satisfies readonly {
  rule: string;
  problem: PackingProblem;
  want: { cost: number; nodes: number; unplaced: number };
}[])
  test(rule, () => {
    const { packing } = solvePacking(problem, tries(200));
    assert.deepEqual(packingProblems(problem, packing), []);
    const unplaced = packing.unplaced.reduce((sum, { pods }) => sum + pods, 0);
    assert.deepEqual({ cost: packing.costUsdPerHour, nodes: packing.nodes.length, unplaced }, want);
  });

test("nodes that are best for small pods do not leave large ones to any node that holds them all", () => {
  const offering = (priceUsdPerHour: number, cpu: number, memory: number): PackingProblem["offerings"][number] => ({
    class: 0,
    priceUsdPerHour,
    free: Float64Array.of(cpu, memory, 30),
  });
  const problem: PackingProblem = {
    ...base,
    shapes: [pod(0.25, 80), pod(3, 60)],
    offerings: [offering(0.1, 2, 0.6), offering(1, 4, 4), offering(90, 250, 250)],
  };
  const packing = fastPacking(problem);
  assert.deepEqual(packingProblems(problem, packing), []);
  // At best 60: every large pod needs a node of its own and leaves it room for four small ones.
  assert.ok(packing.costUsdPerHour <= 66, `${packing.costUsdPerHour}`);
});

test("the check finds a pod too many, one too few, a wrong class, a broken rule and a wrong sum", () => {
  const problem: PackingProblem = {
    ...base,
    shapes: [pod(1, 2, { owns: [0], countedBy: [0] }), pod(3, 1, { mask: 1 })],
    masks: [Uint8Array.of(1), Uint8Array.of(0)],
    hostRules: [{ max: 1 }],
  };
  const packing = {
    nodes: [
      {
        offering: 0,
        content: [
          { shape: 0, pods: 2 },
          { shape: 1, pods: 2 },
        ],
      },
    ],
    existing: [],
    unplaced: [],
    costUsdPerHour: 2,
  };
  assert.deepEqual(packingProblems(problem, packing), [
    "node 0: shape 1 may not use class 0",
    "node 0: 8 of 2 in dimension 0",
    "node 0: 8 of 2 in dimension 1",
    "node 0: rule 0 counts 2 pods (0 were there), at most 1",
    "shape 1: 2 of 1 pods",
    "the cost is 1, not 2",
  ]);
});

test("the clock is obeyed", () => {
  let now = 0;
  const problem = randomProblem(5, LARGE);
  const limits: SolveLimits = { elapsedMs: () => (now += 0.25), timeMs: 40, gapTolerance: 0 };
  solvePacking(problem, limits);
  assert.ok(now < 60, `stopped at ${now}`);
});
