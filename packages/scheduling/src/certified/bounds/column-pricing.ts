import type { PackingProblem, PackingShape } from "../problem.ts";
import type { BoundModel, OfferingClass, ShapeGroup } from "./bound-model.ts";
import { ownCountedRules } from "./bound-model.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";
import { valueShapes } from "./class-multipliers.ts";
import type { ColumnMaster, NodeColumn, RowPrices } from "./column-master.ts";
import type { Fineness, GridItem, GridUnits } from "./content-grid.ts";
import { ContentGrid, gridUnits } from "./content-grid.ts";
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
  /** By shape: the class where it is cheapest as sand, existing ones after the purchasable. */
  readonly cheapest: Int32Array;
}

export interface PricedColumn extends NodeColumn {
  /** What the node leaves to small shapes. */
  readonly left: { readonly class: number; readonly room: Float64Array };
}

/** Finds the nodes worth most per dollar at given prices: one grid per class, over what shapes are worth beyond their share as sand. */
export class ColumnPricing {
  readonly #model: BoundModel;
  readonly #master: ColumnMaster;
  readonly #units: GridUnits & { readonly isLimited: boolean };
  /** Positions of cpu and memory among the dimensions, -1 when nobody asks. */
  readonly #cpu: number;
  readonly #memory: number;
  /** By row of a big shape: the most of it that one node may hold. */
  readonly #limits: Float64Array;
  readonly #grids: (ContentGrid | undefined)[] = [];

  constructor(model: BoundModel, master: ColumnMaster, fineness: Fineness) {
    this.#model = model;
    this.#master = master;
    this.#cpu = model.resources.indexOf(0);
    this.#memory = model.resources.indexOf(1);
    this.#limits = Float64Array.from(master.big, (shape) => nodeLimit(model.problem, shape));
    const requests = [...master.big].map((shape) => ({
      cpu: this.#amount(model.problem.shapes[shape]?.requests, 0),
      memory: this.#amount(model.problem.shapes[shape]?.requests, 1),
      pods: model.pods[shape] as number,
    }));
    this.#units = gridUnits(
      requests,
      {
        cpu: this.#cpu < 0 ? 0 : (model.units[this.#cpu] as number),
        memory: this.#memory < 0 ? 0 : (model.units[this.#memory] as number),
      },
      { tables: model.classes.length, fineness },
    );
  }

  /** True when a finer grid would find better nodes. */
  get isCoarse(): boolean {
    return this.#units.isLimited;
  }

  #amount(vector: Float64Array | undefined, d: number): number {
    const asked = d === 0 ? this.#cpu >= 0 : this.#memory >= 0;
    return asked ? Math.max(0, vector?.[d] ?? 0) : 0;
  }

  price(prices: RowPrices): Pricing {
    const { classes } = this.#model;
    const multipliers = this.#master.multipliersOf(prices);
    const thetas = new Float64Array(classes.length);
    const columns: PricedColumn[] = [];
    for (const index of classes.keys()) thetas[index] = this.#priceClass(index, prices, { multipliers, columns });
    return { ...this.#valueShapes(prices, multipliers, thetas), columns };
  }

  /** Returns the most value per dollar in the class; adds the nodes that are worth more than they cost. */
  #priceClass(
    index: number,
    prices: RowPrices,
    { multipliers, columns }: { readonly multipliers: ClassMultipliers; readonly columns: PricedColumn[] },
  ): number {
    const { width } = this.#model;
    const members = this.#model.classes[index] as OfferingClass;
    const sand = multipliers.purchasable.subarray(index * width, (index + 1) * width);
    const deviations = this.#deviations(index, prices, sand);
    const corners = [...members.offerings].map((offering) => this.#corner(offering));
    const grid = this.#grids[index] ?? new ContentGrid(corners);
    this.#grids[index] = grid;
    grid.solve(deviations);
    let theta = 0;
    for (const [row, corner] of corners.entries()) {
      const price = members.prices[row] as number;
      let value = grid.valueAt(corner.cpu, corner.memory);
      for (let d = 0; d < width; d++) value += (sand[d] as number) * (members.capacities[row * width + d] as number);
      if (value <= VALUE_TOLERANCE) continue;
      theta = Math.max(theta, value / price);
      if (value <= price * (1 + VALUE_TOLERANCE)) continue;
      columns.push(this.#column(index, row, { shapes: grid.trace(corner.cpu, corner.memory), fillers: deviations }));
    }
    return theta;
  }

  /** Big shapes of the class that are worth more than sand of their size, most valuable per pod first. */
  #deviations(index: number, prices: RowPrices, sand: Float64Array): GridItem[] {
    const { width, weights, groups, groupOf, problem } = this.#model;
    const result: GridItem[] = [];
    for (const [row, shape] of this.#master.big.entries()) {
      if (!(groups[groupOf[shape] as number] as ShapeGroup).classes.includes(index)) continue;
      let value = prices[row] as number;
      for (let d = 0; d < width; d++) value -= (sand[d] as number) * (weights[shape * width + d] as number);
      if (value <= VALUE_TOLERANCE) continue;
      const requests = problem.shapes[shape]?.requests;
      const cpu = Math.ceil(this.#amount(requests, 0) / this.#units.cpu - 1e-9);
      const memory = Math.ceil(this.#amount(requests, 1) / this.#units.memory - 1e-9);
      result.push({ shape, value, cpu: cpu + memory === 0 ? 1 : cpu, memory, limit: this.#limits[row] as number });
    }
    return result;
  }

  #corner(offering: number): { cpu: number; memory: number } {
    const free = this.#model.problem.offerings[offering]?.free;
    return {
      cpu: Math.floor(this.#amount(free, 0) / this.#units.cpu + 1e-9),
      memory: Math.floor(this.#amount(free, 1) / this.#units.memory + 1e-9),
    };
  }

  /** The grid knows only cpu and memory: what other resources or host rules forbid is left out, and what is left filled up. */
  #column(
    index: number,
    row: number,
    {
      shapes,
      fillers,
    }: {
      readonly shapes: readonly number[];
      readonly fillers: readonly { readonly shape: number; readonly value: number }[];
    },
  ): PricedColumn {
    const { width, problem, weights } = this.#model;
    const members = this.#model.classes[index] as OfferingClass;
    const offering = members.offerings[row] as number;
    const node = new NodeContent(problem, offering);
    for (const shape of shapes) node.tryAdd(shape);
    const sorted = [...fillers].sort((a, b) => b.value - a.value || a.shape - b.shape);
    for (const { shape } of sorted) while (node.tryAdd(shape));
    const content = node.content();
    const room = members.capacities.slice(row * width, (row + 1) * width);
    for (const { shape, pods } of content) {
      for (let d = 0; d < width; d++) {
        room[d] = Math.max(0, (room[d] as number) - pods * (weights[shape * width + d] as number));
      }
    }
    return { offering, content, left: { class: index, room } };
  }

  /** Big shapes are worth their row, small ones what their room costs; each class's worst node scales the shapes that may use it. */
  #valueShapes(prices: RowPrices, multipliers: ClassMultipliers, thetas: Float64Array): Omit<Pricing, "columns"> {
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
