// Limits as a caller meets them: announced, shared by all processes, told by kind, and never in the way of the provider's events.
import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openCache } from '../../src/cache/open-cache.ts';
import type { Logger } from '../../src/logger.ts';
import { type Answered, type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import { type Console, createConsole } from '../support/console.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const PHONE = '+256712345678';
/** Enough for any machine to be refused by a limit of one a second. */
const TRIES = 200;

const opened: Api[] = [];
async function open(env: Record<string, string>, more: Parameters<typeof openApi>[0] = {}): Promise<Api> {
  const api = await openApi({ ...more, env });
  opened.push(api);
  return api;
}
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});

/** Asks until it is refused for having asked too often. */
async function untilRefused(ask: (n: number) => Promise<Answered>): Promise<Answered> {
  for (let n = 0; n < TRIES; n += 1) {
    const answered = await ask(n);
    if (answered.status === 429) return answered;
  }
  throw new Error('it was never refused');
}

/** The items of a RateLimit field: name to parameters. */
function itemsOf(field: string | null): Record<string, Record<string, number>> {
  const items = (field ?? '').split(', ').map((item) => {
    const [name = '', ...parameters] = item.split(';');
    const values = parameters.map((parameter) => /^([a-z])=(\d+)$/.exec(parameter) ?? []);
    return [/^"([a-z-]+)"$/.exec(name)?.[1] ?? name, Object.fromEntries(values.map(([, k, v]) => [k, Number(v)]))];
  });
  return Object.fromEntries(items);
}
const emptied = (answered: Answered) =>
  Object.entries(itemsOf(answered.headers.get('ratelimit')))
    .filter(([, { r }]) => r === 0)
    .map(([name]) => name);

describe('an answer', () => {
  test('tells each limit it was counted against, how much is left of it and when there is more', async () => {
    const api = await open({
      RATE_LIMIT_IP_PER_SECOND: '200',
      RATE_LIMIT_KEY_PER_SECOND: '100',
      RATE_LIMIT_READS_PER_SECOND: '150',
    });
    const answered = await api.get('/v1/wallets');
    expect(answered.headers.get('ratelimit-policy')).toBe('"address";q=200;w=1, "key";q=100;w=1, "reads";q=150;w=1');
    expect(answered.headers.get('ratelimit')).toBe('"address";r=199;t=1, "key";r=99;t=1, "reads";r=149;t=1');
  });

  test('of a refusal says when to come back, in fields and in words', async () => {
    const api = await open({ RATE_LIMIT_KEY_PER_SECOND: '1' });
    const refused = await untilRefused(() => api.get('/v1/wallets'));
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.json).toMatchObject({
      type: 'urn:eversend-payments:problem:rate_limited',
      status: 429,
      code: 'rate_limited',
      detail: 'Too many requests with this API key. Try again in 1 second.',
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(emptied(refused)).toEqual(['key']);
  });

  test.each([
    ['reads', 'RATE_LIMIT_READS_PER_SECOND', (api: Api) => api.get('/v1/transactions')],
    ['money', 'RATE_LIMIT_MONEY_PER_SECOND', (api: Api) => api.post('/v1/payouts', PAYOUT)],
    ['writes', 'RATE_LIMIT_WRITES_PER_SECOND', (api: Api) => api.post('/v1/collections/otp', { phone: PHONE })],
  ] as const)('of a merchant that sends too many %s refuses those and nothing else', async (kind, variable, ask) => {
    const api = await open({ [variable]: '1' });
    const otherKey = await api.key();
    const refused = await untilRefused(() => ask(api));
    expect(emptied(refused)).toEqual([kind]);
    const others = { reads: '/v1/collections/fees', money: '/v1/wallets', writes: '/v1/wallets' }[kind];
    const elsewhere =
      kind === 'reads' ? await api.post('/v1/collections', COLLECTION) : await api.get(others, { key: otherKey });
    expect(elsewhere.status).toBeLessThan(300);
  });

  test('of one merchant says nothing of another: a stranger has the whole of its limits', async () => {
    const api = await open({ RATE_LIMIT_READS_PER_SECOND: '1' });
    const stranger = await api.stranger();
    await untilRefused(() => api.get('/v1/wallets'));
    expect((await api.get('/v1/wallets', { key: stranger.secret })).status).toBe(200);
  });
});

describe('an address', () => {
  test('is refused before it is asked who it is: guessing keys has the same limit', async () => {
    const api = await open({ RATE_LIMIT_IP_PER_SECOND: '1' });
    const refused = await untilRefused((n) =>
      api.get('/v1/wallets', { key: `ek_test_${String(n).padStart(32, '0')}` }),
    );
    expect(emptied(refused)).toEqual(['address']);
    expect(refused.json.detail).toMatch(/^Too many requests from this address\./);
    expect((await api.get('/v1/wallets', { from: '203.0.113.5' })).status).toBe(200);
    const line = api.lines.findLast(({ code }) => code === 'rate_limited');
    expect(line).toMatchObject({ path: '(not looked at)', status: 429, clientAddress: '198.51.100.7' });
  });

  test('cannot make itself another one, in whatever spelling', async () => {
    const api = await open({ RATE_LIMIT_IP_PER_SECOND: '1' });
    await untilRefused((n) =>
      api.get('/livez/not', {
        from: n % 2 ? '::ffff:198.51.100.7' : '198.51.100.7',
        headers: { 'x-forwarded-for': `203.0.113.${n}` },
      }),
    );
    await untilRefused((n) => api.get('/v1/wallets', { from: `2001:db8:0:7::${n.toString(16)}` }));
    const behindProxy = await open({ RATE_LIMIT_IP_PER_SECOND: '1', TRUSTED_PROXY_HOPS: '1' });
    const through = (n: number, client: string) =>
      behindProxy.get('/v1/wallets', { from: '10.0.0.1', headers: { 'x-forwarded-for': `192.0.2.${n}, ${client}` } });
    await untilRefused((n) => through(n, '203.0.113.9'));
    expect((await through(0, '203.0.113.10')).status).toBe(200);
  });

  test('that was refused everything else still gets an answer to its probes', async () => {
    const api = await open({ RATE_LIMIT_IP_PER_SECOND: '1', RATE_LIMIT_PROBES_PER_SECOND: '50' });
    await untilRefused(() => api.get('/docs'));
    expect((await api.get('/livez')).status).toBe(200);
    expect((await api.get('/readyz')).headers.get('ratelimit-policy')).toBe('"probes";q=50;w=1');
  });
});

describe('webhooks', () => {
  const signed = (api: Api, body: string) =>
    api.call('POST', '/webhooks/eversend', {
      key: null,
      body,
      headers: { 'x-eversend-signature': createHmac('sha512', 'webhook-secret').update(body).digest('hex') },
    });
  const forged = (api: Api, n: number) =>
    api.call('POST', '/webhooks/eversend', {
      key: null,
      body: `{"n":${n}}`,
      headers: { 'x-eversend-signature': 'ab'.repeat(64) },
    });

  test('with wrong signatures are refused when there are too many; the provider’s own never, from whatever address', async () => {
    const api = await open({ RATE_LIMIT_IP_PER_SECOND: '1', RATE_LIMIT_FORGERIES_PER_SECOND: '1' });
    const refused = await untilRefused((n) => forged(api, n));
    expect(refused.json).toMatchObject({
      code: 'rate_limited',
      detail: expect.stringMatching(/^Too many refused webhooks/),
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit')).toBe('"forgeries";r=0;t=1');
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => signed(api, `{"event":${n}}`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect((await api.rows())['webhook_events']).toBe(50);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"forgeries";q=1;w=1');
  });

  test('and whatever else is refused at their address is counted the same', async () => {
    const api = await open({ RATE_LIMIT_FORGERIES_PER_SECOND: '1' });
    await untilRefused(() => api.get('/webhooks/eversend'));
    await untilRefused(() =>
      api.call('POST', '/webhooks/eversend', { headers: { 'content-type': 'text/plain' }, body: 'x' }),
    );
  });
});

/** Two processes that share a store; the second has the world of the first. */
function pinsAreCounted(processes: () => readonly [Api, Api]): void {
  const ask = (n: number, phone: string) =>
    (processes()[n % 2] as Api).post('/v1/collections/otp', { phone }, { from: `203.0.113.${n}` });

  test('a phone gets five pins an hour, whichever process is asked, and from wherever', async () => {
    const { provider } = processes()[0].world;
    let sent = 0;
    const { requestOtp } = provider;
    provider.requestOtp = (phone) => {
      sent += 1;
      return requestOtp(phone);
    };
    const answers: Answered[] = [];
    for (let n = 0; n < 8; n += 1) answers.push(await ask(n, PHONE));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(sent).toBe(5);
    const refused = answers[5] as Answered;
    expect(refused.json.detail).toMatch(/^Too many one-time pins for this phone\. Try again in \d+ seconds\.$/);
    // A fifth of an hour, less what the test took.
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(600);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(720);
    expect(itemsOf(refused.headers.get('ratelimit-policy'))['otp-phone']).toEqual({ q: 5, w: 3600 });
    expect((await ask(0, '+256712999999')).status).toBe(200);
  });

  test('phones in a row share a limit of their own, and so do all pins of a merchant in a day', async () => {
    const row = [];
    for (let n = 0; n < 12; n += 1) row.push((await ask(n, `+2567780001${String(n).padStart(2, '0')}`)).status);
    expect(row).toEqual([...Array(10).fill(200), 429, 429]);
    const apart = [];
    for (let n = 0; n < 12; n += 1) apart.push(await ask(n, `+25677${String(n).padStart(2, '0')}00200`));
    // Twenty a day, of which sixteen were let through before.
    expect(apart.filter(({ status }) => status === 200)).toHaveLength(4);
    expect(apart.at(-1)?.json.detail).toMatch(/^Too many one-time pins for this merchant\./);
  });
}
const PINS = {
  OTP_LIMIT_PER_PHONE_PER_HOUR: '5',
  OTP_LIMIT_PER_PREFIX_PER_HOUR: '10',
  OTP_LIMIT_PER_MERCHANT_PER_DAY: '20',
};

describe('one-time pins, counted on Postgres', () => {
  let processes: [Api, Api];
  beforeAll(async () => {
    const cache = (world: Api['world']) => openCache({ db: world.db, log: world.log });
    const one = await openApi({ env: PINS, cache });
    processes = [one, await openApi({ env: PINS, cache, beside: one })];
  });
  afterAll(async () => {
    for (const api of processes.toReversed()) await api.close();
  });
  pinsAreCounted(() => processes);

  test('no phone is written into the store', async () => {
    const rows = await processes[0].world.db('cache_entries').where('key', 'like', 'draw:otp-phone:%');
    expect(rows.length).toBeGreaterThan(5);
    expect(JSON.stringify(rows)).not.toMatch(/25677|256712/);
  });
});

describeWithRedis('one-time pins, counted on Redis', () => {
  let redis: TestRedis;
  let processes: [Api, Api];
  beforeAll(async () => {
    redis = await startRedis();
    const cache = (world: Api['world'], log: Logger) => openCache({ redisUrl: redis.url, db: world.db, log });
    const one = await openApi({ env: PINS, cache });
    processes = [one, await openApi({ env: PINS, cache, beside: one })];
  });
  afterAll(async () => {
    for (const api of processes.toReversed()) await api.close();
    await redis.close();
  });
  pinsAreCounted(() => processes);

  test('while Redis is away requests are served, pins have a limit in each process, and the log says it once', async () => {
    await redis.kill();
    const [one] = processes;
    await until(async () => !(await one.get('/readyz')).text.includes('"cache":"up"'), 'the cache is known to be away');
    expect((await one.get('/v1/wallets')).status).toBe(200);
    const { secret } = await one.stranger();
    const statuses = [];
    for (let n = 0; n < 8; n += 1)
      statuses.push((await one.post('/v1/collections/otp', { phone: '+256701234567' }, { key: secret })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(one.lines.filter(({ event }) => event === 'cache_away')).toHaveLength(1);
  });
});

describe('signing in', () => {
  let world: World;
  let site: Console;
  beforeAll(async () => {
    world = await createWorld({ env: { RATE_LIMIT_SIGN_INS_PER_MINUTE: '4', TRUSTED_PROXY_HOPS: '1' } });
    site = createConsole(world);
  });
  afterAll(async () => {
    await site.board.close();
    await world.close();
  });

  test('at one account after the other is refused by address, in a page, while others sign in', async () => {
    await site.person('ada@example.com');
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const guesser = site.browser({ headers: from('198.51.100.66') });
    const guess = (n: number) => guesser.signIn(`person${n}@example.com`, 'a guess that is wrong');
    for (let n = 0; n < 4; n += 1) expect((await guess(n)).status).toBe(401);
    let refused = await guess(4);
    for (let n = 5; n < 30 && refused.status !== 429; n += 1) refused = await guess(n);
    expect(refused.status).toBe(429);
    expect(await refused.text()).toMatch(
      /Too many attempts to sign in from this address\. Try again in \d+ seconds?\./,
    );
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = site.browser({ headers: from('203.0.113.9') });
    expect((await other.signIn('ada@example.com')).status).toBe(303);
  });
});
