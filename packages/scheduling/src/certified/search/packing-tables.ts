import type { PackingOffering, PackingProblem, PackingShape } from "../problem.ts";
import { MaskAlgebra } from "./mask-algebra.ts";

/** The rule counts such a pod. */
export const COUNTED = 1;
/** The rule holds as soon as a node has such a pod. */
export const OWNS = 2;

/** A packing problem laid out for hot loops. Vectors of shape or offering i start at i × dimensions. */
export interface PackingTables {
  readonly problem: PackingProblem;
  /** At least 2, so that the first two need no loop. */
  readonly dimensions: number;
  readonly classes: number;
  readonly shapes: number;
  readonly offerings: number;
  readonly requests: Float64Array;
  readonly pods: Int32Array;
  /** By shape, in the numbering of {@link masks}. */
  readonly mask: Int32Array;
  readonly masks: MaskAlgebra;
  /** 1 where pods with the mask may use the class, at mask × classes + class; for masks of shapes only. */
  readonly maskAllows: Uint8Array;
  /** Rules of shape s: entries ruleStart[s] … ruleStart[s + 1] of {@link ruleIds} and {@link ruleRoles}. */
  readonly ruleStart: Int32Array;
  readonly ruleIds: Int32Array;
  /** {@link COUNTED}, {@link OWNS} or both. */
  readonly ruleRoles: Uint8Array;
  readonly ruleMax: Float64Array;
  readonly offeringClass: Int32Array;
  readonly price: Float64Array;
  /** Never negative. */
  readonly free: Float64Array;
  /** By existing bin. */
  readonly binFree: Float64Array;
  readonly binClass: Int32Array;
}

export function packingTables(problem: PackingProblem): PackingTables {
  const { shapes, offerings, existing } = problem;
  const dimensions = Math.max(2, problem.dimensions);
  const classes = Math.max(problem.classes, ...problem.masks.map((bits) => bits.length));
  const masks = new MaskAlgebra(classes);
  const maskIds = problem.masks.map((bits) => masks.intern(padded(bits, classes)));
  return {
    problem,
    dimensions,
    classes,
    shapes: shapes.length,
    offerings: offerings.length,
    requests: flattened(
      shapes.map(({ requests }) => requests),
      dimensions,
    ),
    pods: Int32Array.from(shapes, ({ pods }) => pods),
    mask: Int32Array.from(shapes, ({ mask }) => maskIds[mask] ?? 0),
    masks,
    maskAllows: allowanceTable(masks),
    ...ruleTables(shapes),
    ruleMax: Float64Array.from(problem.hostRules, ({ max }) => max),
    ...offeringTables(offerings, dimensions),
    binFree: flattened(
      existing.map(({ free }) => free),
      dimensions,
    ),
    binClass: Int32Array.from(existing, (bin) => bin.class),
  };
}

type OfferingTables = Pick<PackingTables, "offeringClass" | "price" | "free">;

const known = new WeakMap<readonly PackingOffering[], OfferingTables>();

/** Laid out once for a list of offerings, which problems of several passes may share. */
function offeringTables(offerings: readonly PackingOffering[], dimensions: number): OfferingTables {
  let tables = known.get(offerings);
  if (tables === undefined) {
    tables = {
      offeringClass: Int32Array.from(offerings, (offering) => offering.class),
      price: Float64Array.from(offerings, ({ priceUsdPerHour }) => priceUsdPerHour),
      free: flattened(
        offerings.map(({ free }) => free),
        dimensions,
      ),
    };
    known.set(offerings, tables);
  }
  return tables;
}

function padded(bits: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  for (let index = 0; index < bits.length; index += 1) copy[index] = bits[index] === 1 ? 1 : 0;
  return copy;
}

function allowanceTable({ allowed, classes }: MaskAlgebra): Uint8Array {
  const table = new Uint8Array(allowed.length * classes);
  for (let mask = 0; mask < allowed.length; mask += 1) table.set(allowed[mask] as Uint8Array, mask * classes);
  return table;
}

/** Negative room is none: it only matters to pods that ask for something. */
function flattened(vectors: readonly Float64Array[], dimensions: number): Float64Array {
  const flat = new Float64Array(vectors.length * dimensions);
  for (let row = 0; row < vectors.length; row += 1) {
    const vector = vectors[row] as Float64Array;
    for (let index = 0; index < dimensions; index += 1)
      flat[row * dimensions + index] = Math.max(0, vector[index] ?? 0);
  }
  return flat;
}

function ruleTables(shapes: readonly PackingShape[]): Pick<PackingTables, "ruleStart" | "ruleIds" | "ruleRoles"> {
  const ruleStart = new Int32Array(shapes.length + 1);
  const ids: number[] = [];
  const roles: number[] = [];
  for (const [index, { owns, countedBy }] of shapes.entries()) {
    for (const rule of owns) {
      ids.push(rule);
      roles.push(countedBy.includes(rule) ? OWNS | COUNTED : OWNS);
    }
    for (const rule of countedBy)
      if (!owns.includes(rule)) {
        ids.push(rule);
        roles.push(COUNTED);
      }
    ruleStart[index + 1] = ids.length;
  }
  return { ruleStart, ruleIds: Int32Array.from(ids), ruleRoles: Uint8Array.from(roles) };
}
