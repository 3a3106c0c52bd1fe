// `npm start` from the outside: everything comes up, a payment goes through, nothing stays behind, and the data is found again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Credentials } from '../../src/local/credentials.ts';
import { localEnvironment } from '../../src/local/environment.ts';
import { isAlive } from '../../src/local/process-identity.ts';
import { SURROUNDINGS } from '../support/surroundings.ts';
import { until } from '../support/until.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'eversend-payments-start-'));
const children: ChildProcess[] = [];
const PATIENCE_MS = 60_000;

interface Run {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  printed(): string;
}

function npmStart(more: Record<string, string> = {}): Run {
  const { HOME = '' } = process.env;
  const child = spawn(process.execPath, ['src/local.ts'], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: { ...SURROUNDINGS, HOME, DATA_DIR: dataDir, PORT: '0', SIMULATOR_PORT: '0', ...more },
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, exited: once(child, 'exit'), printed: () => text };
}

async function started(run: Run): Promise<Credentials> {
  await until(() => run.printed().includes('Everything runs') || run.child.exitCode !== null, 'it runs', PATIENCE_MS);
  expect(run.printed()).toContain('Everything runs');
  return JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8'));
}

async function ask<T>({ apiUrl, apiKey }: Credentials, path: string, body?: object): Promise<T> {
  const response = await fetch(`${apiUrl}/v1${path}`, {
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': 'the-first-payment' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await response.json()) as T;
}

const postgresPid = () =>
  Number(readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
const isServed = (url: string) =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20 });
});

test('a newcomer pays, stops, starts, is killed, starts again, and finds the same key and the same payment', {
  timeout: 3 * PATIENCE_MS,
}, async () => {
  const first = npmStart();
  const credentials = await started(first);
  expect(Object.keys(credentials).toSorted()).toEqual(
    ['adminEmail', 'adminPassword', 'adminUrl', 'apiKey', 'apiUrl', 'simulatorUrl'].toSorted(),
  );
  for (const name of ['credentials.json', 'environment.json', 'secrets.json']) {
    expect(statSync(join(dataDir, name)).mode & 0o777, name).toBe(0o600);
  }
  expect(localEnvironment(dataDir)).toMatchObject({ DATABASE_URL: expect.stringMatching(/^postgres:/) });

  const second = npmStart();
  expect(await second.exited).toEqual([1, null]);
  expect(second.printed()).toContain(`It already runs on ${dataDir} (process ${first.child.pid})`);

  const { data: wallets } = await ask<{ data: { currency: string; available: string }[] }>(credentials, '/wallets');
  expect(wallets.map(({ currency }) => currency).toSorted()).toEqual(['GHS', 'KES', 'NGN', 'RWF', 'UGX', 'USD', 'XAF']);
  const { id } = await ask<{ id: string }>(credentials, '/payouts', {
    amount: '1000',
    currency: 'UGX',
    country: 'UG',
    destinationCurrency: 'UGX',
    method: 'momo',
    recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
  });
  const state = async (of: Credentials) => (await ask<{ status: string }>(of, `/transactions/${id}`)).status;
  await until(async () => (await state(credentials)) === 'settled', 'the payout is settled', PATIENCE_MS);

  const database = postgresPid();
  first.child.kill('SIGTERM');
  expect(await first.exited).toEqual([0, null]);
  expect(isAlive(database)).toBe(false);
  expect(await isServed(`${credentials.apiUrl}/livez`)).toBe(false);
  expect(localEnvironment(dataDir)).toBeNull();

  const again = npmStart();
  const kept = await started(again);
  expect(kept.apiKey).toBe(credentials.apiKey);
  expect(kept.adminPassword).toBe(credentials.adminPassword);
  expect(await state(kept)).toBe('settled');

  const orphan = postgresPid();
  again.child.kill('SIGKILL');
  await until(() => !isAlive(orphan), 'the database of the killed start has ended');
  await until(async () => !(await isServed(`${kept.apiUrl}/livez`)), 'the API of the killed start has ended');

  const recovered = npmStart();
  expect(await state(await started(recovered))).toBe('settled');
  recovered.child.kill('SIGINT');
  expect(await recovered.exited).toEqual([0, null]);
});

test('a part that dies is named and started again, and so is the database', { timeout: 2 * PATIENCE_MS }, async () => {
  const run = npmStart({ LOG_LEVEL: 'debug' });
  const credentials = await started(run);
  const workers = () => [...run.printed().matchAll(/The worker is process (\d+)/g)].map((match) => Number(match[1]));
  process.kill(workers()[0] ?? 0, 'SIGKILL');
  await until(
    () => run.printed().includes('The worker was ended by SIGKILL; it starts again'),
    'the death is reported',
  );
  await until(() => isAlive(workers()[1] ?? 0), 'there is a worker again');
  process.kill(postgresPid(), 'SIGKILL');
  await until(() => run.printed().includes('PostgreSQL runs again.'), 'the database is reported as running again');
  await until(() => isServed(`${credentials.apiUrl}/readyz`), 'the API is ready again');
  await ask(credentials, '/wallets');
  run.child.kill('SIGTERM');
  expect(await run.exited).toEqual([0, null]);
});

test('what keeps it from starting is one sentence, and the exit code says so', { timeout: PATIENCE_MS }, async () => {
  const wrong = npmStart({ PORT: 'eighty' });
  expect(await wrong.exited).toEqual([1, null]);
  expect(wrong.printed()).toBe('PORT must be a whole number.\n');
  const away = npmStart({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect(await away.exited).toEqual([1, null]);
  expect(away.printed()).toContain('The database does not answer: check DATABASE_URL');
  expect(away.printed()).not.toMatch(/^\s+at /m);
});
