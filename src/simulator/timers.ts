// Everything the simulator has put off, so that closing it leaves nothing behind.

export class Timers {
  readonly #open = new Set<NodeJS.Timeout>();

  get waiting(): number {
    return this.#open.size;
  }

  /** Runs `run` later; returns what calls it off. */
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(() => {
      this.#open.delete(timer);
      run();
    }, ms);
    this.#open.add(timer);
    return () => {
      clearTimeout(timer);
      this.#open.delete(timer);
    };
  }

  clear(): void {
    for (const timer of this.#open) clearTimeout(timer);
    this.#open.clear();
  }
}
