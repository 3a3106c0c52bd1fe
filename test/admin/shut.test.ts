// What the console keeps shut: every route without a session, every form from elsewhere, every change to the queues.
import { appRoutes } from '@bull-board/api/dist/routes.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formTokenOf } from '../../src/admin/browser.ts';
import { openQueues } from '../../src/queue/bullmq.ts';
import { type Browser, type Console, createConsole, ORIGIN } from '../support/console.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let site: Console;
let browser: Browser;

beforeAll(async () => {
  world = await createWorld();
  const queues = openQueues({ config: world.config, log: world.log });
  await queues.ringNow([{ queue: 'payouts', id: 'po01JD2E8Y6Q5V3ZABCDEFGHJKMN', generation: 1 }]);
  await queues.close();
  site = createConsole(world);
  await site.person('ada@example.com', 'administrator');
  browser = await site.visitor('administrator');
});
afterAll(async () => {
  await site.board.close();
  await world.close();
});

const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  site.app.request(ORIGIN + path, { method, headers });

/** Every path of the console, from the router itself and from the board's own table. */
function paths(): { method: string; path: string }[] {
  const own = site.admin.routes.map(({ method, path }) => ({ method, path: `/admin${path === '/' ? '' : path}` }));
  const board = appRoutes.api.flatMap(({ method, route }) =>
    [route].flat().map((path) => ({ method: String(method).toUpperCase(), path: `/admin/queues${path}` })),
  );
  return [...own, ...board].map(({ method, path }) => ({
    method: method === 'ALL' ? 'GET' : method,
    path: path.replace('/*', '/anything').replaceAll(/:[A-Za-z]+/g, 'payouts'),
  }));
}

const OPEN = [
  'GET /admin/style.css',
  'GET /admin/console.js',
  'GET /admin/login',
  'POST /admin/login',
  // The second step of a sign-in, and an invitation's link: each has a secret of its own to show.
  'GET /admin/login/code',
  'POST /admin/login/code',
  'GET /admin/welcome/payouts',
  'POST /admin/welcome/payouts',
];

describe('without a session', () => {
  it('every route leads to the sign-in or answers 401, and nothing of it is shown', async () => {
    const shut = paths().filter(({ method, path }) => !OPEN.includes(`${method} ${path}`));
    expect(shut.length).toBeGreaterThan(30);
    for (const { method, path } of shut) {
      const form = { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' };
      const isRead = method === 'GET';
      const program = await ask(method, path, isRead ? {} : form);
      expect([method, path, program.status]).toEqual([method, path, 401]);
      if (method !== 'HEAD') expect(await program.json()).toMatchObject({ status: 401 });
      const person = await ask(method, path, { accept: 'text/html', ...(isRead ? {} : form) });
      if (isRead) expect([path, person.headers.get('location')?.split('?')[0]]).toEqual([path, '/admin/login']);
      expect(person.status).toBe(isRead ? 303 : 401);
    }
  });
});

it('without the right secret the second step and an invitation open nothing', async () => {
  const stranger = site.browser();
  expect((await stranger.get('/admin/login/code')).headers.get('location')).toBe('/admin/login');
  expect((await stranger.post('/admin/login/code', { code: '123456' })).status).toBe(401);
  expect((await stranger.get(`/admin/welcome/${'A'.repeat(43)}`)).status).toBe(404);
  const form = { password: 'correct horse battery', again: 'correct horse battery' };
  expect((await stranger.post(`/admin/welcome/${'A'.repeat(43)}`, form)).status).toBe(404);
  expect(stranger.cookies.size).toBe(0);
});

describe('a form', () => {
  const FORM = { origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
  it.each([
    ['of another site', { ...FORM, origin: 'https://evil.example' }, 403],
    ['of a sibling site', { ...FORM, origin: 'http://shop.console.test', 'sec-fetch-site': 'same-site' }, 403],
    ['of the same host on another port', { ...FORM, origin: `${ORIGIN}:8080` }, 403],
    ['of a sandboxed page', { ...FORM, origin: 'null' }, 403],
    ['that names no origin', { ...FORM, origin: null }, 403],
    ['that the browser calls foreign', { ...FORM, 'sec-fetch-site': 'cross-site' }, 403],
    ['in plain text', { ...FORM, 'content-type': 'text/plain' }, 415],
    ['in JSON', { ...FORM, 'content-type': 'application/json' }, 415],
    ['without a content type', { ...FORM, 'content-type': null }, 415],
  ] as const)('%s changes nothing', async (_what, headers, status) => {
    for (const path of ['/admin/logout', '/admin/login']) {
      expect((await browser.post(path, { email: 'ada@example.com' }, headers)).status).toBe(status);
    }
    expect((await browser.get('/admin/account')).status).toBe(200);
  });

  it.each([
    ['without its token', { token: '' }],
    ["with another session's token", { token: formTokenOf('A'.repeat(43)) }],
  ])('%s changes nothing, even from a page of ours', async (_what, fields) => {
    for (const path of ['/admin/logout', '/admin/account/theme', '/admin/account/sign-out-elsewhere', '/admin/search'])
      expect([path, (await browser.post(path, { ...fields, q: 'x', theme: 'dark' })).status]).toEqual([path, 403]);
    expect((await browser.get('/admin/account')).status).toBe(200);
  });

  it('larger than a form is refused before it is read', async () => {
    const answer = await browser.post('/admin/login', { email: 'a'.repeat(20_000) });
    expect(answer.status).toBe(413);
  });

  it('is not needed for reading: no GET changes anything', async () => {
    expect((await browser.get('/admin/logout')).status).toBe(404);
    expect((await browser.get('/admin/account')).status).toBe(200);
  });
});

describe('the board', () => {
  const job = '/admin/queues/api/queues/payouts/po01JD2E8Y6Q5V3ZABCDEFGHJKMN-1';

  it('shows a job, which is an id and nothing else, and leads to the page of what it is about', async () => {
    const answer = await browser.get(job, { accept: 'application/json' });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { job: object }).job).toMatchObject({
      data: { id: 'po01JD2E8Y6Q5V3ZABCDEFGHJKMN' },
      externalUrl: {
        href: '/admin/transactions/po01JD2E8Y6Q5V3ZABCDEFGHJKMN',
        displayText: 'Open the transaction',
      },
    });
    const all = await browser.get('/admin/queues/api/queues', { accept: 'application/json' });
    const list = (await all.json()) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(list.queues.map((queue) => [queue.name, queue.readOnlyMode])).toEqual([
      ['collections', true],
      ['payouts', true],
      ['bulk', true],
      ['webhooks', true],
      ['notifications', true],
    ]);
  });

  it('refuses everything that is no reading, also from its own page', async () => {
    const own = {
      origin: ORIGIN,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const changing = paths().filter(({ method, path }) => path.startsWith('/admin/queues/api') && method !== 'GET');
    expect(changing.length).toBeGreaterThan(15);
    for (const { method, path } of [...changing, { method: 'DELETE', path: job }]) {
      expect([method, path, (await ask(method, path, { ...own, cookie })).status]).toEqual([method, path, 405]);
    }
    expect((await browser.get(job, { accept: 'application/json' })).status).toBe(200);
  });

  it('asks no third party for anything: its page names none, and its policy allows none', async () => {
    const answer = await browser.get('/admin/queues');
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(page).toContain('<base href="/admin/queues/"');
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).toContain('>Back to the console</a>');
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
        "connect-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'; form-action 'self'",
    );
    const [, script = ''] = /src="(static\/js\/main[^"]+)"/.exec(page) ?? [];
    expect((await browser.get(`/admin/queues/${script}`)).headers.get('content-type')).toContain('javascript');
  });
});

describe('every answer', () => {
  it('carries the security headers, whatever it is', async () => {
    const answers = [
      await browser.get('/admin'),
      await browser.get('/admin/account'),
      await browser.get('/admin/nothing'),
      await browser.get('/admin/style.css'),
      await browser.get('/admin/queues/static/images/logo.svg'),
      await site.browser().get('/admin/account'),
      await site.browser().signIn('ada@example.com', 'wrong password, alas'),
      await browser.post('/admin/logout', {}, { origin: 'https://evil.example' }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 404, 200, 200, 303, 401, 403]);
    for (const { headers } of answers) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      // Not no-referrer: browsers would then name no origin for the console's own forms.
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    }
    const policy = answers[1]?.headers.get('content-security-policy');
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe/);
  });

  it('shows what somebody typed as text', async () => {
    const answer = await site.browser().signIn('"><script>alert(1)</script>@example.com', 'x');
    const page = await answer.text();
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;');
  });
});
