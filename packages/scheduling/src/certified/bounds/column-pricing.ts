import type { BoundModel, OfferingClass, ShapeGroup } from "./bound-model.ts";
import type { ColumnMaster, NodeColumn, RowPrices, SandRoom } from "./column-master.ts";
import type { GridUnits } from "./content-grid.ts";
import { ContentGrid, gridUnits } from "./content-grid.ts";
import { CoveringLp } from "./covering-lp.ts";
import { NodeContent } from "./node-content.ts";

/** Values this small relative to the dearest are not worth a place. */
const VALUE_TOLERANCE = 1e-9;
const PIVOTS_MAX = 2_000;

/** What the nodes are worth at some prices, and the best nodes found. */
export interface Pricing {
  /** By shape: its value, scaled per class so that (up to the rounding of the grid) no node is worth more than its price. */
  readonly podUsdPerHour: Float64Array;
  /** The bound that follows if the grid lost nothing. */
  readonly estimate: number;
  readonly columns: readonly (NodeColumn & { readonly left: SandRoom })[];
}

/** Finds the nodes worth most per dollar at given prices: one grid per class, over what shapes are worth beyond their share as sand. */
export class ColumnPricing {
  readonly #model: BoundModel;
  readonly #master: ColumnMaster;
  readonly #units: GridUnits;
  /** Positions of cpu and memory among the dimensions, -1 when nobody asks. */
  readonly #cpu: number;
  readonly #memory: number;
  readonly #grids: (ContentGrid | undefined)[] = [];

  constructor(model: BoundModel, master: ColumnMaster) {
    this.#model = model;
    this.#master = master;
    this.#cpu = model.resources.indexOf(0);
    this.#memory = model.resources.indexOf(1);
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
      model.classes.length,
    );
  }

  #amount(vector: Float64Array | undefined, d: number): number {
    const asked = d === 0 ? this.#cpu >= 0 : this.#memory >= 0;
    return asked ? Math.max(0, vector?.[d] ?? 0) : 0;
  }

  price(prices: RowPrices): Pricing {
    const { classes } = this.#model;
    const thetas = new Float64Array(classes.length);
    const columns: (NodeColumn & { readonly left: SandRoom })[] = [];
    for (const index of classes.keys()) thetas[index] = this.#priceClass(index, prices, columns);
    return { ...this.#valueShapes(prices, thetas), columns };
  }

  /** Returns the most value per dollar in the class; adds the nodes that are worth more than they cost. */
  #priceClass(index: number, prices: RowPrices, columns: (NodeColumn & { readonly left: SandRoom })[]): number {
    const { width } = this.#model;
    const members = this.#model.classes[index] as OfferingClass;
    const sand = this.#master.sandPricesOf(index, prices);
    const deviations = this.#deviations(index, prices, sand.values);
    const corners = [...members.offerings].map((offering) => this.#corner(offering));
    const grid = this.#grids[index] ?? new ContentGrid(corners);
    this.#grids[index] = grid;
    grid.solve(deviations);
    let theta = 0;
    for (const [row, corner] of corners.entries()) {
      const price = members.prices[row] as number;
      let value = grid.valueAt(corner.cpu, corner.memory);
      for (let d = 0; d < width; d++)
        value += (sand.values[d] as number) * (members.capacities[row * width + d] as number);
      if (value <= VALUE_TOLERANCE) continue;
      theta = Math.max(theta, value / price);
      if (value <= price * (1 + VALUE_TOLERANCE)) continue;
      const shapes = grid.trace(corner.cpu, corner.memory);
      columns.push(this.#column(members, row, { shapes, fillers: deviations, takers: sand.takers }));
    }
    return theta;
  }

  /** Big shapes of the class that are worth more than sand of their size, most valuable per pod first. */
  #deviations(
    index: number,
    prices: RowPrices,
    sand: Float64Array,
  ): { shape: number; value: number; cpu: number; memory: number }[] {
    const { width, weights, groups, groupOf, problem } = this.#model;
    const result: { shape: number; value: number; cpu: number; memory: number }[] = [];
    for (const [row, shape] of this.#master.big.entries()) {
      if (!(groups[groupOf[shape] as number] as ShapeGroup).classes.includes(index)) continue;
      let value = prices[row] as number;
      for (let d = 0; d < width; d++) value -= (sand[d] as number) * (weights[shape * width + d] as number);
      if (value <= VALUE_TOLERANCE) continue;
      const requests = problem.shapes[shape]?.requests;
      const cpu = Math.ceil(this.#amount(requests, 0) / this.#units.cpu - 1e-9);
      const memory = Math.ceil(this.#amount(requests, 1) / this.#units.memory - 1e-9);
      result.push({ shape, value, cpu: cpu + memory === 0 ? 1 : cpu, memory });
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
    members: OfferingClass,
    row: number,
    {
      shapes,
      fillers,
      takers,
    }: { shapes: readonly number[]; fillers: readonly { shape: number; value: number }[]; takers: Int32Array },
  ): NodeColumn & { readonly left: SandRoom } {
    const { width, problem, weights } = this.#model;
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
    return { offering, content, left: { takers, room } };
  }

  #valueShapes(prices: RowPrices, thetas: Float64Array): { podUsdPerHour: Float64Array; estimate: number } {
    const { pods, groups, groupOf } = this.#model;
    const values = this.#sandValues(prices);
    for (const [row, shape] of this.#master.big.entries()) values[shape] = prices[row] as number;
    let estimate = 0;
    for (let shape = 0; shape < pods.length; shape++) {
      let theta = 0;
      for (const index of (groups[groupOf[shape] as number] as ShapeGroup).classes)
        theta = Math.max(theta, thetas[index] as number);
      values[shape] = theta > 0 && theta < Number.POSITIVE_INFINITY ? (values[shape] as number) / theta : 0;
      estimate += (values[shape] as number) * (pods[shape] as number);
    }
    for (const index of this.#model.existing.keys()) estimate -= this.existingUse(index, values).value;
    return { podUsdPerHour: values, estimate };
  }

  #sandValues(prices: RowPrices): Float64Array {
    const { width, classes, pods, weights, groups, groupOf } = this.#model;
    const unitPrices = classes.map((_, index) => this.#master.sandPricesOf(index, prices).values);
    const values = new Float64Array(pods.length);
    for (let shape = 0; shape < pods.length; shape++) {
      if (pods[shape] === 0) continue;
      let least = Number.POSITIVE_INFINITY;
      for (const index of (groups[groupOf[shape] as number] as ShapeGroup).classes) {
        const unit = unitPrices[index] as Float64Array;
        let value = 0;
        for (let d = 0; d < width; d++) value += (unit[d] as number) * (weights[shape * width + d] as number);
        least = Math.min(least, value);
      }
      if (least < Number.POSITIVE_INFINITY) values[shape] = least;
    }
    return values;
  }

  /** The most that divisible pods of these values make of an existing class's room, and which: a relaxation of its bins. */
  existingUse(
    index: number,
    values: Float64Array,
  ): { value: number; amounts: readonly { shape: number; amount: number }[] } {
    const { width, weights, groups, groupOf, pods, existing } = this.#model;
    const { room } = existing[index] as { room: Float64Array };
    const lp = new CoveringLp(
      room.map((amount) => -amount),
      new Float64Array(width).fill(Number.POSITIVE_INFINITY),
    );
    const rows = [...room.keys()];
    const shapes: number[] = [];
    for (let shape = 0; shape < pods.length; shape++) {
      if (pods[shape] === 0 || (values[shape] as number) <= 0) continue;
      if (!(groups[groupOf[shape] as number] as ShapeGroup).existing.includes(index)) continue;
      shapes.push(shape);
      lp.addColumn(
        -(values[shape] as number),
        rows,
        rows.map((d) => -(weights[shape * width + d] as number)),
      );
    }
    lp.solve(PIVOTS_MAX);
    const amounts = lp.solution().map(({ column, amount }) => ({ shape: shapes[column] as number, amount }));
    return { value: amounts.reduce((sum, { shape, amount }) => sum + amount * (values[shape] as number), 0), amounts };
  }
}
