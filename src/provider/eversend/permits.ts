// How hard we press the provider: so many money calls at once in this process, so many calls a second in all of them.
import { setTimeout as wait } from 'node:timers/promises';
import type { Cache } from '../../cache/cache.ts';
import type { Config } from '../../config.ts';
import type { Permit } from '../provider.ts';

export interface Permits {
  /** A slot for one money call, in order of arrival, then its turn under the shared rate. Raises the signal's reason when aborted. */
  permit(signal?: AbortSignal): Promise<Permit>;
  /** Waits for one turn under the shared rate. */
  turn(signal?: AbortSignal): Promise<void>;
  /** The same for whoever waits at most `mostMs`: gives null, or how long it would have been. */
  turnWithin(mostMs: number): Promise<number | null>;
  /** The provider asked for silence: it holds for every call of this process. */
  pause(durationMs: number): void;
  /** Milliseconds of that silence left; 0 when there is none. */
  pausedMs(): number;
}

export function createPermits(of: {
  config: Pick<Config, 'PROVIDER_MAX_CONCURRENCY' | 'PROVIDER_RATE_PER_SECOND'>;
  cache: Cache;
}): Permits {
  const { config, cache } = of;
  const waiting: (() => void)[] = [];
  let free = config.PROVIDER_MAX_CONCURRENCY;
  let pausedUntil = 0;

  async function turn(signal?: AbortSignal) {
    if (config.PROVIDER_RATE_PER_SECOND === 0) return;
    const waitMs = await cache.take('provider', config.PROVIDER_RATE_PER_SECOND);
    if (waitMs > 0) await wait(waitMs, undefined, signal === undefined ? {} : { signal });
  }

  async function turnWithin(mostMs: number) {
    if (config.PROVIDER_RATE_PER_SECOND === 0) return null;
    const waitMs = await cache.take('provider', config.PROVIDER_RATE_PER_SECOND, mostMs);
    if (waitMs > mostMs) return waitMs;
    if (waitMs > 0) await wait(waitMs);
    return null;
  }

  function release() {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  async function slot(signal?: AbortSignal) {
    signal?.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal?.reason);
      };
      waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    turn,
    turnWithin,
    async permit(signal) {
      await slot(signal);
      try {
        await turn(signal);
      } catch (error) {
        release();
        throw signal?.aborted ? signal.reason : error;
      }
      let held = true;
      return {
        release() {
          if (held) release();
          held = false;
        },
      };
    },
    pause(durationMs) {
      pausedUntil = Math.max(pausedUntil, performance.now() + durationMs);
    },
    pausedMs: () => Math.max(0, Math.ceil(pausedUntil - performance.now())),
  };
}
