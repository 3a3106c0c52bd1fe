// The client against the real application: one key over all repetitions, repeated only where that helps, every page, every refusal typed.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ApiError,
  type ClientOptions,
  createClient,
  FINAL_STATUSES,
  isFinal,
  NoAnswer,
  NotFinal,
} from '../../src/client/client.ts';
import { STATE_NAMES, STATES } from '../../src/transactions/states.ts';
import { type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi({ env: { BASE_PATH: 'api/eversend-payments' } });
  await api.world.fund('UGX', 10n ** 12n);
});
afterAll(() => api.close());

interface Sent {
  readonly url: string;
  readonly key: string | null;
  readonly body: string;
}

/** A client whose requests reach the application, but for what `instead` does with the nth of them. */
function clientWith(
  instead: (nth: number, really: () => Promise<Response>, init: RequestInit) => Promise<Response> | undefined = () =>
    undefined,
  more: Partial<ClientOptions> = {},
) {
  const sent: Sent[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    sent.push({ url, key: headers.get('idempotency-key'), body: String(init.body ?? '') });
    init.signal?.throwIfAborted();
    const really = async () => api.app.request(url, init, { incoming: { socket: { remoteAddress: '198.51.100.7' } } });
    return instead(sent.length, really, init) ?? really();
  }) as typeof globalThis.fetch;
  const client = createClient({
    baseUrl: 'http://localhost/api/eversend-payments/',
    apiKey: api.secret,
    fetch,
    ...more,
  });
  return { client, sent };
}
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  Promise.resolve(
    new Response(JSON.stringify({ code, detail: 'Said so.', requestId: 'r-12345678' }), {
      status,
      headers: { 'content-type': 'application/problem+json', ...headers },
    }),
  );
const raised = <T>(promise: Promise<T>) =>
  promise.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error,
  );

describe('a payment', () => {
  it('is made once, under one key, however often its answer is lost', async () => {
    const before = (await api.rows())['transactions'] ?? 0;
    const { client, sent } = clientWith((nth, really) => {
      if (nth === 1) return Promise.reject(new TypeError('fetch failed'));
      // Carried out, and the answer lost: the dangerous one.
      if (nth === 2) return really().then(() => Promise.reject(new TypeError('socket hang up')));
      if (nth === 3)
        return really().then(() => new Response('{"id": "po', { headers: { 'content-type': 'application/json' } }));
      if (nth === 4) return Promise.resolve(new Response('<p>Welcome to this network</p>', { status: 200 }));
      if (nth === 6) return problem(409, 'request_in_progress');
      if (nth === 5) return problem(503, 'unavailable');
      return undefined;
    });
    const payout = await client.createPayout({ body: { ...PAYOUT, method: 'momo', reference: 'SAL-9' } });
    expect(payout).toMatchObject({ type: 'payout', status: 'accepted', amount: '1000', reference: 'SAL-9' });
    expect(sent).toHaveLength(7);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    expect(sent[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
    expect((await api.rows())['transactions']).toBe(before + 1);
  });

  it('has a key of its own each time, or the one that is given', async () => {
    const { client, sent } = clientWith();
    const body = { ...COLLECTION };
    await client.createCollection({ body });
    const second = await client.createCollection({ body });
    const named = await client.createCollection({ body }, { idempotencyKey: 'order-000000000042' });
    const again = await client.createCollection({ body }, { idempotencyKey: 'order-000000000042' });
    expect(new Set(sent.map(({ key }) => key)).size).toBe(3);
    expect(again.id).toBe(named.id);
    expect(second.id).not.toBe(named.id);
    const other = client.createCollection(
      { body: { ...body, amount: '3000' } },
      { idempotencyKey: 'order-000000000042' },
    );
    expect(await raised(other)).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  });
});

describe('a refusal', () => {
  it('is told at once, typed, with every wrong field', async () => {
    const { client, sent } = clientWith();
    const wrong = { ...PAYOUT, method: 'momo' as const, amount: '10.005', recipient: { firstName: 'John' } };
    const error = await raised(client.createPayout({ body: wrong }));
    expect(error).toBeInstanceOf(ApiError);
    const { status, code, errors, requestId, operation, attempts } = error as ApiError;
    expect({ status, code, operation, attempts }).toEqual({
      status: 400,
      code: 'invalid_request',
      operation: 'createPayout',
      attempts: 1,
    });
    expect(errors.map(({ field }) => field)).toEqual(['amount', 'recipient.lastName', 'recipient.phone']);
    expect(requestId).toMatch(/^[\w-]{8,64}$/);
    expect(sent).toHaveLength(1);
  });

  it.each([
    [400, 'invalid_request'],
    [401, 'unauthenticated'],
    [403, 'insufficient_scope'],
    [404, 'not_found'],
    [409, 'conflict'],
    [422, 'insufficient_funds'],
  ])('of %i %s is never repeated', async (status, code) => {
    const { client, sent } = clientWith(() => problem(status, code));
    expect(await raised(client.listWallets())).toMatchObject({ status, code, attempts: 1 });
    expect(sent).toHaveLength(1);
  });

  it('for being too many is repeated, and not before it was asked to', async () => {
    const { client, sent } = clientWith((nth) =>
      nth === 1 ? problem(429, 'rate_limited', { 'retry-after': '1' }) : undefined,
    );
    const startedAt = performance.now();
    expect((await client.listWallets()).data.length).toBeGreaterThan(0);
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(sent).toHaveLength(2);
  });

  it('by something in between is repeated too, a few times, and then told', async () => {
    const waits: number[] = [];
    const { client, sent } = clientWith(() => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 })), {
      retries: 3,
      onRetry: ({ waitMs }) => waits.push(waitMs),
    });
    expect(await raised(client.listWallets())).toMatchObject({ status: 502, code: 'http_502', attempts: 4 });
    expect(sent).toHaveLength(4);
    expect(waits).toHaveLength(3);
    for (const [n, waitMs] of waits.entries()) expect(waitMs).toBeLessThanOrEqual(200 * 2 ** n);
  });
});

describe('without an answer', () => {
  it('a call ends by its deadline, and names the key to ask again with', async () => {
    const { client } = clientWith(() => Promise.reject(new TypeError('fetch failed')), { retries: 1_000 });
    const body = { ...COLLECTION };
    const error = await raised(
      client.createCollection({ body }, { deadlineMs: 600, idempotencyKey: 'order-000000000043' }),
    );
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error).toMatchObject({ operation: 'createCollection', idempotencyKey: 'order-000000000043' });
    expect((error as NoAnswer).attempts).toBeGreaterThan(1);
  });

  it('one that hangs is given up and repeated', async () => {
    const hangs = (signal: AbortSignal | null | undefined) =>
      new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const { client, sent } = clientWith((nth, _, { signal }) => (nth === 1 ? hangs(signal) : undefined), {
      timeoutMs: 200,
    });
    expect((await client.listWallets()).nextCursor).toBeNull();
    expect(sent).toHaveLength(2);
  });

  it('whoever aborts gets its own reason, and nothing more is sent', async () => {
    const { client, sent } = clientWith(() => problem(503, 'unavailable'));
    const aborting = new AbortController();
    const asking = client.listWallets({}, { signal: aborting.signal });
    aborting.abort(new Error('changed my mind'));
    expect(await raised(asking)).toMatchObject({ message: 'changed my mind' });
    expect(sent.length).toBeLessThanOrEqual(1);
  });
});

describe('reading', () => {
  it('gives every item of a list, page by page', async () => {
    const { client, sent } = clientWith();
    const owner = 'pages-of-one';
    for (let n = 0; n < 5; n += 1)
      await client.createCollection({ body: { ...COLLECTION, owner, reference: `R-${n}` } });
    const before = sent.length;
    const found: (string | null)[] = [];
    for await (const { reference } of client.each('listTransactions', { query: { owner, limit: 2 } }))
      found.push(reference);
    expect(found).toEqual(['R-4', 'R-3', 'R-2', 'R-1', 'R-0']);
    expect(sent.length - before).toBe(3);
  });

  it('fills paths and queries, and says which part is missing', async () => {
    const { client, sent } = clientWith();
    const { id } = await client.createCollection({ body: COLLECTION });
    expect((await client.getCollection({ path: { id } })).id).toBe(id);
    expect(await raised(client.getCollection({ path: { id: '../wallets?' } }))).toMatchObject({ status: 404 });
    expect(sent.at(-1)?.url).toMatch(/\/v1\/collections\/\.\.%2Fwallets%3F$/);
    expect(await raised(client.getCollection({ path: { id: '' } }))).toMatchObject({
      message: 'getCollection needs path.id.',
    });
  });

  it('waits for the end of a transaction, and says how it stands when the time is up', async () => {
    const { client } = clientWith();
    const { id } = await client.createPayout({ body: { ...PAYOUT, method: 'momo' } });
    const error = await raised(client.waitUntilFinal(id, { deadlineMs: 300 }));
    expect(error).toBeInstanceOf(NotFinal);
    expect((error as NotFinal).transaction).toMatchObject({ id, status: 'accepted' });
    const waiting = client.waitUntilFinal(id, { deadlineMs: 10_000 });
    await client.cancelPayout({ path: { id } });
    expect(await waiting).toMatchObject({ id, status: 'cancelled' });
  });

  it('knows which states are the last ones', () => {
    const last = STATE_NAMES.filter((name) => STATES[name].final);
    expect([...FINAL_STATUSES].toSorted()).toEqual(last.toSorted());
    expect(isFinal({ status: 'in_review' })).toBe(false);
  });
});

it('has a method and types for every operation of the API as it is now', async () => {
  const check = promisify(execFile)(process.execPath, ['tools/client-types.ts', '--check']);
  await expect(check).resolves.toMatchObject({ stderr: '' });
}, 60_000);
