// Coalescing: while one flush is on its way, later arrivals gather for the next, so that load turns into batch size.

export interface Coalesced<I, O> {
  (item: I): Promise<O>;
  /** Resolves when nothing is gathered and nothing is on its way. */
  idle(): Promise<void>;
}

/**
 * Gathers items and hands them to `flush` in order, at most `maxBatch` at a time and `inFlight` flushes at once. There is no
 * timer: a lone item goes at once, and nobody is answered before its own flush has ended.
 * `flush` answers each item by position, with an Error for an item that failed alone. When the whole flush of a batch raises,
 * every item is flushed again by itself, so that a bad one spoils nobody else's; `whole` names errors for which that would be
 * wrong (a lost connection: what was being committed may have been).
 */
export function coalesce<I, O>(of: {
  flush: (items: readonly I[]) => Promise<readonly (O | Error)[]>;
  maxBatch: number;
  inFlight?: number;
  whole?: (error: unknown) => boolean;
}): Coalesced<I, O> {
  interface Waiting {
    readonly item: I;
    readonly resolve: (value: O) => void;
    readonly reject: (error: unknown) => void;
  }
  let gathered: Waiting[] = [];
  let flying = 0;
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
    while (flying < (of.inFlight ?? 1) && gathered.length > 0) {
      const batch = gathered.slice(0, of.maxBatch);
      gathered = gathered.slice(of.maxBatch);
      flying += 1;
      void settle(batch).finally(() => {
        flying -= 1;
        pump();
      });
    }
    if (flying === 0 && gathered.length === 0) {
      for (const wake of wakeIdle) wake();
      wakeIdle = [];
    }
  }

  const coalesced = (item: I) =>
    new Promise<O>((resolve, reject) => {
      gathered.push({ item, resolve, reject });
      // Arrivals of the same tick travel together.
      if (flying === 0 && gathered.length === 1) setImmediate(pump);
      else if (flying > 0) pump();
    });
  coalesced.idle = () =>
    flying === 0 && gathered.length === 0 ? Promise.resolve() : new Promise<void>((resolve) => wakeIdle.push(resolve));
  return coalesced;
}
