// Read from the router itself, the console's and the reference page's routes too: none is without a limit, a header, or shared with another origin.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey, SCOPES } from '../../src/merchants/api-key.ts';
import { createConsole } from '../support/console.ts';
import { createWorld } from '../support/world.ts';

const BASE = '/api/eversend-payments';
const ELSEWHERE = 'https://elsewhere.example';
/** Enough for any machine to be refused by a limit of one a second. */
const TRIES = 200;

interface Asked {
  readonly method: string;
  readonly path: string;
}
type Ask = (of: Asked, headers?: Record<string, string>, from?: string) => Promise<Response>;

/** Everything that is mounted, once each, with parameters filled in; what takes any method is asked with one it is made for, and one it is not. */
function mounted(routes: readonly Asked[]): readonly Asked[] {
  const found = routes
    // What surrounds all routes is none itself.
    .filter(({ path }) => path !== '/*' && path !== '*')
    .flatMap(({ method, path }) => {
      const filled = path.replaceAll(/:\w+/g, 'x').replace(/\/\*$/, '/anything');
      return (method === 'ALL' ? ['GET', 'DELETE'] : [method]).map((each) => ({ method: each, path: filled }));
    });
  const nowhere = { method: 'GET', path: '/nowhere' };
  return [...new Map([...found, nowhere].map((route) => [`${route.method} ${route.path}`, route])).values()];
}

async function openSite(env: Record<string, string>) {
  const world = await createWorld({ env: { BASE_PATH: BASE, ...env } });
  const site = createConsole(world);
  const ask: Ask = ({ method, path }, headers = {}, from = '198.51.100.7') =>
    Promise.resolve(site.app.request(path, { method, headers }, { incoming: { socket: { remoteAddress: from } } }));
  const close = async () => {
    await site.board.close();
    await world.close();
  };
  const all = { merchantId: world.merchantId, name: 'test', environment: 'test', scopes: SCOPES } as const;
  const { secret } = await createApiKey(world.db, all);
  return { key: { authorization: `Bearer ${secret}` }, routes: mounted(site.app.routes), ask, close };
}

let open: Awaited<ReturnType<typeof openSite>>;
let tight: Awaited<ReturnType<typeof openSite>>;
beforeAll(async () => {
  open = await openSite({ CORS_ORIGINS: 'https://shop.example' });
  tight = await openSite({
    RATE_LIMIT_IP_PER_SECOND: '1',
    RATE_LIMIT_PROBES_PER_SECOND: '1',
    RATE_LIMIT_FORGERIES_PER_SECOND: '1',
  });
});
afterAll(async () => {
  await open.close();
  await tight.close();
});

it('the router names the API, the callback, the probes, the description, the reference page and the console', () => {
  const paths = new Set(open.routes.map(({ path }) => path));
  for (const path of ['/v1/payouts', '/webhooks/eversend', '/livez', '/openapi.json', '/docs', '/admin/login'])
    expect(paths).toContain(BASE + path);
  expect(paths).toContain(`${BASE}/admin/queues/anything`);
  expect(open.routes.length).toBeGreaterThan(50);
});

describe('every route', () => {
  it('is limited by address, says so in each answer, and refuses with 429, Retry-After and a problem', async () => {
    let address = 0;
    for (const route of tight.routes) {
      address += 1;
      // An address of its own, so that no route is refused for another's requests.
      const from = `203.0.${address >> 8}.${address & 255}`;
      const name = `${route.method} ${route.path}`;
      let answer = await tight.ask(route, {}, from);
      expect(answer.status, name).not.toBe(429);
      for (let n = 1; answer.status !== 429; n += 1) {
        expect(answer.headers.get('ratelimit-policy'), name).toMatch(/^"(address|probes|forgeries)";q=1;w=1$/);
        expect(answer.headers.get('ratelimit'), name).toMatch(/^"(address|probes|forgeries)";r=\d;t=1$/);
        if (n === TRIES) throw new Error(`${name} was never refused`);
        answer = await tight.ask(route, {}, from);
      }
      expect(answer.headers.get('retry-after'), name).toBe('1');
      expect(answer.headers.get('ratelimit'), name).toMatch(/^"(address|probes|forgeries)";r=0;t=1$/);
      expect(answer.headers.get('content-type'), name).toBe('application/problem+json');
      if (route.method !== 'HEAD') expect(await answer.json(), name).toMatchObject({ code: 'rate_limited' });
    }
  });

  it('of the API is limited by key as well, and by what it does for its merchant', async () => {
    const kinds: Record<string, string> = {};
    for (const route of open.routes.filter(({ method, path }) => path.includes('/v1/') && method !== 'DELETE')) {
      const answer = await open.ask(route, open.key);
      if (answer.status === 405) continue;
      const announced = [...(answer.headers.get('ratelimit-policy') ?? '').matchAll(/"([\w-]+)"/g)].map(
        ([, name]) => name,
      );
      expect(announced.slice(0, 2), route.path).toEqual(['address', 'key']);
      kinds[`${route.method} ${route.path.slice(BASE.length)}`] = announced.slice(2).join();
    }
    const reading = Object.entries(kinds).filter(([name]) => name.startsWith('GET '));
    expect(reading.length).toBeGreaterThan(8);
    for (const [name, kind] of reading) expect([name, kind]).toEqual([name, 'reads']);
    expect(Object.fromEntries(Object.entries(kinds).filter(([name]) => name.startsWith('POST ')))).toEqual({
      'POST /v1/api-keys/x/revoke': 'writes',
      'POST /v1/api-keys/x/rotate': 'writes',
      'POST /v1/beneficiaries': 'writes',
      'POST /v1/beneficiaries/verify': 'writes',
      'POST /v1/collections': 'money',
      'POST /v1/collections/fees': 'reads',
      'POST /v1/collections/otp': 'writes',
      'POST /v1/collections/x/refunds': 'money',
      'POST /v1/payouts': 'money',
      'POST /v1/payouts/bulk': 'money',
      'POST /v1/payouts/bulk/x/cancel': 'money',
      'POST /v1/payouts/bulk/x/retry': 'money',
      'POST /v1/payouts/quote': 'reads',
      'POST /v1/payouts/x/approve': 'money',
      'POST /v1/payouts/x/cancel': 'money',
      'POST /v1/personal-data/erasures': 'writes',
      'POST /v1/webhook-endpoints': 'writes',
      'POST /v1/webhook-endpoints/x/deliveries/x/resend': 'writes',
      'POST /v1/webhook-endpoints/x/enable': 'writes',
      'POST /v1/webhook-endpoints/x/ping': 'writes',
      'POST /v1/webhook-endpoints/x/replay': 'writes',
      'POST /v1/webhook-endpoints/x/rotate': 'writes',
    });
  });

  it('is refused without credentials, but for the probes, the description and the door of the console', async () => {
    const answered = await Promise.all(
      open.routes.map(async (route) => ({ ...route, answer: await open.ask(route, { accept: 'text/html' }) })),
    );
    const isRefused = ({ status, headers }: Response) =>
      [401, 403, 404, 405].includes(status) ||
      (status >= 300 && status < 400 && headers.get('location')?.startsWith(`${BASE}/admin/login`));
    const taken = answered.filter(({ answer }) => !isRefused(answer)).map(({ path }) => path.slice(BASE.length));
    const free = taken.filter((path) => !/^\/(docs|admin\/(style|console\.js))/.test(path));
    expect([...new Set(free)].toSorted()).toEqual(['/admin/login', '/livez', '/openapi.json', '/readyz']);
    expect(taken.filter((path) => path.startsWith('/docs')).length).toBeGreaterThan(0);
  });

  it('carries the security headers, whatever it answers', async () => {
    const kinds = new Set<number>();
    for (const { routes, ask, key } of [open, tight]) {
      for (const route of routes) {
        for (const headers of [{}, { accept: 'text/html' }, key]) {
          const answer = await ask(route, headers);
          kinds.add(answer.status);
          const name = `${route.method} ${route.path}: ${answer.status}`;
          expect(answer.headers.get('x-content-type-options'), name).toBe('nosniff');
          expect(answer.headers.get('cache-control'), name).toBe('no-store');
          expect(answer.headers.get('strict-transport-security'), name).toMatch(/^max-age=\d{8}/);
          expect(answer.headers.get('referrer-policy'), name).toMatch(/^(no-referrer|same-origin)$/);
          expect(answer.headers.get('x-frame-options'), name).toBe('DENY');
          expect(answer.headers.get('cross-origin-opener-policy'), name).toBe('same-origin');
          expect(answer.headers.get('cross-origin-resource-policy'), name).toBe('same-origin');
          expect(answer.headers.get('content-security-policy'), name).toMatch(
            /default-src 'none'.*frame-ancestors 'none'/,
          );
          expect(answer.headers.get('x-request-id'), name).toMatch(/^[\w-]{8,64}$/);
          expect(answer.headers.get('ratelimit'), name).not.toBeNull();
        }
      }
    }
    expect([...kinds].toSorted()).toEqual(expect.arrayContaining([200, 303, 400, 401, 403, 404, 405, 415, 429]));
  });

  it('gives a page of another origin nothing, and none gives it cookies', async () => {
    for (const { method, path } of open.routes) {
      for (const origin of [ELSEWHERE, 'null', 'https://shop.example.evil.example', 'http://shop.example']) {
        const asked = { origin, 'access-control-request-method': 'POST' };
        for (const way of [method, 'OPTIONS']) {
          const { headers } = await open.ask({ method: way, path }, asked);
          expect(headers.get('access-control-allow-origin'), `${way} ${path}`).toBeNull();
          expect(headers.get('access-control-allow-credentials')).toBeNull();
        }
      }
    }
  });

  it('gives a page of a named origin the API and its description, and neither the console nor the callback', async () => {
    for (const { method, path } of open.routes) {
      const { headers } = await open.ask({ method, path }, { origin: 'https://shop.example' });
      const shared = /\/(v1\/.*|openapi\.json)$/.test(path);
      expect(headers.get('access-control-allow-origin'), `${method} ${path}`).toBe(
        shared ? 'https://shop.example' : null,
      );
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });
});
