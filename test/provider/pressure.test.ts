// How hard the provider is pressed: money calls at once, calls a second, pauses it asks for, and rest when it ails.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import { readRetryAfter } from '../../src/provider/eversend/retry-after.ts';
import type { Provider } from '../../src/provider/provider.ts';
import {
  createTestCache,
  type HostileProvider,
  providerConfig,
  startHostileProvider,
} from '../support/hostile-provider.ts';
import { collectionAnswer, collectionOrder, open, silentLog } from '../support/provider-orders.ts';
import { until } from '../support/until.ts';

let server: HostileProvider;
let opened: Provider[] = [];
let cache: ReturnType<typeof createTestCache>;

function startProcess(more: Record<string, string> = {}): Provider {
  const provider = createEversendProvider({ config: providerConfig(server.url, more), cache, log: silentLog });
  opened.push(provider);
  return provider;
}
const submit = (provider: Provider) => provider.submitCollection(collectionOrder(), open());
function acceptAll() {
  server.on(({ call, json }) =>
    json(200, collectionAnswer({ ...collectionOrder(), reference: JSON.parse(call.body).transactionRef })),
  );
}

beforeAll(async () => {
  server = await startHostileProvider();
});
beforeEach(() => {
  server.calls.length = 0;
  cache = createTestCache();
});
afterEach(async () => {
  await Promise.all(opened.map((provider) => provider.close()));
  opened = [];
});
afterAll(() => server.close());

describe('permits', () => {
  test('so many money calls at once, in order of arrival, and released only once each', async () => {
    const provider = startProcess({ PROVIDER_MAX_CONCURRENCY: '2' });
    const order: number[] = [];
    const first = await provider.permit();
    const second = await provider.permit();
    const waiting = [3, 4].map((n) => provider.permit().then((permit) => order.push(n) && permit));
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    first.release();
    first.release();
    await waiting[0];
    await new Promise(setImmediate);
    expect(order).toEqual([3]);
    second.release();
    await waiting[1];
    expect(order).toEqual([3, 4]);
  });

  test('whoever gives up leaves the line without taking a place', async () => {
    const provider = startProcess({ PROVIDER_MAX_CONCURRENCY: '1' });
    const held = await provider.permit();
    const leaving = new AbortController();
    const given = provider.permit(leaving.signal);
    const patient = provider.permit();
    leaving.abort(new Error('stopping'));
    await expect(given).rejects.toThrow('stopping');
    held.release();
    (await patient).release();
    await expect(provider.permit(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    await provider.permit();
  });

  test('a permit waiting for its turn under the rate can be given up, and its place is free again', async () => {
    const provider = startProcess({ PROVIDER_MAX_CONCURRENCY: '1', PROVIDER_RATE_PER_SECOND: '1' });
    (await provider.permit()).release();
    const leaving = new AbortController();
    const given = provider.permit(leaving.signal);
    setTimeout(() => leaving.abort(new Error('stopping')), 10);
    await expect(given).rejects.toThrow('stopping');
  });

  test('all processes together, with their questions, keep to the rate', async () => {
    server.on(({ json }) => json(200, { data: [] }));
    const processes = [
      startProcess({ PROVIDER_RATE_PER_SECOND: '50' }),
      startProcess({ PROVIDER_RATE_PER_SECOND: '50' }),
    ];
    const startedAt = performance.now();
    await Promise.all(
      processes.flatMap((one) => [one.wallets(), one.wallets(), one.wallets(), one.permit(), one.permit()]),
    );
    // Ten turns at 20 ms: the last is due after nine of them.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(175);
  });
});

describe('a call that somebody waits for', () => {
  test('is told at once when its turn is too far behind the workers’, and nothing is asked of the provider', async () => {
    const provider = startProcess({ PROVIDER_RATE_PER_SECOND: '1', PROVIDER_CALLER_WAIT_MS: '500' });
    // Workers stand in line for the next seconds.
    const line = Array.from({ length: 5 }, () => new AbortController());
    const waiting = line.map((leaving) => provider.permit(leaving.signal).catch(() => undefined));
    await until(async () => (await cache.take('provider', 1, 0)) > 500, 'workers stand in line');
    const busy = { code: 'provider_busy', status: 503, retryAfterMs: expect.any(Number) };
    const order = {
      sourceCurrency: 'UGX',
      amountMinor: 100_000n,
      amountType: 'source',
      method: 'momo',
      country: 'UG',
      destinationCurrency: 'UGX',
      recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
    } as const;
    await expect(provider.quote(order, { forCaller: true })).rejects.toMatchObject(busy);
    await expect(provider.collectionFees({ amountMinor: 100_000n, currency: 'UGX' })).rejects.toMatchObject(busy);
    await expect(provider.requestOtp('+256712345678')).rejects.toThrow(/Nothing was asked; ask again later/);
    await expect(provider.countries()).rejects.toMatchObject(busy);
    await expect(provider.banks('NG')).rejects.toMatchObject(busy);
    expect(server.calls).toEqual([]);
    for (const leaving of line) leaving.abort(new Error('stopping'));
    await Promise.all(waiting);
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-09-01T12:00:00Z');
  test.each([
    ['7', 7000],
    ['0', 0],
    ['1.5', 1500],
    ['1000000000', 300_000],
    ['Tue, 01 Sep 2026 12:00:30 GMT', 30_000],
    ['Tue, 01 Sep 2026 11:00:00 GMT', 0],
    ['Wed, 01 Sep 2027 12:00:00 GMT', 300_000],
    ['-5', null],
    ['soon', null],
    ['2026-09-01', null],
    ['Tue, 99 Zzz 2026 99:00:00 GMT', null],
    ['', null],
    [null, null],
  ])('%s means %s', (header, expected) => {
    expect(readRetryAfter(header, now)).toBe(expected);
  });

  test('a 429 is "not sent", and nobody in this process calls earlier than told', async () => {
    const provider = startProcess();
    server.on(({ json }) => json(429, { message: 'slow down' }, { 'retry-after': '60' }));
    expect(await submit(provider)).toMatchObject({ kind: 'not_sent', code: 'rate_limited', retryAfterMs: 60_000 });
    acceptAll();
    const next = await submit(provider);
    expect(next).toMatchObject({ kind: 'not_sent', code: 'rate_limited' });
    await expect(provider.wallets()).rejects.toMatchObject({ code: 'rate_limited' });
    expect(server.calls).toHaveLength(1);
  });

  test('a 429 that names no time holds nobody else back', async () => {
    const provider = startProcess();
    server.on(({ json }) => json(429, {}));
    expect(await submit(provider)).toMatchObject({ kind: 'not_sent', code: 'rate_limited', retryAfterMs: null });
    acceptAll();
    expect(await submit(provider)).toMatchObject({ kind: 'accepted' });
  });
});

describe('the circuit breaker', () => {
  test('after five calls in doubt sending rests, one probe at a time tries, and look-ups go on', async () => {
    const provider = startProcess();
    server.on(({ json }) => json(500, {}));
    for (let n = 0; n < 5; n += 1) expect(await submit(provider)).toMatchObject({ kind: 'unknown' });
    const resting = await submit(provider);
    expect(resting).toMatchObject({ kind: 'not_sent', code: 'unreachable' });
    expect((resting as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
    expect(server.calls).toHaveLength(5);
    expect(await provider.lookUp({ reference: 'co1', providerTransactionId: null })).toMatchObject({
      code: 'server_error',
    });

    server.calls.length = 0;
    let answerProbe = () => {};
    server.on(({ json }) => {
      answerProbe = () => json(500, {});
    });
    const probe = until(async () => {
      const ending = await submit(provider);
      return ending.kind === 'unknown' && ending;
    }, 'a probe is let through');
    await until(() => server.calls.length === 1, 'the probe arrived');
    const beside = await Promise.all([...Array(20)].map(() => submit(provider)));
    expect(new Set(beside.map(({ kind }) => kind))).toEqual(new Set(['not_sent']));
    answerProbe();
    await probe;
    expect(server.calls).toHaveLength(1);
    expect(await submit(provider)).toMatchObject({ kind: 'not_sent' });

    acceptAll();
    await until(async () => (await submit(provider)).kind === 'accepted', 'a healthy probe closes it');
    const after = await Promise.all([...Array(20)].map(() => submit(provider)));
    expect(new Set(after.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
  });

  test('refusals and agreeing answers in between mean that the provider is well', async () => {
    const provider = startProcess();
    for (let n = 0; n < 12; n += 1) {
      server.on(({ json }) => json(n % 4 === 3 ? 400 : 500, {}));
      expect((await submit(provider)).kind).toBe(n % 4 === 3 ? 'refused' : 'unknown');
    }
  });
});
