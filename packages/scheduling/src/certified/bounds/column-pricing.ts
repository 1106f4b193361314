import type { PackingProblem, PackingShape } from "../problem.ts";
import type { BoundModel, OfferingClass, ShapeGroup } from "./bound-model.ts";
import { ownCountedRules } from "./bound-model.ts";
import type { RowContent, TableShape } from "./class-contents.ts";
import { ClassContents } from "./class-contents.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";
import { valueShapes } from "./class-multipliers.ts";
import type { ColumnMaster, NodeColumn, RowPrices } from "./column-master.ts";
import type { Fineness } from "./content-grid.ts";
import type { ContentItem } from "./divisible-content.ts";
import { NodeContent } from "./node-content.ts";

/** Values this small relative to the dearest are not worth a place. */
const VALUE_TOLERANCE = 1e-9;

/** What the nodes are worth at some prices, and the best nodes found. */
export interface Pricing {
  /** By shape: its value, scaled per class so that (up to the rounding of the grid) no node is worth more than its price. */
  readonly podUsdPerHour: Float64Array;
  /** The bound that follows if the grid lost nothing. */
  readonly estimate: number;
  readonly columns: readonly PricedColumn[];
  /** By offering: the value of its best content per dollar; 0 for offerings that others beat. */
  readonly offeringValueRatio: Float64Array;
  /** By shape: the class where it is cheapest as sand, existing ones after the purchasable. */
  readonly cheapest: Int32Array;
}

export interface PricedColumn extends NodeColumn {
  /** What the node leaves to small shapes. */
  readonly left: { readonly class: number; readonly room: Float64Array };
  /** Pods in fractions that count instead of the content, which is as much of them as a node holds. */
  readonly amounts?: readonly { readonly shape: number; readonly amount: number }[];
}

/** Finds the nodes worth most per dollar at given prices, by what shapes are worth beyond their share as sand. */
export class ColumnPricing {
  readonly #model: BoundModel;
  readonly #master: ColumnMaster;
  /** By row of a big shape: the most of it that one node may hold. */
  readonly #limits: Float64Array;
  readonly #contents: readonly ClassContents[];
  readonly #isUrgent: () => boolean;

  /** Once `isUrgent` says so, pricing ends soon, with valid values that are farther from the best. */
  constructor(
    model: BoundModel,
    master: ColumnMaster,
    { fineness, isUrgent }: { readonly fineness: Fineness; readonly isUrgent: () => boolean },
  ) {
    this.#model = model;
    this.#isUrgent = isUrgent;
    this.#master = master;
    this.#limits = Float64Array.from(master.big, (shape) => nodeLimit(model.problem, shape));
    this.#contents = model.classes.map((members, index) => {
      const shapes = [...master.big]
        .filter((shape) => isOpen(model, shape, index))
        .map((shape) => tableShape(model, shape));
      const corners = [...members.offerings].map((offering) =>
        amountsIn(model, model.problem.offerings[offering]?.free),
      );
      return new ClassContents(model, members, { shapes, corners, fineness });
    });
  }

  /** True when finer tables would find better nodes. */
  get isCoarse(): boolean {
    return this.#contents.some((contents) => contents.isCoarse);
  }

  price(prices: RowPrices): Pricing {
    const { classes } = this.#model;
    const multipliers = this.#master.multipliersOf(prices);
    const thetas = new Float64Array(classes.length);
    const columns: PricedColumn[] = [];
    const offeringValueRatio = new Float64Array(this.#model.problem.offerings.length);
    for (const index of classes.keys())
      thetas[index] = this.#priceClass(index, prices, { multipliers, columns, ratios: offeringValueRatio });
    return { ...this.#valueShapes(prices, multipliers, thetas), columns, offeringValueRatio };
  }

  /** Returns the most value per dollar in the class; adds the nodes that are worth more than they cost. */
  #priceClass(
    index: number,
    prices: RowPrices,
    {
      multipliers,
      columns,
      ratios,
    }: {
      readonly multipliers: ClassMultipliers;
      readonly columns: PricedColumn[];
      readonly ratios: Float64Array;
    },
  ): number {
    const { width } = this.#model;
    const members = this.#model.classes[index] as OfferingClass;
    const sand = multipliers.purchasable.subarray(index * width, (index + 1) * width);
    const deviations = this.#deviations(index, prices, sand);
    const sandValues = members.prices.map((_, row) => {
      let value = 0;
      for (let d = 0; d < width; d++) value += (sand[d] as number) * (members.capacities[row * width + d] as number);
      return value;
    });
    const targets = members.prices.map((price, row) => price - (sandValues[row] as number));
    let theta = 0;
    for (const [row, content] of this.#contents[index]?.solve(deviations, targets, this.#isUrgent).entries() ?? []) {
      const price = members.prices[row] as number;
      const value = (sandValues[row] as number) + content.value;
      if (value <= VALUE_TOLERANCE) continue;
      theta = Math.max(theta, value / price);
      ratios[members.offerings[row] as number] = value / price;
      if (value > price * (1 + VALUE_TOLERANCE))
        columns.push(this.#column(index, row, { content, fillers: deviations }));
    }
    return theta;
  }

  /** Big shapes of the class that are worth more than sand of their size. */
  #deviations(index: number, prices: RowPrices, sand: Float64Array): ContentItem[] {
    const { width, weights } = this.#model;
    const result: ContentItem[] = [];
    for (const [row, shape] of this.#master.big.entries()) {
      if (!isOpen(this.#model, shape, index)) continue;
      let value = prices[row] as number;
      for (let d = 0; d < width; d++) value -= (sand[d] as number) * (weights[shape * width + d] as number);
      if (value > VALUE_TOLERANCE) result.push({ shape, value, limit: this.#limits[row] as number });
    }
    return result;
  }

  /** Tables know only cpu and memory: what other resources or host rules forbid is left out, and what is left filled up, most valuable per pod first. */
  #column(
    index: number,
    row: number,
    {
      content: { shapes, amounts },
      fillers,
    }: { readonly content: RowContent; readonly fillers: readonly ContentItem[] },
  ): PricedColumn {
    const { width, problem, weights } = this.#model;
    const members = this.#model.classes[index] as OfferingClass;
    const offering = members.offerings[row] as number;
    const node = new NodeContent(problem, offering);
    for (const shape of shapes ?? []) node.tryAdd(shape);
    for (const { shape, amount } of shapes === undefined ? (amounts ?? []) : []) {
      for (let count = 1; count <= amount && node.tryAdd(shape); count++);
    }
    const sorted = [...fillers].sort((a, b) => b.value - a.value || a.shape - b.shape);
    for (const { shape } of sorted) while (node.tryAdd(shape));
    const content = node.content();
    const counted = shapes === undefined ? amounts : undefined;
    const room = members.capacities.slice(row * width, (row + 1) * width);
    for (const { shape, amount } of counted ?? content.map(({ shape, pods }) => ({ shape, amount: pods }))) {
      for (let d = 0; d < width; d++) {
        room[d] = Math.max(0, (room[d] as number) - amount * (weights[shape * width + d] as number));
      }
    }
    return { offering, content, left: { class: index, room }, ...(counted === undefined ? {} : { amounts: counted }) };
  }

  /** Big shapes are worth their row, small ones what their room costs; each class's worst node scales the shapes that may use it. */
  #valueShapes(
    prices: RowPrices,
    multipliers: ClassMultipliers,
    thetas: Float64Array,
  ): Omit<Pricing, "columns" | "offeringValueRatio"> {
    const { pods, groups, groupOf, width, weights, existing } = this.#model;
    const { podUsdPerHour: values, cheapest } = valueShapes(this.#model, multipliers);
    for (const [row, shape] of this.#master.big.entries()) values[shape] = prices[row] as number;
    const existingScale = new Float64Array(existing.length);
    let estimate = 0;
    for (let shape = 0; shape < pods.length; shape++) {
      if (pods[shape] === 0) continue;
      const group = groups[groupOf[shape] as number] as ShapeGroup;
      let theta = 0;
      for (const index of group.classes) theta = Math.max(theta, thetas[index] as number);
      const scale = theta > 0 && theta < Number.POSITIVE_INFINITY ? 1 / theta : 0;
      for (const index of group.existing) {
        let room = 0;
        for (let d = 0; d < width; d++) {
          room += (multipliers.existing[index * width + d] as number) * (weights[shape * width + d] as number);
        }
        values[shape] = Math.min(values[shape] as number, room);
        existingScale[index] = Math.max(existingScale[index] as number, scale);
      }
      values[shape] = (values[shape] as number) * scale;
      estimate += (values[shape] as number) * (pods[shape] as number);
    }
    for (const [index, { room }] of existing.entries()) {
      for (let d = 0; d < width; d++) {
        estimate -=
          (existingScale[index] as number) * (multipliers.existing[index * width + d] as number) * (room[d] as number);
      }
    }
    return { podUsdPerHour: values, estimate, cheapest };
  }
}

/** As many as there are, and as many as the shape's own host rules allow. */
function nodeLimit(problem: PackingProblem, index: number): number {
  const shape = problem.shapes[index] as PackingShape;
  return Math.min(shape.pods, ...ownCountedRules(shape).map((rule) => problem.hostRules[rule]?.max ?? 0));
}

function isOpen({ groups, groupOf }: BoundModel, shape: number, index: number): boolean {
  return (groups[groupOf[shape] as number] as ShapeGroup).classes.includes(index);
}

function tableShape(model: BoundModel, shape: number): TableShape {
  const { cpu, memory } = amountsIn(model, model.problem.shapes[shape]?.requests);
  return { shape, cpu, memory, pods: model.pods[shape] as number };
}

/** Cpu and memory of a vector, 0 where nobody asks for it. */
function amountsIn({ resources }: BoundModel, vector: Float64Array | undefined): { cpu: number; memory: number } {
  return {
    cpu: resources.includes(0) ? Math.max(0, vector?.[0] ?? 0) : 0,
    memory: resources.includes(1) ? Math.max(0, vector?.[1] ?? 0) : 0,
  };
}
