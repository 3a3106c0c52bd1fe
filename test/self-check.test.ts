// What a start checks: each thing that is wrong is a refusal in one sentence, and what merely is away is not.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/db/knex.ts';
import { createLogger } from '../src/logger.ts';
import { askAll, type Checked } from '../src/self-check.ts';
import { createVault } from '../src/vault.ts';
import { createDatabase, createEmptyDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/ports.ts';
import { describeWithRedis, startRedis } from './support/redis.ts';
import { SURROUNDINGS } from './support/surroundings.ts';
import { until } from './support/until.ts';
import { COMPRESSED } from './support/world.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.close());

const vault = createVault([randomBytes(32)]);
const checked = (of: Partial<Checked> = {}): Checked => ({
  db: database.db,
  queues: { ping: async () => true, problem: async () => null },
  vault,
  log: createLogger('silent'),
  ...of,
});

async function asOwner(sql: string, url = database.superuserUrl): Promise<void> {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query(sql).finally(() => owner.end());
}

/** The checks on a pool of their own, since a connection keeps the settings it was opened with. */
async function problemsOf(of: { url?: string; role?: string | null } = {}) {
  const db = openDatabase({
    url: of.url ?? database.url,
    poolSize: 2,
    onError: () => {},
    ...(of.role === undefined ? {} : { role: of.role }),
  });
  try {
    return (await askAll(checked({ db }))).problems;
  } finally {
    await db.destroy();
  }
}

it('finds nothing wrong with a database as the migrations leave it', async () => {
  expect(await askAll(checked())).toEqual({ problems: [], unanswered: [] });
});

describe('it refuses', () => {
  it('a database that was never migrated', async () => {
    const empty = await createEmptyDatabase();
    expect(await problemsOf({ url: empty.url })).toContain('The database is not prepared: run `npm run migrate`.');
    await empty.close();
  });

  it('a database that is behind the code, or ahead of it, saying which', async () => {
    await asOwner(`UPDATE schema_migrations SET name = '20990101000000_tomorrow.ts' WHERE name LIKE '%audit_log%'`);
    expect(await problemsOf()).toEqual([
      expect.stringMatching(
        /^The database is behind this code \(it lacks [0-9]+_audit_log\.ts\): run `npm run migrate`/,
      ),
    ]);
    await asOwner(
      `INSERT INTO schema_migrations (name, batch, migration_time) SELECT '20261101000010_audit_log.ts', 1, now()`,
    );
    expect(await problemsOf()).toEqual([
      expect.stringMatching(
        /^The database is ahead of this code \(it has 20990101000000_tomorrow\.ts\): start the release/,
      ),
    ]);
  });

  it.each([
    ['UPDATE', 'journal_entries'],
    ['INSERT', 'postings'],
    ['UPDATE', 'ledger_accounts'],
    ['DELETE', 'ledger_rollups'],
    ['DELETE', 'transaction_history'],
    ['TRUNCATE', 'audit_log'],
    ['UPDATE', 'earnings'],
    ['UPDATE', 'fee_schedules'],
  ])('a role that may %s %s', async (privilege, table) => {
    await asOwner(`GRANT ${privilege} ON ${table} TO eversend_app`);
    expect(await problemsOf()).toEqual([expect.stringContaining(`may ${privilege} ${table}, which must only grow`)]);
  });

  it('a role that may change one column of the history', async () => {
    await asOwner(`GRANT UPDATE (note) ON transaction_history TO eversend_app`);
    expect(await problemsOf()).toEqual([expect.stringContaining('may UPDATE transaction_history')]);
  });

  it('a database that answers before it has written', async () => {
    await asOwner(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET synchronous_commit = off`);
    expect(await problemsOf()).toEqual([expect.stringContaining('(synchronous_commit is off)')]);
  });

  it('connections whose login was not switched to the role', async () => {
    const [first] = await problemsOf({ role: null });
    expect(first).toMatch(/^The database's connections work as \S+ instead of eversend_app/);
  });

  it('a login that may not switch to the role, a wrong password, and a database that is not there', async () => {
    const login = `stranger_${Date.now()}`;
    await asOwner(`CREATE ROLE ${login} LOGIN PASSWORD 'right'`);
    const stranger = new URL(database.url);
    stranger.username = login;
    stranger.password = 'right';
    expect(await problemsOf({ url: stranger.href })).toEqual([
      'The login in DATABASE_URL is not a member of eversend_app: GRANT it to that login.',
    ]);
    stranger.password = 'wrong';
    expect(await problemsOf({ url: stranger.href })).toEqual([
      'The database refused the user or password in DATABASE_URL.',
    ]);
    const nowhere = new URL(database.url);
    nowhere.pathname = '/not_there';
    expect(await problemsOf({ url: nowhere.href })).toEqual([
      'The database named in DATABASE_URL does not exist: create it and run `npm run migrate`.',
    ]);
    await asOwner(`DROP ROLE ${login}`);
  });

  it('a Redis that evicts', async () => {
    const queues = { ping: async () => true, problem: async () => 'Redis evicts keys (allkeys-lru).' };
    expect((await askAll(checked({ queues }))).problems).toEqual(['Redis evicts keys (allkeys-lru).']);
  });
});

it('what cannot be asked is no refusal, and is asked again', async () => {
  const away = { ping: async () => false, problem: async () => null };
  const round = await askAll(checked({ queues: away }));
  expect(round.problems).toEqual([]);
  expect(round.unanswered.map(({ name }) => name)).toEqual(['queues']);
});

function start(file: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [file], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...SURROUNDINGS, ...COMPRESSED, DATABASE_URL: database.url, PORT: '0', ...env },
  });
  const heard = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    heard.out += text;
  });
  child.stderr.on('data', (text) => {
    heard.err += text;
  });
  return { child, heard, ended: once(child, 'exit') };
}

describe.each(['src/server.ts', 'workers/main.ts'])('%s', (file) => {
  it('does not start over what is wrong, and says it in one sentence', async () => {
    await asOwner(`GRANT DELETE ON postings TO eversend_app`);
    const { ended, heard } = start(file, {});
    expect(await ended).toEqual([1, null]);
    expect(heard.err).toMatch(/^It cannot start:\nThe role eversend_app may DELETE postings, .*\n$/);
    expect(heard.out).not.toContain('ready');
  });
});

it('web starts while the database is away, and says so', async () => {
  const { child, ended, heard } = start('src/server.ts', {
    DATABASE_URL: `postgres://nobody@127.0.0.1:${await freePort()}/nothing`,
    PORT: String(await freePort()),
  });
  await until(() => heard.out.includes('api_ready'), 'the API is ready without its database', 20_000);
  expect(heard.out).toContain('start_unchecked');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

describeWithRedis('with Redis', () => {
  it('web starts while Redis is away, and ends when Redis comes back and evicts', async () => {
    const redis = await startRedis(['--maxmemory-policy', 'allkeys-lru', '--maxmemory', '100mb']);
    await redis.kill();
    const { ended, heard } = start('src/server.ts', { REDIS_URL: redis.url, PORT: String(await freePort()) });
    await until(() => heard.out.includes('api_ready'), 'the API is ready without Redis', 20_000);
    await redis.start();
    expect(await ended).toEqual([1, null]);
    expect(heard.err).toMatch(/^It cannot start:\nRedis evicts keys \(allkeys-lru\)/);
    await redis.close();
  });
});
