// Builds the real Context from a configuration: database, cache, queues, provider, vault, logger; and closes it.
import { openCache } from './cache/open-cache.ts';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { openDatabase } from './db/knex.ts';
import { createLogger, type Logger } from './logger.ts';
import { createEversendProvider } from './provider/eversend/adapter.ts';
import { type BullmqQueues, openQueues } from './queue/bullmq.ts';
import { createVault } from './vault.ts';

export interface Composed extends Context {
  readonly queues: BullmqQueues;
  close(): Promise<void>;
}

/** Connects lazily: a store that is away now is an error of the call that needs it, not of the start. */
export function compose(config: Config, log: Logger = createLogger(config.LOG_LEVEL)): Composed {
  const db = openDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    onError: (error) => log.warn({ event: 'database', error }, 'a database connection was lost'),
  });
  const cache = openCache({ redisUrl: config.REDIS_URL, db, log });
  const queues = openQueues({ config, log });
  const provider = createEversendProvider({ config, cache, log });
  return {
    config,
    log,
    db,
    cache,
    queues,
    provider,
    vault: createVault(config.DATA_ENCRYPTION_KEYS),
    async close() {
      await provider.close();
      await queues.close();
      await cache.close();
      await db.destroy();
    },
  };
}
