// Canaries: secrets and persons known by heart go through a whole system, its error paths too, and are then found nowhere they are not meant to be.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { redisAvailable } from '../support/redis-server.ts';
import { startSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const CLIENT_SECRET = 'canary-client-6f1d0c9be2a7';
const WEBHOOK_SECRET = 'canary-webhook-93ab5570e1c4';
const [FIRST, LAST, PAYER] = ['Qanaryfirst', 'Qanarylast', 'Qanarypayer'];
const PIN = '84019265';
/** One for each way a payment can go: ended well, failed, timed out, doubted, refused. */
const SUFFIXES = ['1111', '0000', '0003', '0005', '0009', '0011', '0017', '0021', '0022', '0024', '0031', '0034'];
const phoneOf = (suffix: string) => `+25677314${suffix}`;

/** Stands between the system and its provider and writes down what both keep secret: tokens and quotations. */
async function startEavesdropper(simulatorPort: number) {
  const heard = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { host: _, 'content-length': __, 'transfer-encoding': ___, connection: ____, ...headers } = request.headers;
    const [, bearer] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (bearer !== undefined) heard.add(bearer);
    try {
      const answered = await fetch(`http://127.0.0.1:${simulatorPort}${request.url}`, {
        method: request.method ?? 'GET',
        headers: headers as Record<string, string>,
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
      const text = await answered.text();
      for (const [, token] of text.matchAll(/"(?:quotationT|t)oken"\s*:\s*"([^"]{12,})"/g)) heard.add(token as string);
      response.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') ?? 'text/plain' });
      response.end(text);
    } catch {
      request.socket.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { heard, url: `http://127.0.0.1:${port}/v1`, close: () => server.close().closeAllConnections() };
}

let system: TestSystem;
let eavesdropper: Awaited<ReturnType<typeof startEavesdropper>>;
const refusals: string[] = [];

beforeAll(async () => {
  const port = await freePort();
  eavesdropper = await startEavesdropper(port);
  system = await startSystem({
    redis: redisAvailable,
    simulator: { port, clientSecret: CLIENT_SECRET, webhookSecret: WEBHOOK_SECRET },
    env: {
      LOG_LEVEL: 'debug',
      EVERSEND_BASE_URL: eavesdropper.url,
      EVERSEND_CLIENT_SECRET: CLIENT_SECRET,
      EVERSEND_WEBHOOK_SECRET: WEBHOOK_SECRET,
    },
  });
  await system.fund('UGX', 10n ** 12n);
}, 120_000);
afterAll(async () => {
  await system.close();
  eavesdropper.close();
});

async function call(method: string, path: string, of: Parameters<TestSystem['call']>[2] = {}) {
  const answered = await system.call(method, path, of);
  if (answered.status >= 400) refusals.push(JSON.stringify(answered.body));
  return answered;
}

/** What was written by a text, in every spelling it may have been stored in. */
const spellings = (canary: string) => [
  canary,
  Buffer.from(canary).toString('hex'),
  Buffer.from(canary).toString('base64').replace(/=+$/, '').slice(0, -1),
  encodeURIComponent(canary),
];

/** Every place outside the sealed columns, by name, as text. */
async function places(): Promise<Map<string, string>> {
  const found = new Map([
    ['logs', system.logs.join('')],
    ['refusals', refusals.join('\n')],
  ]);
  const client = new pg.Client({ connectionString: system.database.superuserUrl });
  await client.connect();
  const tables = await client.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
    found.set(`table ${name}`, rows.map(({ text }) => text).join('\n'));
  }
  await client.end();
  if (system.redis !== null) found.set('redis', await everythingIn(system.redis.url));
  return found;
}

async function everythingIn(redisUrl: string): Promise<string> {
  const redis = new Redis(redisUrl);
  const texts: string[] = [];
  for (const key of await redis.keys('*')) {
    const reading: Record<string, () => Promise<unknown>> = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, '0', '-1', 'WITHSCORES'),
      stream: () => redis.xrange(key, '-', '+'),
    };
    texts.push(key, JSON.stringify(await reading[await redis.type(key)]?.()));
  }
  await redis.quit();
  return texts.join('\n');
}

const hits = (where: Map<string, string>, canaries: readonly string[]) =>
  [...where].flatMap(([name, text]) =>
    canaries
      .filter((canary) => spellings(canary).some((spelling) => text.includes(spelling)))
      .map((canary) => [name, canary]),
  );

test('after payments of every kind and errors on every path, no secret and nobody stands anywhere in the open', async () => {
  const ids: string[] = [];
  for (const suffix of SUFFIXES) {
    const phone = phoneOf(suffix);
    const recipient = { firstName: FIRST, lastName: LAST, phone };
    const payout = {
      amount: '1000',
      currency: 'UGX',
      country: 'UG',
      destinationCurrency: 'UGX',
      method: 'momo',
      recipient,
    };
    const paid = await call('POST', '/v1/payouts', { body: payout, key: `canary-payout-${suffix}` });
    const customer = { name: PAYER, email: `${PAYER}@example.com` };
    const { body: pin } = await call('POST', '/v1/collections/otp', { body: { phone } });
    const otp = { pinId: (pin as { pinId?: string }).pinId ?? 'VE1', pin: PIN };
    const collection = { amount: '2000', currency: 'UGX', country: 'UG', phone, customer };
    const made = await Promise.all([
      call('POST', '/v1/collections', { body: collection, key: `canary-collect-${suffix}` }),
      call('POST', '/v1/collections', { body: { ...collection, otp }, key: `canary-otp-pin-${suffix}` }),
    ]);
    for (const { body } of [paid, ...made]) ids.push((body as { id: string }).id);
  }
  // What goes wrong, with a person in it.
  const phone = phoneOf('1111');
  const wrong = {
    amount: 'x',
    currency: 'UGX',
    country: 'KE',
    phone,
    customer: { name: `${PAYER}\u0007` },
    nobodyKnows: phone,
  };
  await call('POST', '/v1/collections', { body: wrong, key: 'canary-wrong-000001' });
  await call('POST', '/v1/payouts', {
    body: { recipient: { phone, firstName: FIRST, lastName: 5 } },
    key: `canary${phone}`,
  });
  await call(
    'GET',
    `/v1/transactions?reference=${encodeURIComponent(`${phone} `)}&who=${LAST}&api_key=${system.apiKey}`,
  );
  await call('GET', `/v1/payouts/${encodeURIComponent(phone)}`);
  await call('GET', `/v1/${FIRST}/${phone}?token=${CLIENT_SECRET}`);
  const url = `${system.webs[0]?.url}`;
  const forged = JSON.stringify({ transactionRef: ids[0], phone, name: LAST });
  for (const init of [
    { method: 'POST', headers: { 'x-eversend-signature': WEBHOOK_SECRET }, body: forged },
    { method: 'POST', headers: { 'content-type': 'text/plain' }, body: forged },
  ])
    refusals.push(await (await fetch(`${url}/webhooks/eversend`, init)).text());
  const headers = { authorization: `Bearer ${system.apiKey}x`, 'content-type': 'application/json' };
  refusals.push(
    await (await fetch(`${url}/v1/payouts`, { method: 'POST', headers, body: `{"phone":"${phone}` })).text(),
  );

  const stuck = async () => {
    const rows = await system.database
      .db('transactions')
      .whereIn('id', ids)
      .whereNotIn('state', ['settled', 'failed', 'in_review']);
    return rows.length;
  };
  await until(async () => (await stuck()) <= 2, 'the payments end', 90_000);
  expect(eavesdropper.heard.size).toBeGreaterThan(10);

  const canaries = [
    ...SUFFIXES.map(phoneOf),
    ...SUFFIXES.map((suffix) => phoneOf(suffix).slice(1)),
    ...[FIRST, LAST, PAYER, PIN, CLIENT_SECRET, WEBHOOK_SECRET],
    system.apiKey,
    system.apiKey.slice('ek_test_'.length),
    String(system.env['DATA_ENCRYPTION_KEY']),
    ...eavesdropper.heard,
  ];
  const where = await places();
  expect(where.size).toBeGreaterThan(20);
  expect(where.get('logs')?.length).toBeGreaterThan(10_000);
  // A key of the caller's own choosing is the caller's word: it stands where keys stand, and nowhere else.
  const chosen = hits(where, canaries).filter(([name]) => name !== 'table public.idempotency_keys');
  expect(chosen).toEqual([]);
}, 180_000);

test('the search finds what is planted, in every kind of place and spelling', async () => {
  const { db } = system.database;
  const planted = 'Qanaryplanted';
  await db('merchants').insert({ id: `me${'0'.repeat(26)}`, name: planted });
  await db('webhook_events').insert({
    id: `we${'0'.repeat(26)}`,
    digest: Buffer.alloc(32),
    body: Buffer.from(`{"name":"${planted}"}`),
    state: 'unreadable',
    due_at: null,
    applied_at: new Date(),
  });
  system.logs.push(`{"msg":"paid ${planted}"}`);
  if (system.redis !== null) {
    const redis = new Redis(system.redis.url);
    await redis.hset('bull:payouts:1', 'failedReason', `no ${planted}`);
    await redis.quit();
  }
  const found = hits(await places(), [planted]).map(([name]) => name);
  expect(found.toSorted()).toEqual(
    [
      'logs',
      ...(system.redis === null ? [] : ['redis']),
      'table public.merchants',
      'table public.webhook_events',
    ].toSorted(),
  );
});
