// An embedded PostgreSQL that dies with us and survives our being killed: made, started, stopped and recovered in a folder.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { acquireLock, type Lock, LockHeld } from './lock.ts';
import { freePort } from './ports.ts';
import { binariesFor } from './postgres-binaries.ts';
import { initialise, locateCluster, ownerOf, passwordFor } from './postgres-cluster.ts';
import { clearLeftovers } from './postgres-leftovers.ts';
import { type EmbeddedPostgres, launch, PortTaken } from './postgres-server.ts';
import { userForPostgres } from './postgres-user.ts';
import { explain, LocalProblem } from './problem.ts';

export type { EmbeddedPostgres };

/**
 * Starts PostgreSQL on 127.0.0.1 with its files under `dataDir` (made when missing). `port` is chosen freely when absent; `settings`
 * are PostgreSQL's own. Raises LocalProblem with one sentence saying what to do. It ends when this process ends, however that happens.
 */
export async function startPostgres(of: {
  dataDir: string;
  port?: number;
  settings?: Readonly<Record<string, string>>;
  log?: (sentence: string) => void;
}): Promise<EmbeddedPostgres> {
  const home = resolve(of.dataDir);
  const log = of.log ?? (() => {});
  let lock: Lock;
  try {
    lock = acquireLock(join(home, 'lock'));
  } catch (error) {
    if (error instanceof LockHeld) {
      throw new LocalProblem(
        `Process ${error.pid} already runs a database in ${home}: stop it, or choose another folder.`,
      );
    }
    throw explain(String(error), home) ?? error;
  }
  try {
    const { cluster, password, binaries, user } = await prepare(home, of.settings ?? {}, log);
    for (let round = 1; ; round += 1) {
      const port = of.port ?? (await freePort());
      try {
        return await launch({ home, cluster, password, binaries, user, port, settings: of.settings ?? {}, lock });
      } catch (error) {
        if (!(error instanceof PortTaken)) throw error;
        if (of.port !== undefined || round === 5) {
          throw new LocalProblem(`Port ${port} on 127.0.0.1 is in use: PostgreSQL needs another one.`);
        }
      }
    }
  } catch (error) {
    lock.release();
    throw error instanceof LocalProblem ? error : (explain(String(error), home) ?? error);
  }
}

async function prepare(home: string, settings: Readonly<Record<string, string>>, log: (sentence: string) => void) {
  const preferred = userForPostgres();
  const cluster = locateCluster(home, preferred, log);
  const user = ownerOf(cluster, preferred);
  const binaries = binariesFor(user);
  const password = passwordFor(home, cluster);
  if (existsSync(cluster)) {
    await clearLeftovers(cluster, log);
  } else {
    const startedAt = Date.now();
    await initialise({ cluster, password, binaries, user, durable: settings['fsync'] !== 'off' });
    log(`Created the database's files in ${Date.now() - startedAt} ms.`);
  }
  return { cluster, password, binaries, user };
}
