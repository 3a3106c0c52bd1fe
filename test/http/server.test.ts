// The API process: starts in one line, refuses to start in one sentence, and ends cleanly when asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiKey } from '../../src/merchants/api-key.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { COLLECTION } from '../support/api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/ports.ts';
import { SURROUNDINGS } from '../support/surroundings.ts';
import { until } from '../support/until.ts';
import { COMPRESSED } from '../support/world.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

function start(more: Record<string, string>): {
  child: ChildProcess;
  heard: { out: string; err: string };
  ended: Promise<unknown[]>;
} {
  const root = join(import.meta.dirname, '..', '..');
  const env = { ...SURROUNDINGS, ...COMPRESSED, DATABASE_URL: database.url, ...more };
  const child = spawn(process.execPath, ['src/server.ts'], { cwd: root, env });
  const heard = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    heard.out += text;
  });
  child.stderr.on('data', (text) => {
    heard.err += text;
  });
  return { child, heard, ended: once(child, 'exit') };
}

test('it says when it is ready, serves, and ends with 0 when asked to', async () => {
  const port = await freePort();
  const { child, heard, ended } = start({ PORT: String(port), BASE_PATH: 'pay' });
  await until(() => heard.out.includes('api_ready'), 'the API is ready', 20_000);
  expect(JSON.parse(heard.out.split('\n')[0] ?? '')).toMatchObject({
    event: 'api_ready',
    port,
    url: `http://127.0.0.1:${port}/pay`,
  });
  const ready = await fetch(`http://127.0.0.1:${port}/pay/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { checks: { database: 'up' } }]);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(heard.err).toBe('');
});

test('what it has accepted when it is asked to stop is answered, and nothing else is accepted', async () => {
  const { id: merchantId } = await createMerchant(database.db, { name: 'Stopping' });
  const { secret } = await createApiKey(database.db, { merchantId, name: 'test', environment: 'test' });
  const port = await freePort();
  const { child, heard, ended } = start({ PORT: String(port) });
  await until(() => heard.out.includes('api_ready'), 'the API is ready', 20_000);
  const accepted: string[] = [];
  const calls = Array.from({ length: 300 }, async (_, n) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/collections`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        'idempotency-key': `stopping-0123456789-${n}`,
      },
      body: JSON.stringify(COLLECTION),
    });
    expect(answer.status).toBe(202);
    if (accepted.length === 0) child.kill('SIGTERM');
    accepted.push(((await answer.json()) as { id: string }).id);
  });
  await Promise.allSettled(calls);
  expect(await ended).toEqual([0, null]);
  expect(accepted.toSorted()).toEqual((await database.db('transactions').pluck('id')).toSorted());
});

test('a port that is taken, an address that is not ours and a missing setting are one sentence each, and end it with 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const port = String((taken.address() as { port: number }).port);
  const starts = [
    { more: { PORT: port }, sentence: new RegExp(`^Port ${port} on 127.0.0.1 is in use: .*PORT.*\n$`) },
    { more: { PORT: '0', HOST: '192.0.2.1' }, sentence: /^HOST 192.0.2.1 is no address of this machine: .*\n$/ },
    { more: { DATA_ENCRYPTION_KEY: 'x' }, sentence: /^It cannot start:\nDATA_ENCRYPTION_KEY must be .*\n$/ },
  ].map(({ more, sentence }) => ({ ...start(more), sentence }));
  for (const { ended, heard, sentence } of starts) {
    expect(await ended).toEqual([1, null]);
    expect(heard.err).toMatch(sentence);
  }
  taken.close();
});
