/** Runs tasks with at most so many under way; the rest wait in order. Tasks handle their own failures. */
export class BoundedWork {
  readonly #max: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(max: number) {
    this.#max = max;
  }

  add(task: () => Promise<void>): void {
    this.#waiting.push(task);
    this.#startNext();
  }

  /** Drops what waits and resolves when what runs has ended. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all(this.#running);
  }

  #startNext(): void {
    while (this.#running.size < this.#max) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      const running: Promise<void> = task().finally(() => {
        this.#running.delete(running);
        this.#startNext();
      });
      this.#running.add(running);
    }
  }
}
