// A database whose answer is lost on the way: whoever waits is told, and the next one is served.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { isConnectionLoss, openDatabase, runAlone } from '../../src/db/knex.ts';
import { createDatabase } from '../support/database.ts';

const ASK = { name: 'ask', text: 'SELECT $1::int AS n' };

it('a reply that never comes ends its connection, and nobody else waits for it', async () => {
  const database = await createDatabase();
  onTestFinished(() => database.close());
  const target = new URL(database.url);
  let swallows = false;
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => void (swallows || client.write(bytes)));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = new URL(target);
  [url.hostname, url.port] = ['127.0.0.1', String((proxy.address() as AddressInfo).port)];
  const db = openDatabase({ url: url.href, poolSize: 1, onError: () => {}, answerWithinMs: 300 });
  onTestFinished(async () => {
    await db.destroy();
    proxy.close();
  });

  expect(await runAlone(db, ASK, [1])).toEqual([{ n: 1 }]);
  swallows = true;
  const [lost] = await Promise.allSettled([runAlone(db, ASK, [2])]);
  swallows = false;
  expect(lost.status === 'rejected' && isConnectionLoss(lost.reason)).toBe(true);
  expect(await runAlone(db, ASK, [3])).toEqual([{ n: 3 }]);
});

const raisedBy = (asked: Promise<unknown>) =>
  asked.then(
    () => null,
    (error: unknown) => error,
  );

it('a database that has no connection left, or takes none, is a lost connection and no fault of the statement', async () => {
  const database = await createDatabase();
  onTestFinished(() => database.close());
  const owner = openDatabase({ url: database.url, poolSize: 1, onError: () => {}, role: null });
  onTestFinished(() => owner.destroy());
  const role = `narrow_${process.pid}`;
  await owner.raw(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 1 PASSWORD '${role}'`);
  onTestFinished(async () => void (await owner.raw(`DROP ROLE ${role}`)));
  const url = new URL(database.url);
  [url.username, url.password] = [role, role];
  const narrow = openDatabase({ url: url.href, poolSize: 2, onError: () => {}, role: null });
  onTestFinished(() => narrow.destroy());
  await narrow.transaction(async () => {
    const refused = await raisedBy(runAlone(narrow, ASK, [1]));
    expect(refused).toMatchObject({ code: '53300' });
    expect(isConnectionLoss(refused)).toBe(true);
  });

  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const late = new pg.Client({ host: '127.0.0.1', port, connectionTimeoutMillis: 50 });
  expect(isConnectionLoss(await raisedBy(late.connect()))).toBe(true);

  const gone = new pg.Client({ connectionString: database.url });
  await gone.connect();
  await gone.end();
  expect(isConnectionLoss(await raisedBy(gone.query('SELECT 1')))).toBe(true);
  expect(isConnectionLoss(await raisedBy(owner.raw('SELECT 1/0')))).toBe(false);
});
