// The Context: everything of the outside world that code may touch. Code that is not given one cannot reach the world.
import type { Cache } from './cache/cache.ts';
import type { Config } from './config.ts';
import type { Db } from './db/knex.ts';
import type { Logger } from './logger.ts';
import type { Provider } from './provider/provider.ts';
import type { Queues } from './queue/queues.ts';
import type { Vault } from './vault.ts';

export interface Context {
  readonly config: Config;
  readonly log: Logger;
  readonly db: Db;
  readonly cache: Cache;
  readonly queues: Queues;
  readonly provider: Provider;
  readonly vault: Vault;
}

/** Something made once per Context (a batcher, a small cache) and found again by whoever holds the same Context. */
export function perContext<T>(make: (ctx: Context) => T): (ctx: Context) => T {
  const made = new WeakMap<Context, T>();
  return (ctx) => {
    let value = made.get(ctx);
    if (value === undefined) {
      value = make(ctx);
      made.set(ctx, value);
    }
    return value;
  };
}
