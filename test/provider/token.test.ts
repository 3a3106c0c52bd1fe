// The access token: one fetch for everybody, renewed ahead of its end, replaced once when it is refused.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEversendProvider } from '../../src/provider/eversend/adapter.ts';
import type { Provider } from '../../src/provider/provider.ts';
import {
  createTestCache,
  type Exchange,
  type HostileProvider,
  providerConfig,
  startHostileProvider,
} from '../support/hostile-provider.ts';
import { collectionAnswer, collectionOrder, open, silentLog } from '../support/provider-orders.ts';
import { until } from '../support/until.ts';

let server: HostileProvider;
let cache: ReturnType<typeof createTestCache>;
let opened: Provider[] = [];

/** Another process of the same deployment. */
function startProcess(more: Record<string, string> = {}): Provider {
  const provider = createEversendProvider({ config: providerConfig(server.url, more), cache, log: silentLog });
  opened.push(provider);
  return provider;
}

const issue =
  (token: string, more: object = {}) =>
  ({ json }: Exchange) =>
    json(200, { status: 200, token, ...more });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const refuse = ({ json }: Exchange) => json(401, { message: 'Unauthorized' });
/** Accepts collections that carry one of these tokens. */
const accepting =
  (...tokens: string[]) =>
  ({ call, json }: Exchange) => {
    if (!tokens.includes(call.headers.authorization?.replace('Bearer ', '') ?? ''))
      return json(401, { message: 'jwt' });
    json(200, collectionAnswer({ ...collectionOrder(), reference: JSON.parse(call.body).transactionRef }));
  };

beforeAll(async () => {
  server = await startHostileProvider();
});
beforeEach(() => {
  cache = createTestCache();
  server.calls.length = 0;
  server.tokenCalls.length = 0;
});
afterEach(async () => {
  await Promise.all(opened.map((provider) => provider.close()));
  opened = [];
});
afterAll(() => server.close());

describe('fetching', () => {
  test('it is asked for with our credentials as headers, once for all callers of all processes', async () => {
    server.onToken(issue('shared', { expires: inMs(3_600_000) }));
    const processes = [startProcess(), startProcess(), startProcess()];
    const looks = vi.spyOn(cache, 'get');
    const tokens = await Promise.all(processes.flatMap((one) => [...Array(20)].map(() => one.token())));
    expect(new Set(tokens.map(({ token }) => token))).toEqual(new Set(['shared']));
    expect(tokens[0]?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
    expect(server.tokenCalls).toHaveLength(1);
    // Twenty callers of a process are one: they do not crowd the shared cache either.
    expect(looks.mock.calls.length).toBeLessThan(processes.length * 10);
    expect(server.tokenCalls[0]).toMatchObject({
      method: 'GET',
      path: '/v1/auth/token',
      headers: { clientid: 'client', clientsecret: 'secret' },
    });
  });

  test('it lies sealed in the shared cache, and only the same credentials find it', async () => {
    server.onToken(issue('very-secret-token', { expires: inMs(3_600_000) }));
    await startProcess().token();
    expect(JSON.stringify([...cache.values])).not.toContain('very-secret-token');
    await startProcess({ EVERSEND_CLIENT_ID: 'another' }).token();
    expect(server.tokenCalls).toHaveLength(2);
  });

  test('an expiry that nobody stated is 25 minutes, and a token may lie under "data"', async () => {
    server.onToken(({ json }) => json(200, { data: { token: 'nested' } }));
    expect(await startProcess().token()).toEqual({ token: 'nested', expiresAt: null });
  });

  test('it is renewed ahead of its end while the old one still serves', async () => {
    let release = () => {};
    server.onToken(issue('first', { expires: inMs(1000) }));
    const provider = startProcess({ TOKEN_REFRESH_AHEAD_MS: '900' });
    expect((await provider.token()).token).toBe('first');
    server.onToken((exchange) => {
      release = () => issue('second', { expires: inMs(3_600_000) })(exchange);
    });
    await until(async () => (await provider.token()) && server.tokenCalls.length === 2, 'the next token is fetched');
    expect((await provider.token()).token).toBe('first');
    release();
    await until(async () => (await provider.token()).token === 'second', 'the next token is in use');
    expect(server.tokenCalls).toHaveLength(2);
  });

  test('our clock being wrong by an hour does not make a fresh token look expired', async () => {
    const theirs = Date.now() - 3_600_000;
    server.onToken(({ json }) =>
      json(
        200,
        { token: 'skewed', expires: new Date(theirs + 600_000).toISOString() },
        { date: new Date(theirs).toUTCString() },
      ),
    );
    const provider = startProcess();
    await provider.token();
    await provider.token();
    expect(server.tokenCalls).toHaveLength(1);
  });
});

describe('a refused token', () => {
  test('is renewed once for 200 calls in flight, and not one of them fails', async () => {
    server.onToken(issue('old'));
    const processes = [startProcess(), startProcess()];
    for (const one of processes) await one.token();
    server.onToken(issue('new'));
    server.on(accepting('new'));
    const endings = await Promise.all(
      [...Array(200).keys()].map((n) => processes[n % 2]?.submitCollection(collectionOrder(), open())),
    );
    expect(new Set(endings.map((ending) => ending?.kind))).toEqual(new Set(['accepted']));
    expect(server.tokenCalls.length).toBeLessThanOrEqual(1 + processes.length + 1);
  });

  test('twice is a definite "not sent" and a problem for the operator, and the call is tried no third time', async () => {
    server.onToken(issue('useless'));
    server.on(refuse);
    const provider = startProcess();
    const ending = await provider.submitCollection(collectionOrder(), open());
    expect(ending).toMatchObject({ kind: 'not_sent', code: 'unauthenticated' });
    expect(server.calls.length).toBeLessThanOrEqual(2);
    expect(provider.configurationProblem()).toContain('refuses us');
    server.onToken(issue('good'));
    server.on(accepting('good'));
    await until(
      async () => (await provider.submitCollection(collectionOrder(), open())).kind === 'accepted',
      'the new token is used',
    );
    expect(provider.configurationProblem()).toBeNull();
  });

  test('for a wrong origin is not renewed at all', async () => {
    server.onToken(issue('fine'));
    server.on(({ json }) => json(401, { message: 'Invalid request origin' }));
    const provider = startProcess();
    expect(await provider.submitCollection(collectionOrder(), open())).toMatchObject({
      kind: 'not_sent',
      code: 'unauthenticated',
      message: 'Invalid request origin',
    });
    expect(server.calls).toHaveLength(1);
    expect(server.tokenCalls).toHaveLength(1);
    expect(provider.configurationProblem()).toContain('Invalid request origin');
  });
});

describe('without a token', () => {
  test.each([
    ['down', ({ socket }: Exchange) => void socket.destroy(), 'unreachable'],
    ['failing', ({ json }: Exchange) => json(500, {}), 'unreachable'],
    ['answering nonsense', ({ response }: Exchange) => void response.end('<html>'), 'unreachable'],
    ['sending a token that is none', ({ json }: Exchange) => json(200, { token: 'a\r\nx: y' }), 'unreachable'],
    ['refusing us', refuse, 'unauthenticated'],
    ['busy', ({ json }: Exchange) => json(429, {}, { 'retry-after': '7' }), 'rate_limited'],
  ])(
    'while the token endpoint is %s nothing is sent, and one caller in a second asks it',
    async (_what, handle, code) => {
      server.onToken(handle);
      const provider = startProcess();
      const endings = [];
      for (let n = 0; n < 5; n += 1) endings.push(await provider.submitCollection(collectionOrder(), open()));
      for (const ending of endings) expect(ending).toMatchObject({ kind: 'not_sent', code });
      if (code === 'rate_limited') expect(endings[0]).toMatchObject({ retryAfterMs: 7000 });
      expect(server.calls).toHaveLength(0);
      expect(server.tokenCalls).toHaveLength(1);
      expect(provider.configurationProblem() !== null).toBe(code === 'unauthenticated');
      await expect(provider.wallets()).rejects.toMatchObject({ code });
    },
  );

  test('the fixed key stands in where the endpoint refuses us, and alone where there are no credentials', async () => {
    server.onToken(refuse);
    server.on(accepting('fixed-key'));
    const withBoth = startProcess({ EVERSEND_API_KEY: 'fixed-key' });
    expect(await withBoth.submitCollection(collectionOrder(), open())).toMatchObject({ kind: 'accepted' });
    server.tokenCalls.length = 0;
    const keyOnly = startProcess({
      EVERSEND_API_KEY: 'fixed-key',
      EVERSEND_CLIENT_ID: '',
      EVERSEND_CLIENT_SECRET: '',
    });
    expect(await keyOnly.submitCollection(collectionOrder(), open())).toMatchObject({ kind: 'accepted' });
    expect(server.tokenCalls).toHaveLength(0);
    server.on(refuse);
    expect(await keyOnly.submitCollection(collectionOrder(), open())).toMatchObject({ code: 'unauthenticated' });
  });
});
