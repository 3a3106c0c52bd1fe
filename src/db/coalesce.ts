// Coalescing: while one flush is on its way, later arrivals gather for the next, so that load turns into batch size.

export interface Coalesced<I, O> {
  (item: I): Promise<O>;
  /** Resolves when nothing is gathered and nothing is on its way. */
  idle(): Promise<void>;
}

/**
 * Gathers items and hands them to `flush` in order, at most `maxBatch` at a time, one flush after the other. There is no timer: a
 * lone item goes at once, and nobody is answered before its own flush has ended.
 * `unhurried`: as long as every turn of the event loop brings more, a flush waits for it. Larger batches are worth that where work
 * waits for itself (it costs a worker less), and not where a caller waits for the answer.
 * `flush` answers each item by position, with an Error for an item that failed alone. When the whole flush of a batch raises,
 * every item is flushed again by itself, so that a bad one spoils nobody else's; `whole` names errors for which that would be
 * wrong (a lost connection: what was being committed may have been).
 */
export function coalesce<I, O>(of: {
  flush: (items: readonly I[]) => Promise<readonly (O | Error)[]>;
  maxBatch: number;
  unhurried?: boolean;
  whole?: (error: unknown) => boolean;
}): Coalesced<I, O> {
  interface Waiting {
    readonly item: I;
    readonly resolve: (value: O) => void;
    readonly reject: (error: unknown) => void;
  }
  let gathered: Waiting[] = [];
  let isFlying = false;
  let looking = false;
  let wakeIdle: (() => void)[] = [];

  async function settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const answers = await of.flush(batch.map((waiting) => waiting.item));
      batch.forEach((waiting, index) => {
        const answer = answers[index];
        if (answer instanceof Error) waiting.reject(answer);
        else waiting.resolve(answer as O);
      });
    } catch (error) {
      if (batch.length === 1 || of.whole?.(error)) for (const waiting of batch) waiting.reject(error);
      else for (const waiting of batch) await settle([waiting]);
    }
  }

  function pump(): void {
    if (isFlying) return;
    if (gathered.length > 0) {
      const batch = gathered.slice(0, of.maxBatch);
      gathered = gathered.slice(of.maxBatch);
      isFlying = true;
      void settle(batch).finally(() => {
        isFlying = false;
        if (of.unhurried) soon();
        else pump();
      });
      return;
    }
    for (const wake of wakeIdle) wake();
    wakeIdle = [];
  }

  function soon(seen = 0): void {
    if (seen === 0 && looking) return;
    looking = true;
    setImmediate(() => {
      // Arrivals of the same turn travel together; the unhurried wait for as long as every turn brings more.
      if (of.unhurried && gathered.length > seen && gathered.length < of.maxBatch) return soon(gathered.length);
      looking = false;
      pump();
    });
  }

  const coalesced = (item: I) =>
    new Promise<O>((resolve, reject) => {
      gathered.push({ item, resolve, reject });
      if (!isFlying) soon();
    });
  coalesced.idle = () =>
    !isFlying && gathered.length === 0 ? Promise.resolve() : new Promise<void>((resolve) => wakeIdle.push(resolve));
  return coalesced;
}
