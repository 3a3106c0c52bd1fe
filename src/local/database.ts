// The local system's database: the embedded one, restarted on the same port when it dies, or the one DATABASE_URL names.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type EmbeddedPostgres, startPostgres } from './postgres.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export interface LocalDatabase {
  readonly url: string;
  /** Whether it is embedded, and so ours to stop. */
  readonly embedded: boolean;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

/** Starts the embedded database in `dataDir/postgres` and keeps it running until `stop`. Raises LocalProblem when the first start fails. */
export async function startDatabase(of: {
  dataDir: string;
  say: (sentence: string) => void;
  debug: (sentence: string) => void;
}): Promise<LocalDatabase> {
  const stopping = new AbortController();
  const start = (port?: number) =>
    startPostgres({
      dataDir: join(of.dataDir, 'postgres'),
      ...(port === undefined ? {} : { port }),
      settings: { max_connections: '200' },
      log: of.debug,
    });
  let postgres = await start();
  const { port, url } = postgres;

  const again = async (): Promise<EmbeddedPostgres | null> => {
    for (let pauseMs = FIRST_PAUSE_MS; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await start(port);
      } catch (error) {
        of.say(`${(error as Error).message} It is tried again in ${pauseMs} ms.`);
      }
      await wait(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
    return null;
  };
  const keepRunning = async () => {
    while (!stopping.signal.aborted) {
      await postgres.exited;
      if (stopping.signal.aborted) return;
      of.say('PostgreSQL has ended unexpectedly; it starts again.');
      const next = await again();
      if (next === null) return;
      postgres = next;
      of.say('PostgreSQL runs again.');
    }
  };
  const kept = keepRunning();

  return {
    url,
    embedded: true,
    async stop(mode = 'fast') {
      stopping.abort();
      await postgres.stop(mode);
      await kept;
      // A restart that was under way when we were asked to stop.
      await postgres.stop(mode);
    },
  };
}
