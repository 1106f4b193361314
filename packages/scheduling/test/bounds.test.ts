import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPrices, classPrices, fluidPrices, generateColumns, sandPrices } from "../src/certified/bounds/index.ts";
import type { FairPrices, PackingProblem } from "../src/certified/problem.ts";
import { solvePacking } from "../src/certified/search/index.ts";
import {
  burstableOfferings,
  cheapestByForce,
  familyOfferings,
  holds,
  openProblem,
  seededRandom,
  shapesFrom,
  tinyProblem,
} from "./bounds-fixture.ts";

const BOUNDS: readonly { readonly name: string; readonly pricesOf: (problem: PackingProblem) => FairPrices }[] = [
  { name: "fluid", pricesOf: fluidPrices },
  { name: "class prices by group", pricesOf: (problem) => classPrices(problem, { kind: "group" }) },
  { name: "class prices by shape", pricesOf: (problem) => classPrices(problem, { kind: "shape" }) },
  { name: "sand", pricesOf: (problem) => sandPrices(problem, { bigShapesMax: 2 }) },
  { name: "columns", pricesOf: (problem) => generateColumns(problem).prices },
];
const TINY = 400;
const optima = new Map<number, number>();

function optimum(seed: number): number {
  const known = optima.get(seed) ?? cheapestByForce(tinyProblem(seed));
  optima.set(seed, known);
  return known;
}

for (const { name, pricesOf } of BOUNDS) {
  test(`${name}: never above the optimum of tiny instances, and confirmed by the check`, () => {
    let tight = 0;
    for (let seed = 1; seed <= TINY; seed++) {
      const problem = tinyProblem(seed);
      const { podUsdPerHour, lowerBoundUsdPerHour } = pricesOf(problem);
      const cost = optimum(seed);
      assert.ok(
        lowerBoundUsdPerHour >= 0 && lowerBoundUsdPerHour <= cost + 1e-9,
        `seed ${seed}: ${lowerBoundUsdPerHour} > ${cost}`,
      );
      const confirmed = checkPrices(problem, podUsdPerHour).boundUsdPerHour;
      assert.ok(confirmed <= cost + 1e-9, `seed ${seed}: confirmed ${confirmed} > ${cost}`);
      assert.ok(
        confirmed >= lowerBoundUsdPerHour * (1 - 1e-7) - 1e-12,
        `seed ${seed}: ${confirmed} < ${lowerBoundUsdPerHour}`,
      );
      if (lowerBoundUsdPerHour >= cost * 0.99) tight++;
    }
    assert.ok(tight >= 20, `only ${tight} bounds are near the optimum`);
  });

  test(`${name}: no node's content is worth more than its price`, () => {
    for (let seed = 1; seed <= 100; seed++) {
      const problem = tinyProblem(seed);
      const { podUsdPerHour } = pricesOf(problem);
      const random = seededRandom(seed);
      for (const offering of problem.offerings) {
        const content: number[] = [];
        let value = 0;
        for (let count = 0; count < 30; count++) {
          const index = Math.floor(random() * problem.shapes.length);
          const used = content.filter((other) => other === index).length;
          if (
            used >= (problem.shapes[index]?.pods ?? 0) ||
            !holds(problem, { ...offering, content: [...content, index] })
          )
            continue;
          content.push(index);
          value += podUsdPerHour[index] ?? 0;
        }
        assert.ok(value <= offering.priceUsdPerHour * (1 + 1e-6) + 1e-12, `seed ${seed}: ${value}`);
      }
    }
  });
}

test("better bounds are not below weaker ones", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const problem = tinyProblem(seed);
    const [, group = 0, shape = 0, sand = 0, columns = 0] = BOUNDS.map(
      ({ pricesOf }) => pricesOf(problem).lowerBoundUsdPerHour,
    );
    assert.ok(shape >= group * (1 - 1e-6), `seed ${seed}: shape ${shape} < group ${group}`);
    assert.ok(sand >= shape * (1 - 1e-6), `seed ${seed}: sand ${sand} < shape ${shape}`);
    assert.ok(columns >= shape * (1 - 1e-6), `seed ${seed}: columns ${columns} < shape ${shape}`);
  }
});

/** Pods in two classes, one of them open to half of the pods only. */
function pinnedProblem(seed: number, count: number): PackingProblem {
  const random = seededRandom(seed);
  const pods = Array.from({ length: count }, () => ({
    cpu: 100 + Math.floor(random() * 15) * 100,
    memory: 128 + Math.floor(random() * 30) * 128,
    mask: random() < 0.5 ? 0 : 1,
  }));
  const offerings = [...familyOfferings(0), ...familyOfferings(1, () => 0.4 + 0.3 * random())];
  return {
    ...openProblem(shapesFrom(pods), offerings),
    classes: 2,
    masks: [Uint8Array.of(1, 0), Uint8Array.of(1, 1)],
  };
}

const MONOTONE = BOUNDS.filter(({ name }) => name === "fluid" || name === "class prices by shape");

test("one offering less never lowers the fluid and the class bound", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const problem = pinnedProblem(seed, 40);
    const removed = seed % problem.offerings.length;
    const fewer = { ...problem, offerings: problem.offerings.filter((_, index) => index !== removed) };
    for (const { name, pricesOf } of MONOTONE) {
      const all = pricesOf(problem).lowerBoundUsdPerHour;
      const dearer = pricesOf(fewer).lowerBoundUsdPerHour;
      assert.ok(dearer >= all * (1 - 1e-5), `${name}, seed ${seed}: ${dearer} < ${all}`);
    }
  }
});

// Bounds use that a node holds no more than all pods together. Where that is less than a node, one more pod makes the next size count, and the bound may fall.
test("another pod never lowers the fluid and the class bound where all pods fill several nodes", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const problem = pinnedProblem(seed, 120);
    const [first, ...others] = problem.shapes;
    if (first === undefined) continue;
    const fewer = first.pods > 1 ? [{ ...first, pods: first.pods - 1 }, ...others] : others;
    for (const { name, pricesOf } of MONOTONE) {
      const less = pricesOf({ ...problem, shapes: fewer }).lowerBoundUsdPerHour;
      const all = pricesOf(problem).lowerBoundUsdPerHour;
      assert.ok(all >= less * (1 - 1e-5), `${name}, seed ${seed}: ${all} < ${less}`);
    }
  }
});

test("of any number of pods the fluid and the class bound are not below their share among ten times as many", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const problem = pinnedProblem(seed, 1 + (seed % 40));
    const shapes = problem.shapes.map((shape) => ({ ...shape, pods: shape.pods * 10 }));
    for (const { name, pricesOf } of MONOTONE) {
      const few = pricesOf(problem).lowerBoundUsdPerHour;
      const share = pricesOf({ ...problem, shapes }).lowerBoundUsdPerHour / 10;
      assert.ok(few >= share * (1 - 1e-5), `${name}, seed ${seed}: ${few} < ${share}`);
    }
  }
});

test("the check accepts no inflated price", () => {
  for (let seed = 1; seed <= TINY; seed++) {
    const problem = tinyProblem(seed);
    const random = seededRandom(seed + 10_000);
    const invented = Float64Array.from(problem.shapes, () => random() * 10);
    assert.ok(checkPrices(problem, invented).boundUsdPerHour <= optimum(seed) + 1e-9, `seed ${seed}, invented`);
    const { podUsdPerHour } = classPrices(problem, { kind: "shape" });
    const inflated = podUsdPerHour.map((value) => value * (random() < 0.5 ? 1.3 : 1));
    assert.ok(checkPrices(problem, inflated).boundUsdPerHour <= optimum(seed) + 1e-9, `seed ${seed}, inflated`);
  }
});

test("prices times a factor prove no less, and never more than the best prices", () => {
  const random = seededRandom(3);
  const pods = Array.from({ length: 60 }, () => ({
    cpu: 500 + 250 * Math.floor(random() * 20),
    memory: 1024 * (1 + Math.floor(random() * 12)),
  }));
  const problem = openProblem(shapesFrom(pods), familyOfferings());
  const { podUsdPerHour, lowerBoundUsdPerHour } = fluidPrices(problem);
  const best = generateColumns(problem).prices.lowerBoundUsdPerHour;
  for (const factor of [0.1, 1, 3, 1000]) {
    const proved = checkPrices(
      problem,
      podUsdPerHour.map((value) => value * factor),
    ).boundUsdPerHour;
    assert.ok(proved >= lowerBoundUsdPerHour * (1 - 1e-7) && proved <= best * (1 + 1e-7), `${factor}: ${proved}`);
  }
});

test("small types: each offering's own mix of pods counts, not the cpu of one beside the memory of another", () => {
  const pods = Array.from({ length: 600 }, (_, index) => ({
    cpu: [100, 250, 500, 1000][index % 4] ?? 0,
    memory: [128, 1024, 256, 512, 2048][index % 5] ?? 0,
  }));
  const mixed = openProblem(shapesFrom(pods), [...familyOfferings(), ...burstableOfferings()]);
  const [fluid = 0, , shape = 0, , columns = 0] = BOUNDS.map(({ pricesOf }) => pricesOf(mixed).lowerBoundUsdPerHour);
  const { costUsdPerHour } = solvePacking(mixed, { elapsedMs: () => 0, timeMs: 1_000, triesMax: 20_000 }).packing;
  assert.ok(shape > fluid * 1.1, `${shape} and ${fluid}`);
  assert.ok(columns > costUsdPerHour * 0.97 && columns <= costUsdPerHour, `${columns} and ${costUsdPerHour}`);
  const equal = openProblem(shapesFrom(pods.map(() => ({ cpu: 1000, memory: 1024 }))), mixed.offerings);
  assert.ok(Math.abs(fluidPrices(equal).lowerBoundUsdPerHour - 600 * 0.0168) < 1e-6, "one pod on each of the cheapest");
});

test("classes that sell the same are no obstacle to splitting them, nor are types that one of them lacks", () => {
  const random = seededRandom(8);
  const pods = Array.from({ length: 400 }, () => ({
    cpu: 50 + 50 * Math.floor(random() * 20),
    memory: 64 + 64 * Math.floor(random() * 30),
    mask: Math.floor(random() * 4),
  }));
  const zone = (index: number, count = 99): PackingProblem["offerings"] =>
    [...familyOfferings(index), ...burstableOfferings(index)].slice(0, count);
  const offerings = [...zone(0), ...zone(1), ...zone(2, 28)];
  const masks = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 1, 1],
  ].map((mask) => Uint8Array.from(mask));
  const pinned: PackingProblem = { ...openProblem(shapesFrom(pods), offerings), classes: 3, masks };
  const free = openProblem(shapesFrom(pods.map(({ cpu, memory }) => ({ cpu, memory }))), zone(0));
  const shape = classPrices(pinned, { kind: "shape" });
  const relaxed = classPrices(free, { kind: "shape" }).lowerBoundUsdPerHour;
  assert.ok(shape.lowerBoundUsdPerHour > 1.2 * classPrices(pinned, { kind: "group" }).lowerBoundUsdPerHour);
  assert.ok(shape.lowerBoundUsdPerHour >= relaxed * 0.999, `${shape.lowerBoundUsdPerHour} and ${relaxed}`);
  const confirmed = checkPrices(pinned, shape.podUsdPerHour).boundUsdPerHour;
  assert.ok(confirmed >= shape.lowerBoundUsdPerHour * (1 - 1e-7), `${confirmed}`);
});

test("few large shapes: columns lift the fluid bound by per cents, to the cost of their own mix", () => {
  const random = seededRandom(11);
  const kinds = Array.from({ length: 12 }, () => ({
    cpu: 3000 + 500 * Math.floor(random() * 10),
    memory: 1024 * (2 + Math.floor(random() * 14)),
  }));
  const pods = Array.from(
    { length: 2000 },
    () => kinds[Math.floor(random() * kinds.length)] ?? { cpu: 1000, memory: 1024 },
  );
  const problem = openProblem(shapesFrom(pods), familyOfferings());
  const fluid = fluidPrices(problem).lowerBoundUsdPerHour;
  const { prices, columns } = generateColumns(problem);
  assert.ok(prices.lowerBoundUsdPerHour > fluid * 1.02, `${prices.lowerBoundUsdPerHour} and ${fluid}`);
  const covered = new Float64Array(problem.shapes.length);
  let cost = 0;
  for (const { offering, content, amount } of columns) {
    const node = problem.offerings[offering];
    assert.ok(
      node !== undefined &&
        holds(problem, { ...node, content: content.flatMap(({ shape, pods }) => Array(pods).fill(shape)) }),
    );
    cost += amount * node.priceUsdPerHour;
    for (const { shape, pods } of content) covered[shape] = (covered[shape] ?? 0) + pods * amount;
  }
  for (const [index, shape] of problem.shapes.entries()) assert.ok((covered[index] ?? 0) >= shape.pods * (1 - 1e-6));
  assert.ok(Math.abs(cost / prices.lowerBoundUsdPerHour - 1) < 1e-4, `${cost} and ${prices.lowerBoundUsdPerHour}`);
});

test("columns are contents that nodes can hold, host rules included", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const problem = tinyProblem(seed);
    for (const { offering, content } of generateColumns(problem).columns) {
      const node = problem.offerings[offering];
      const shapes = content.flatMap(({ shape, pods }) => Array.from({ length: pods }, () => shape));
      assert.ok(node !== undefined && holds(problem, { ...node, content: shapes }), `seed ${seed}`);
    }
  }
});

test("flows buy room for every pod, in classes open to it", () => {
  const random = seededRandom(5);
  const pods = Array.from({ length: 300 }, () => ({
    cpu: 100 + Math.floor(random() * 30) * 50,
    memory: 128 + Math.floor(random() * 30) * 64,
    mask: Math.floor(random() * 3),
  }));
  const problem: PackingProblem = {
    ...openProblem(
      shapesFrom(pods),
      [0, 1, 2].flatMap((index) => familyOfferings(index, () => 0.3 + 0.2 * random())),
    ),
    classes: 3,
    masks: [Uint8Array.of(1, 1, 1), Uint8Array.of(0, 1, 0), Uint8Array.of(1, 0, 1)],
  };
  for (const kind of ["group", "shape"] as const) {
    const { flows } = classPrices(problem, { kind });
    const placed = new Float64Array(problem.shapes.length);
    for (const flow of flows) {
      assert.equal(problem.masks[problem.shapes[flow.shape]?.mask ?? -1]?.[flow.class], 1);
      placed[flow.shape] = (placed[flow.shape] ?? 0) + flow.pods;
    }
    for (const [index, shape] of problem.shapes.entries())
      assert.ok(Math.abs((placed[index] ?? 0) - shape.pods) < 1e-4, kind);
  }
});

test("a host rule that forces nodes has a price and lifts the bound", () => {
  const shapes = shapesFrom(Array.from({ length: 50 }, () => ({ cpu: 100, memory: 128 })));
  const free = openProblem(shapes, familyOfferings());
  const spread = {
    ...free,
    hostRules: [{ max: 1 }],
    shapes: shapes.map((shape) => ({ ...shape, countedBy: [0], owns: [0] })),
  };
  const bound = fluidPrices(spread);
  assert.ok((bound.hostRuleUsdPerHour[0] ?? 0) > 0);
  assert.ok(Math.abs(bound.lowerBoundUsdPerHour - 50 * 0.068) < 1e-6);
  assert.ok(fluidPrices(free).lowerBoundUsdPerHour < bound.lowerBoundUsdPerHour / 5);
});

test("existing room absorbs what fits and no more", () => {
  const bounds = (count: number): { readonly pinned: number; readonly both: number } => {
    const shapes = shapesFrom([
      ...Array.from({ length: count }, () => ({ cpu: 1000, memory: 1024, mask: 0 })),
      ...Array.from({ length: count }, () => ({ cpu: 1000, memory: 1024, mask: 1 })),
    ]);
    const room = { class: 1, free: Float64Array.of(4000, 8192, 20), hostCounts: [] };
    const problem: PackingProblem = {
      ...openProblem(shapes, familyOfferings()),
      classes: 2,
      masks: [Uint8Array.of(1, 0), Uint8Array.of(1, 1)],
      existing: Array.from({ length: 100 }, () => room),
    };
    const alone = { ...problem, shapes: problem.shapes.slice(0, 1), existing: [] };
    const boundOf = (one: PackingProblem): number => classPrices(one, { kind: "shape" }).lowerBoundUsdPerHour;
    return { pinned: boundOf(alone), both: boundOf(problem) };
  };
  const many = bounds(100);
  assert.ok(many.both > 0 && Math.abs(many.both / many.pinned - 1) < 1e-6);
  const few = bounds(10);
  assert.ok(few.both >= (many.pinned / 10) * (1 - 1e-6), `${few.both} below the share of many, ${many.pinned / 10}`);
  assert.ok(few.both <= few.pinned * (1 + 1e-6), `${few.both} above ${few.pinned} without the pods that have room`);
});

test("shapes without pods get the price of their room and change nothing", () => {
  const offerings = familyOfferings();
  const shapes = shapesFrom([
    { cpu: 500, memory: 1024 },
    { cpu: 2000, memory: 2048 },
  ]);
  const asked = [...shapes, ...shapesFrom([{ cpu: 250, memory: 4096 }]).map((shape) => ({ ...shape, pods: 0 }))];
  for (const { name, pricesOf } of BOUNDS) {
    const alone = pricesOf(openProblem(shapes, offerings));
    const both = pricesOf(openProblem(asked, offerings));
    assert.ok(Math.abs(both.lowerBoundUsdPerHour / alone.lowerBoundUsdPerHour - 1) < 1e-3, name);
    assert.ok((both.podUsdPerHour[2] ?? 0) > 0, name);
    const none = pricesOf(
      openProblem(
        asked.map((shape) => ({ ...shape, pods: 0 })),
        offerings,
      ),
    );
    assert.equal(none.lowerBoundUsdPerHour, 0);
    assert.ok(
      none.podUsdPerHour.every((value) => value > 0),
      name,
    );
  }
});

test("degenerate problems have the bound 0", () => {
  const empty: PackingProblem = {
    dimensions: 3,
    shapes: [],
    offerings: [],
    existing: [],
    classes: 0,
    masks: [],
    hostRules: [],
  };
  const weightless = openProblem(
    [{ pods: 5, requests: new Float64Array(3), mask: 0, countedBy: [], owns: [] }],
    familyOfferings(),
  );
  const homeless = openProblem(shapesFrom([{ cpu: 99_000, memory: 1 }]), familyOfferings());
  const nothingFree = openProblem(shapesFrom([{ cpu: 100, memory: 1 }]), [
    { class: 0, priceUsdPerHour: 1, free: new Float64Array(3) },
  ]);
  for (const { name, pricesOf } of BOUNDS) {
    for (const problem of [empty, weightless, homeless, nothingFree]) {
      const prices = pricesOf(problem);
      assert.equal(prices.lowerBoundUsdPerHour, 0, name);
      assert.ok(
        prices.podUsdPerHour.every((value) => value === 0),
        name,
      );
      assert.equal(checkPrices(problem, prices.podUsdPerHour).boundUsdPerHour, 0);
    }
  }
});

test("columns that are interrupted within a round prove no more than at the end, and no less than class prices", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const problem = pinnedProblem(seed, 12);
    const full = generateColumns(problem).prices.lowerBoundUsdPerHour;
    const least = classPrices(problem, { kind: "group" }).lowerBoundUsdPerHour;
    for (const looksMax of [1, 2, 5, 10, 20, 50, 200]) {
      let looks = 0;
      // Time passes with each look: the end comes in the middle of some round.
      const limits = { elapsedMs: () => ++looks, timeMs: looksMax };
      const { prices } = generateColumns(problem, { limits, interrupts: true });
      assert.ok(prices.lowerBoundUsdPerHour <= full * (1 + 1e-5), `seed ${seed}, ${looksMax} looks`);
      assert.ok(prices.lowerBoundUsdPerHour >= least * (1 - 1e-6), `seed ${seed}, ${looksMax} looks`);
      const { theta } = checkPrices(problem, prices.podUsdPerHour);
      assert.ok(theta <= 1 + 1e-6, `seed ${seed}, ${looksMax} looks: a node worth ${theta} of its price`);
    }
  }
});

test("late calls still answer with a valid bound", () => {
  const random = seededRandom(9);
  const pods = Array.from({ length: 150 }, () => ({
    cpu: 100 + Math.floor(random() * 900),
    memory: 100 + Math.floor(random() * 4000),
  }));
  const problem = openProblem(
    shapesFrom(pods),
    familyOfferings(0, () => 0.5 + random()),
  );
  const limits = { elapsedMs: () => 5, timeMs: 1 };
  const full = sandPrices(problem).lowerBoundUsdPerHour;
  const late = sandPrices(problem, { limits }).lowerBoundUsdPerHour;
  assert.ok(late > 0 && late <= full * (1 + 1e-9));
  assert.ok(classPrices(problem, { kind: "shape", limits }).lowerBoundUsdPerHour > 0);
});
