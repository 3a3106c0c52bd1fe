// How long to wait before asking again: exponentially longer, with full jitter, and never shorter than the service asks for.

const BASE_MS = 200;
const LONGEST_MS = 8_000;

/** Before the attempt after `attempts` of them. `retryAfterMs` is what the service asked for, 0 if nothing. */
export function backoffMs(attempts: number, retryAfterMs: number): number {
  const most = Math.min(LONGEST_MS, BASE_MS * 2 ** Math.min(attempts, 10));
  return retryAfterMs + Math.random() * most;
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
