import assert from "node:assert/strict";
import { test } from "node:test";
import { ContentGrid, type GridItem, gridUnits } from "../src/certified/bounds/content-grid.ts";
import { CoveringLp } from "../src/certified/bounds/covering-lp.ts";
import { DivisibleContents } from "../src/certified/bounds/divisible-content.ts";
import { checkPrices, classPrices, fluidPrices, generateColumns, sandPrices } from "../src/certified/bounds/index.ts";
import { undominated } from "../src/certified/bounds/prune-offerings.ts";
import { UsableCapacity } from "../src/certified/bounds/usable-capacity.ts";
import { gridValueLimits } from "../src/certified/bounds/verified-grid.ts";
import { itemSizes, usedCapacity, type ValuedItems } from "../src/certified/bounds/verified-items.ts";
import { proveNodeValue } from "../src/certified/bounds/verified-node.ts";
import type { PackingProblem } from "../src/certified/problem.ts";
import { burstableOfferings, familyOfferings, openProblem, seededRandom, shapesFrom } from "./bounds-fixture.ts";
import { firstFit } from "./packing-first-fit.ts";

test("the covering program ends with prices that no column beats and that equal its cost", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed);
    const rows = 1 + Math.floor(random() * 12);
    const needs = Float64Array.from({ length: rows }, () => (random() < 0.2 ? 0 : random() * 10));
    const limits = Float64Array.from({ length: rows }, () => 1 + random());
    const lp = new CoveringLp(needs, limits);
    const columns = Array.from({ length: 40 }, () => {
      const entries = Array.from({ length: rows }, (_, row) => [row, random() < 0.5 ? 0 : random()] as const);
      const used = entries.filter(([, value]) => value > 0);
      return { cost: 0.2 + random(), rows: used.map(([row]) => row), values: used.map(([, value]) => value) };
    });
    // Half of the columns come when the others are solved.
    for (const { cost, rows: at, values } of columns.slice(0, 20)) lp.addColumn(cost, at, values);
    assert.ok(lp.solve(10_000));
    for (const { cost, rows: at, values } of columns.slice(20)) lp.addColumn(cost, at, values);
    assert.ok(lp.solve(10_000));
    for (const [row, dual] of lp.duals.entries()) {
      assert.ok(dual >= -1e-8 && dual <= (limits[row] ?? 0) + 1e-8, `seed ${seed}: dual ${dual}`);
    }
    for (const { cost, rows: at, values } of columns) {
      const worth = values.reduce((sum, value, entry) => sum + value * (lp.duals[at[entry] ?? 0] ?? 0), 0);
      assert.ok(worth <= cost + 1e-7, `seed ${seed}: worth ${worth} costs ${cost}`);
    }
    const covered = new Float64Array(rows);
    let cost = 0;
    for (const { column, amount } of lp.solution()) {
      const bought = columns[column];
      cost += amount * (bought?.cost ?? 0);
      for (const [entry, row] of bought?.rows.entries() ?? []) {
        covered[row] = (covered[row] ?? 0) + amount * (bought?.values[entry] ?? 0);
      }
    }
    for (const [row, need] of needs.entries()) cost += Math.max(0, need - (covered[row] ?? 0)) * (limits[row] ?? 0);
    assert.ok(Math.abs(cost - lp.objective()) < 1e-5, `seed ${seed}: cost ${cost}, prices say ${lp.objective()}`);
  }
});

test("the covering program keeps its numbers over thousands of changes", () => {
  const random = seededRandom(4);
  const rows = 60;
  const lp = new CoveringLp(new Float64Array(rows).fill(1), new Float64Array(rows).fill(5));
  for (let round = 0; round < 60; round++) {
    for (let count = 0; count < 40; count++) {
      const at = [...Array(rows).keys()].filter(() => random() < 0.15);
      lp.addColumn(
        (0.5 + random()) * (at.length ** 0.5 + 0.1) * (1 - round / 100),
        at,
        at.map(() => 1),
      );
    }
    lp.solve(10_000);
  }
  assert.ok(lp.pivots > 600);
  const total = lp.duals.reduce((sum, dual) => sum + dual, 0);
  assert.ok(Math.abs(total - lp.objective()) < 1e-5 * total, `${total} and ${lp.objective()}`);
});

/** Most value of items within cpu and memory, by trying everything. */
function bestByForce(items: readonly GridItem[], cpu: number, memory: number, from = 0): number {
  const item = items[from];
  if (item === undefined) return 0;
  let best = 0;
  for (let count = 0; count <= item.limit && count * item.cpu <= cpu && count * item.memory <= memory; count++) {
    best = Math.max(
      best,
      count * item.value + bestByForce(items, cpu - count * item.cpu, memory - count * item.memory, from + 1),
    );
  }
  return best;
}

function randomItems(random: () => number): GridItem[] {
  return Array.from({ length: 1 + Math.floor(random() * 5) }, (_, shape) => {
    const cpu = Math.floor(random() * 4);
    return {
      shape,
      cpu,
      memory: Math.floor(random() * 4) + (cpu === 0 ? 1 : 0),
      value: random(),
      limit: random() < 0.5 ? 99 : 1 + Math.floor(random() * 2),
    };
  });
}

/** As the check sees them; `shape` of an item is its number. */
function valuedItems(items: readonly GridItem[], unit = 1): ValuedItems {
  return {
    count: items.length,
    width: 2,
    rules: [],
    weights: Float64Array.from(items.flatMap(({ cpu, memory }) => [cpu * unit, memory * unit])),
    values: Float64Array.from(items, ({ value }) => value),
    pods: Float64Array.from(items, ({ limit }) => limit),
  };
}

test("the grid finds the best content of every node, and traces it", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const corners = Array.from({ length: 3 }, () => ({
      cpu: Math.floor(random() * 9),
      memory: Math.floor(random() * 9),
    }));
    const grid = new ContentGrid(corners);
    for (let solve = 0; solve < 2; solve++) {
      const items = randomItems(random);
      grid.solve(items);
      for (const { cpu, memory } of corners) {
        const value = grid.valueAt(cpu, memory);
        assert.ok(Math.abs(value - bestByForce(items, cpu, memory)) < 1e-9, `seed ${seed}`);
        const content = grid.trace(cpu, memory).map((shape) => items[shape]);
        const sumOf = (key: "cpu" | "memory" | "value"): number =>
          content.reduce((sum, item) => sum + (item?.[key] ?? 0), 0);
        assert.ok(
          sumOf("cpu") <= cpu && sumOf("memory") <= memory && Math.abs(sumOf("value") - value) < 1e-9,
          `seed ${seed}`,
        );
        for (const item of items)
          assert.ok(content.filter((other) => other === item).length <= item.limit, `seed ${seed}`);
      }
    }
  }
});

test("grid units divide sizes exactly where that is cheap, and stay affordable where it is not", () => {
  const round = [1, 2, 5].map((count) => ({ cpu: count * 500, memory: count * 1024, pods: 10 }));
  const exact = gridUnits(round, { cpu: 16_000, memory: 65_536 }, { tables: 1, fineness: "coarse" });
  assert.deepEqual(exact, { cpu: 500, memory: 1024, isLimited: false });
  const odd = [1017, 2311, 5003].map((size) => ({ cpu: size, memory: size * 3 + 1, pods: 10 }));
  const limited = gridUnits(odd, { cpu: 16_000, memory: 65_536 }, { tables: 1000, fineness: "coarse" });
  assert.ok(limited.isLimited && (16_000 / limited.cpu) * (65_536 / limited.memory) <= 20_001);
});

test("limits of node values are never below what a node can hold, whatever the multipliers and the steps", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const items = randomItems(random);
    const valued = valuedItems(items, 1.5);
    const capacities = Array.from({ length: 3 }, () =>
      Float64Array.of(Math.floor(random() * 8) * 1.5, Math.floor(random() * 8) * 1.5),
    );
    const tabled = gridValueLimits(valued, capacities);
    for (const [index, capacity] of capacities.entries()) {
      const best = bestByForce(items, (capacity[0] ?? 0) / 1.5, (capacity[1] ?? 0) / 1.5);
      assert.ok((tabled[index] ?? 0) >= best - 1e-9, `seed ${seed}: table ${tabled[index]} < ${best}`);
      const multipliers = Float64Array.of(random(), random());
      for (const steps of [0, 3, 100_000]) {
        const { limit } = proveNodeValue({ items: valued, capacity, multipliers }, 0, steps);
        assert.ok(limit >= best - 1e-9, `seed ${seed}: ${limit} < ${best}`);
        if (steps === 100_000) assert.ok(limit <= best + 1e-6, `seed ${seed}: ${limit} > ${best}`);
      }
    }
  }
});

test("pruning keeps exactly what no cheaper or equally dear node covers, in rising price", () => {
  const rows = [
    [2, 4, 4],
    [1, 4, 4],
    [1, 4, 4],
    [1.5, 8, 2],
    [0.5, 2, 2],
    [1, 3, 4],
  ] as const;
  const prices = Float64Array.from(rows, ([price]) => price);
  const capacities = Float64Array.from(rows.flatMap(([, ...capacity]) => capacity));
  assert.deepEqual(undominated({ prices, capacities, width: 2 }), [4, 1, 3]);
});

test("what pods can use of a node is never below what some of them use together", () => {
  const usable = (
    sizes: readonly (readonly [number, number])[],
    free: readonly [number, number],
    pods = 100,
  ): number[] => {
    const placed = sizes.map((size) => ({ amounts: Float64Array.from(size), pods }));
    return [...new UsableCapacity({ placed, priced: [] }, 2).of(Float64Array.from(free))];
  };
  assert.deepEqual(usable([[1000, 1024]], [1780, 3190]), [1000, 1024]);
  assert.deepEqual(
    usable(
      [
        [500, 256],
        [750, 512],
      ],
      [1780, 6900],
    ),
    [1750, 1536],
    "multiples, and three of the smallest",
  );
  assert.deepEqual(
    usable(
      [
        [500, 256],
        [4000, 512],
      ],
      [1780, 6900],
    ),
    [1500, 768],
    "only what fits",
  );
  assert.deepEqual(usable([[4000, 512]], [1780, 6900]), [0, 0]);
  assert.deepEqual(usable([[250, 256]], [1780, 6900], 2), [500, 512], "no more than there are");
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const items = randomItems(random).map((item) => ({ ...item, cpu: item.cpu * (seed % 3 === 0 ? 0.7 : 1) }));
    const free = Float64Array.of(Math.floor(random() * 90) / 10, Math.floor(random() * 9));
    const placed = items.map(({ cpu, memory, limit }) => ({ amounts: Float64Array.of(cpu, memory), pods: limit }));
    const valued = valuedItems(items);
    const found = new UsableCapacity({ placed, priced: [] }, 2).of(free);
    const checked = usedCapacity(valued, free, itemSizes(valued));
    for (let trial = 0; trial < 20; trial++) {
      const used = [0, 0];
      const left = items.map(({ limit }) => limit);
      for (let count = 0; count < 12; count++) {
        const drawn = Math.floor(random() * items.length);
        const { cpu, memory } = items[drawn] as GridItem;
        if (left[drawn] === 0) continue;
        if ((used[0] ?? 0) + cpu > (free[0] ?? 0) || (used[1] ?? 0) + memory > (free[1] ?? 0)) continue;
        used[0] = (used[0] ?? 0) + cpu;
        used[1] = (used[1] ?? 0) + memory;
        left[drawn] = (left[drawn] ?? 0) - 1;
      }
      for (const [d, amount] of used.entries())
        assert.ok(amount <= (found[d] ?? 0) + 1e-9 && amount <= (checked[d] ?? 0) + 1e-9, `seed ${seed}`);
    }
  }
});

test("divisible contents are worth no less than whole ones at any prices; whole ones are found and fit", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const items = randomItems(random);
    const { weights } = valuedItems(items);
    const capacity = Float64Array.of(Math.floor(random() * 8), Math.floor(random() * 8));
    const contents = new DivisibleContents(2, weights, capacity);
    for (let round = 0; round < 3; round++) {
      const priced = items.map((item) => ({ ...item, value: random() }));
      const best = bestByForce(priced, capacity[0] ?? 0, capacity[1] ?? 0);
      assert.ok(contents.quickLimit(0, priced) >= best - 1e-9, `seed ${seed}: prices of the round before`);
      const { value, amounts } = contents.best(0, priced);
      assert.ok(value >= best - 1e-9, `seed ${seed}: divisible ${value} < ${best}`);
      for (const [d, size] of capacity.entries()) {
        const used = amounts.reduce((sum, { shape, amount }) => sum + amount * (weights[shape * 2 + d] ?? 0), 0);
        assert.ok(used <= size + 1e-6, `seed ${seed}`);
      }
      const whole = contents.whole(0, priced, 100_000);
      assert.ok(Math.abs(whole.limit - best) < 1e-6, `seed ${seed}: ${whole.limit} is not ${best}`);
      assert.ok(contents.fits(0, whole.shapes), `seed ${seed}`);
      assert.ok(contents.whole(0, priced, 2).limit >= best - 1e-9, `seed ${seed}: out of steps`);
    }
  }
});

/** Hundreds of pods with pins, host rules and nodes that exist; every third time with burstable types. */
function middleProblem(seed: number): PackingProblem {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const kinds = Array.from({ length: 4 + below(30) }, () => ({
    cpu: 50 * (1 + below(seed % 2 === 0 ? 120 : 30)),
    memory: 64 * (1 + below(seed % 2 === 0 ? 200 : 60)),
    mask: below(4),
  }));
  const pods = Array.from({ length: 200 }, () => kinds[below(kinds.length)] ?? { cpu: 100, memory: 100 });
  const hostRules = Array.from({ length: below(4) }, () => ({ max: 1 + below(3) }));
  const shapes = shapesFrom(pods).map((shape) => {
    const rule = below(8);
    return rule < hostRules.length ? { ...shape, owns: [rule], countedBy: [rule] } : shape;
  });
  const priceFactor = (index: number) => (): number => (index === 2 ? 0.3 + 0.2 * random() : 1);
  const offerings = [0, 1, 2].flatMap((index) => [
    ...familyOfferings(index, priceFactor(index)),
    ...(seed % 3 === 0 ? burstableOfferings(index, priceFactor(index)) : []),
  ]);
  const existing = Array.from({ length: below(3) * 5 }, () => ({
    class: 3 + below(2),
    free: Float64Array.of(below(8000), below(16_000), below(20)),
    hostCounts: hostRules.map((_, rule) => ({ rule, counted: below(2), owners: below(2) })),
  }));
  const masks = [
    Uint8Array.of(1, 1, 1, 1, 1),
    Uint8Array.of(0, 1, 0, 1, 0),
    Uint8Array.of(1, 0, 1, 0, 1),
    Uint8Array.of(1, 1, 0, 0, 0),
  ];
  return { ...openProblem(shapes, offerings), classes: 5, masks, hostRules, existing };
}

test("no bound is above what a packing of hundreds of pods costs", () => {
  let best = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const problem = middleProblem(seed);
    const packing = firstFit(problem);
    assert.equal(packing.unplaced.length, 0);
    const columns = generateColumns(problem, { bigShapesMax: 12 }).prices;
    const bounds = [
      fluidPrices(problem),
      classPrices(problem, { kind: "group" }),
      classPrices(problem, { kind: "shape" }),
      sandPrices(problem, { bigShapesMax: 8 }),
      columns,
    ];
    for (const [kind, { lowerBoundUsdPerHour, podUsdPerHour }] of bounds.entries()) {
      assert.ok(lowerBoundUsdPerHour <= packing.costUsdPerHour + 1e-9, `seed ${seed}, bound ${kind}`);
      const confirmed = checkPrices(problem, podUsdPerHour).boundUsdPerHour;
      assert.ok(confirmed >= lowerBoundUsdPerHour * (1 - 1e-7), `seed ${seed}, bound ${kind}: ${confirmed}`);
      assert.ok(confirmed <= packing.costUsdPerHour + 1e-9, `seed ${seed}, bound ${kind}: ${confirmed}`);
    }
    if (columns.lowerBoundUsdPerHour > (bounds[2]?.lowerBoundUsdPerHour ?? 0) * 1.001) best++;
  }
  assert.ok(best >= 3, `columns were better than classes only ${best} times`);
});
