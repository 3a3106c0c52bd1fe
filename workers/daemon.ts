// A daemon: `runOnce` again and again, one at a time, until it is told to stop. Tests call `runOnce` themselves.
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../src/logger.ts';

export interface Daemon {
  stop(): Promise<void>;
}

/** Runs at once and then every `intervalMs` after the last end. A failure is logged and the next round comes all the same. */
export function startDaemon(of: {
  name: string;
  intervalMs: number;
  log: Logger;
  runOnce: () => Promise<unknown>;
}): Daemon {
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await of.runOnce();
      } catch (error) {
        of.log.warn({ event: of.name, error }, 'a round failed; the next one comes');
      }
      await wait(of.intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
