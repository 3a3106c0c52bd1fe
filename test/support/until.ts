// Waits on a fact, never for a fixed time.
import { setTimeout as wait } from 'node:timers/promises';

type Falsy = false | null | undefined | 0 | 0n | '';

/**
 * Asks again and again, quickly at first, until `fact` gives something truthy, and returns that. A fact that throws counts as not yet.
 * After `timeoutMs` it fails with the sentence `what` (such as "the payout is settled") and the last error, if any.
 */
export async function until<T>(
  fact: () => Promise<T | Falsy> | T | Falsy,
  what: string,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    try {
      const found = await fact();
      if (found) return found;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`within ${timeoutMs} ms it did not become true that ${what}`, { cause: lastError });
    }
    await wait(pauseMs);
  }
}
