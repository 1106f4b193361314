/** Duals and ratios closer than this to 0 count as 0; rows and prices are scaled to about 1. */
const TOLERANCE = 1e-9;
const PIVOT_TOLERANCE = 1e-8;
/** Right-hand sides are moved by so much, each row differently, so that ties do not stall the iteration. */
const PERTURBATION = 1e-8;
/** The inverse is recomputed after so many changes, or four times the rows: by then its error is still far below the tolerances. */
const REFACTOR_PIVOTS = 150;
/** From this share of entries on, a row is gone through as a whole. */
const DENSE_SHARE = 0.6;
const GOLDEN_RATIO = 0.6180339887498949;

/**
 * min cost·x, A x ≥ b, x ≥ 0, with columns that may be added at any time: revised simplex over an explicit inverse, for a few hundred rows.
 * Each row has a start column, one unit of the row for a price that its dual cannot exceed anyway: no first phase is needed.
 */
export class CoveringLp {
  readonly rows: number;
  /** What one unit of each row is worth; ≥ 0 after {@link solve}. */
  readonly duals: Float64Array;
  #pivots = 0;
  readonly #rightSide: Float64Array;
  readonly #startCosts: Float64Array;
  readonly #inverse: Float64Array;
  readonly #amounts: Float64Array;
  /** By row: column in the basis. Start columns come first, then surplus columns, then those added. */
  readonly #basis: Int32Array;
  readonly #direction: Float64Array;
  /** Scratch: where the pivot row is not 0. */
  readonly #filled: Int32Array;
  #columns = 0;
  #starts = new Int32Array(65);
  #costs = new Float64Array(64);
  #norms = new Float64Array(64);
  #entryRows = new Int32Array(256);
  #entryValues = new Float64Array(256);
  #sinceRefactor = 0;

  /**
   * `startCosts`: by row an upper limit of its dual; Infinity where the row has a right side ≤ 0 and no limit is known.
   */
  constructor(rightSide: Float64Array, startCosts: Float64Array) {
    const rows = rightSide.length;
    this.rows = rows;
    this.#rightSide = rightSide.map((value, row) => {
      const shift = PERTURBATION * (1 + Math.abs(value)) * spread(row);
      return value > 0 ? value + shift : value - shift;
    });
    this.#startCosts = startCosts;
    this.duals = new Float64Array(rows);
    this.#inverse = new Float64Array(rows * rows);
    this.#amounts = new Float64Array(rows);
    this.#basis = new Int32Array(rows);
    this.#direction = new Float64Array(rows);
    this.#filled = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const starts = (rightSide[row] as number) > 0;
      this.#basis[row] = starts ? row : rows + row;
      this.#inverse[row * rows + row] = starts ? 1 : -1;
      this.#amounts[row] = Math.abs(this.#rightSide[row] as number);
    }
    this.#refreshDuals();
  }

  /** Changes of basis so far. */
  get pivots(): number {
    return this.#pivots;
  }

  get columns(): number {
    return this.#columns;
  }

  /** What the duals make of the right-hand side: at the optimum the cost of the solution. */
  objective(): number {
    return this.duals.reduce((sum, dual, row) => sum + dual * (this.#rightSide[row] as number), 0);
  }

  /** Adds a column; entries of one row add up only if given once. Returns its number. */
  addColumn(cost: number, entryRows: ArrayLike<number>, entryValues: ArrayLike<number>): number {
    const column = this.#columns++;
    const start = this.#starts[column] as number;
    const end = start + entryRows.length;
    this.#makeRoom(column + 1, end);
    let squares = 1;
    for (let entry = 0; entry < entryRows.length; entry++) {
      const value = entryValues[entry] as number;
      this.#entryRows[start + entry] = entryRows[entry] as number;
      this.#entryValues[start + entry] = value;
      squares += value * value;
    }
    this.#costs[column] = cost;
    this.#norms[column] = Math.sqrt(squares);
    this.#starts[column + 1] = end;
    return column;
  }

  /** True when the column costs less than the duals say it is worth. */
  isAttractive(column: number): boolean {
    return this.#reducedCost(column) < -TOLERANCE;
  }

  /** Iterates to the optimum over the columns known now. False when `pivotsMax` came first: the duals are then not final. */
  solve(pivotsMax: number): boolean {
    for (let count = 0; count < pivotsMax; count++) {
      const entering = this.#mostAttractive();
      if (entering < 0) return true;
      this.#computeDirection(entering);
      const leavingRow = this.#leavingRow();
      if (leavingRow < 0) return true;
      this.#pivot(entering, leavingRow);
    }
    return false;
  }

  /** Amount of each added column in the present solution, where above 0. */
  solution(): readonly { readonly column: number; readonly amount: number }[] {
    const result: { column: number; amount: number }[] = [];
    for (let row = 0; row < this.rows; row++) {
      const column = (this.#basis[row] as number) - 2 * this.rows;
      const amount = this.#amounts[row] as number;
      if (column >= 0 && amount > TOLERANCE) result.push({ column, amount });
    }
    return result.sort((a, b) => a.column - b.column);
  }

  #makeRoom(columns: number, entries: number): void {
    if (columns > this.#costs.length) {
      this.#costs = grown(this.#costs);
      this.#norms = grown(this.#norms);
      const starts = new Int32Array(this.#costs.length + 1);
      starts.set(this.#starts);
      this.#starts = starts;
    }
    while (entries > this.#entryRows.length) {
      const rows = new Int32Array(this.#entryRows.length * 2);
      rows.set(this.#entryRows);
      this.#entryRows = rows;
      this.#entryValues = grown(this.#entryValues);
    }
  }

  #reducedCost(column: number): number {
    let value = this.#costs[column] as number;
    const end = this.#starts[column + 1] as number;
    for (let entry = this.#starts[column] as number; entry < end; entry++) {
      value -= (this.duals[this.#entryRows[entry] as number] as number) * (this.#entryValues[entry] as number);
    }
    return value;
  }

  #mostAttractive(): number {
    const { rows } = this;
    let best = -1;
    let bestScore = -TOLERANCE;
    for (let row = 0; row < rows; row++) {
      const dual = this.duals[row] as number;
      const start = (this.#startCosts[row] as number) - dual;
      if (start < bestScore) [best, bestScore] = [row, start];
      if (dual < bestScore) [best, bestScore] = [rows + row, dual];
    }
    for (let column = 0; column < this.#columns; column++) {
      const score = this.#reducedCost(column) / (this.#norms[column] as number);
      if (score < bestScore) {
        bestScore = score;
        best = 2 * rows + column;
      }
    }
    return best;
  }

  #computeDirection(entering: number): void {
    const { rows } = this;
    const inverse = this.#inverse;
    const direction = this.#direction;
    if (entering < 2 * rows) {
      const row = entering % rows;
      const sign = entering < rows ? 1 : -1;
      for (let index = 0; index < rows; index++) direction[index] = sign * (inverse[index * rows + row] as number);
      return;
    }
    const column = entering - 2 * rows;
    const start = this.#starts[column] as number;
    const end = this.#starts[column + 1] as number;
    for (let index = 0; index < rows; index++) {
      let sum = 0;
      for (let entry = start; entry < end; entry++) {
        sum +=
          (inverse[index * rows + (this.#entryRows[entry] as number)] as number) * (this.#entryValues[entry] as number);
      }
      direction[index] = sum;
    }
  }

  #leavingRow(): number {
    let best = -1;
    let bestRatio = Number.POSITIVE_INFINITY;
    for (let row = 0; row < this.rows; row++) {
      const step = this.#direction[row] as number;
      if (step <= PIVOT_TOLERANCE) continue;
      const ratio = Math.max(0, this.#amounts[row] as number) / step;
      if (ratio > bestRatio + 1e-12) continue;
      if (ratio < bestRatio - 1e-12 || step > (this.#direction[best] as number)) {
        best = row;
        bestRatio = ratio;
      }
    }
    return best;
  }

  #pivot(entering: number, leavingRow: number): void {
    const { rows, duals } = this;
    const inverse = this.#inverse;
    const step = this.#direction[leavingRow] as number;
    const pivotStart = leavingRow * rows;
    const reduced = this.#reducedCostOf(entering);
    const filled = this.#filled;
    let count = 0;
    for (let index = 0; index < rows; index++) {
      const value = (inverse[pivotStart + index] as number) / step;
      if (value === 0) continue;
      inverse[pivotStart + index] = value;
      duals[index] = (duals[index] as number) + reduced * value;
      filled[count++] = index;
    }
    this.#eliminate(leavingRow, count);
    this.#basis[leavingRow] = entering;
    this.#pivots++;
    if (++this.#sinceRefactor >= Math.max(REFACTOR_PIVOTS, 4 * rows)) this.#refactor();
  }

  /** Subtracts the pivot row, of which `count` entries are not 0, from all others. */
  #eliminate(leavingRow: number, count: number): void {
    const { rows } = this;
    const inverse = this.#inverse;
    const filled = this.#filled;
    const pivotStart = leavingRow * rows;
    const amount = Math.max(0, this.#amounts[leavingRow] as number) / (this.#direction[leavingRow] as number);
    this.#amounts[leavingRow] = amount;
    const isDense = count > rows * DENSE_SHARE;
    for (let row = 0; row < rows; row++) {
      const factor = this.#direction[row] as number;
      if (row === leavingRow || factor === 0) continue;
      this.#amounts[row] = (this.#amounts[row] as number) - factor * amount;
      const shift = (row - leavingRow) * rows;
      if (isDense) {
        const end = pivotStart + rows;
        for (let at = pivotStart; at < end; at++) {
          inverse[at + shift] = (inverse[at + shift] as number) - factor * (inverse[at] as number);
        }
        continue;
      }
      for (let position = 0; position < count; position++) {
        const at = pivotStart + (filled[position] as number);
        inverse[at + shift] = (inverse[at + shift] as number) - factor * (inverse[at] as number);
      }
    }
  }

  #reducedCostOf(entering: number): number {
    const { rows } = this;
    if (entering < rows) return (this.#startCosts[entering] as number) - (this.duals[entering] as number);
    if (entering < 2 * rows) return this.duals[entering - rows] as number;
    return this.#reducedCost(entering - 2 * rows);
  }

  #costOf(column: number): number {
    const { rows } = this;
    if (column < rows) return this.#startCosts[column] as number;
    return column < 2 * rows ? 0 : (this.#costs[column - 2 * rows] as number);
  }

  #refreshDuals(): void {
    const { rows, duals } = this;
    duals.fill(0);
    for (let row = 0; row < rows; row++) {
      const cost = this.#costOf(this.#basis[row] as number);
      if (cost === 0) continue;
      for (let index = 0; index < rows; index++) {
        duals[index] = (duals[index] as number) + cost * (this.#inverse[row * rows + index] as number);
      }
    }
  }

  /** Recomputes inverse, amounts and duals from the basis; keeps the old ones when rounding has made the basis singular. */
  #refactor(): void {
    this.#sinceRefactor = 0;
    const { rows } = this;
    const inverse = invert(this.#basisMatrix(), rows);
    if (inverse === undefined) return;
    this.#inverse.set(inverse);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let index = 0; index < rows; index++) {
        sum += (inverse[row * rows + index] as number) * (this.#rightSide[index] as number);
      }
      this.#amounts[row] = sum;
    }
    this.#refreshDuals();
  }

  #basisMatrix(): Float64Array {
    const { rows } = this;
    const matrix = new Float64Array(rows * rows);
    for (let position = 0; position < rows; position++) {
      const column = this.#basis[position] as number;
      if (column < 2 * rows) {
        matrix[(column % rows) * rows + position] = column < rows ? 1 : -1;
        continue;
      }
      const start = this.#starts[column - 2 * rows] as number;
      const end = this.#starts[column - 2 * rows + 1] as number;
      for (let entry = start; entry < end; entry++) {
        matrix[(this.#entryRows[entry] as number) * rows + position] = this.#entryValues[entry] as number;
      }
    }
    return matrix;
  }
}

/** A number in (0, 1] that differs from row to row. */
function spread(row: number): number {
  return 1 - (((row + 1) * GOLDEN_RATIO) % 1);
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const result = new Float64Array(array.length * 2);
  result.set(array);
  return result;
}

/** Gauss-Jordan with row exchange; undefined when the matrix is singular. */
function invert(matrix: Float64Array, rows: number): Float64Array | undefined {
  const inverse = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) inverse[row * rows + row] = 1;
  for (let column = 0; column < rows; column++) {
    const pivotRow = largestBelow(matrix, rows, column);
    const pivot = matrix[pivotRow * rows + column] as number;
    if (Math.abs(pivot) < 1e-12) return undefined;
    for (const array of [matrix, inverse]) {
      if (pivotRow !== column) swapRows(array, rows, pivotRow, column);
      for (let index = 0; index < rows; index++) {
        array[column * rows + index] = (array[column * rows + index] as number) / pivot;
      }
    }
    for (let row = 0; row < rows; row++) {
      const factor = matrix[row * rows + column] as number;
      if (row === column || factor === 0) continue;
      subtractRow(matrix, rows, { row, from: column, factor });
      subtractRow(inverse, rows, { row, from: column, factor });
    }
  }
  return inverse;
}

function largestBelow(matrix: Float64Array, rows: number, column: number): number {
  let best = column;
  for (let row = column + 1; row < rows; row++) {
    if (Math.abs(matrix[row * rows + column] as number) > Math.abs(matrix[best * rows + column] as number)) best = row;
  }
  return best;
}

function swapRows(array: Float64Array, rows: number, a: number, b: number): void {
  for (let index = 0; index < rows; index++) {
    const value = array[a * rows + index] as number;
    array[a * rows + index] = array[b * rows + index] as number;
    array[b * rows + index] = value;
  }
}

function subtractRow(
  array: Float64Array,
  rows: number,
  { row, from, factor }: { readonly row: number; readonly from: number; readonly factor: number },
): void {
  for (let index = 0; index < rows; index++) {
    array[row * rows + index] = (array[row * rows + index] as number) - factor * (array[from * rows + index] as number);
  }
}
