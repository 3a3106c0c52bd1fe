// One embedded PostgreSQL for the whole run, with the migrations applied to a template that each test's database is cloned from.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/db/migrations.ts';
import { isHeld } from '../../src/local/lock.ts';
import { startPostgres } from '../../src/local/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    templateDatabase: string;
  }
}

const TEMPLATE = 'migrated_template';
const PREFIX = 'eversend-payments-test-';
const STARTING_MS = 60_000;

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  // Nothing here outlives the run, so the disk need not be waited for.
  const postgres = await startPostgres({
    dataDir: folder,
    settings: {
      fsync: 'off',
      full_page_writes: 'off',
      max_connections: '300',
      autovacuum_naptime: '600',
    },
  });
  const tearDown = async () => {
    await postgres.stop('immediate');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${TEMPLATE}`);
    await client.end();
    const template = new URL(postgres.url);
    template.pathname = `/${TEMPLATE}`;
    await migrate(template.href);
  } catch (error) {
    await tearDown();
    throw error;
  }
  project.provide('postgresUrl', postgres.url);
  project.provide('templateDatabase', TEMPLATE);
  return tearDown;
}

/** A run that was killed could not remove its database's files; nobody holds their lock any more. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.ctimeMs ?? Date.now());
    if (age > STARTING_MS && !isHeld(join(folder, 'lock'))) rmSync(folder, { recursive: true, force: true });
  }
}
