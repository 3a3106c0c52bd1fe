// Lets others have their turn during long work on one thread: whoever waits for an answer meanwhile waits for a slice of it only.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A slice: short against what a request takes anyway. */
const SLICE_MS = 4;

/** To be called after each small piece; resolves at once, or after the event loop has served everybody else. */
export function breather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < SLICE_MS) return;
    await nextTurn();
    since = performance.now();
  };
}
