// Gathering, as bare as it can be: while one flush is on its way, later arrivals wait for the next.

/** One flush at a time, of at most `maxBatch` items; each caller is answered when its own flush has ended. */
export function gather<Item>(maxBatch: number, flush: (items: Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let flying = false;

  async function pump() {
    flying = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      try {
        await flush(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    flying = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!flying) {
        flying = true;
        setImmediate(pump);
      }
    });
}
