// Forged requests: whatever can change something refuses what no page of its own session sent, and nothing of any table has changed.
import { appRoutes } from '@bull-board/api/dist/routes.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/admin/actions/all.ts';
import { formTokenOf } from '../../src/admin/browser.ts';
import { PANELS } from '../../src/admin/panels/all.ts';
import { type Db, openDatabase } from '../../src/db/knex.ts';
import { openBackend } from '../../src/queue/backend.ts';
import { type Console, createConsole, ORIGIN } from '../support/console.ts';
import { inputOf, placeOf } from '../support/console-actions.ts';
import { fillConsole } from '../support/console-data.ts';
import { look } from '../support/console-deeds.ts';
import { everyPage, prepareTour, type Tour } from '../support/console-pages.ts';
import { createWorld, type World } from '../support/world.ts';

interface Route {
  readonly path: string;
  /** What its page would send. */
  readonly form: Readonly<Record<string, string>>;
  /** Open to people who have no session yet, whose forms have no token: the origin alone has to do. */
  readonly isOpen?: true;
}

const FORM = 'application/x-www-form-urlencoded';
const OWN = { origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'content-type': FORM };
const OTHERS = formTokenOf('A'.repeat(43));
/** How it arrives, and what the answer must be. Another `token` than the session's; null leaves it out. */
const FORGERIES: readonly {
  what: string;
  headers?: Record<string, string | null>;
  token?: string | null;
  status: number;
}[] = [
  {
    what: 'from another site',
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    status: 403,
  },
  {
    what: 'from another site, of a browser that does not say so',
    headers: { origin: 'https://evil.example', 'sec-fetch-site': null },
    status: 403,
  },
  { what: 'without an origin', headers: { origin: null, 'sec-fetch-site': null }, status: 403 },
  { what: 'from a sandboxed page', headers: { origin: 'null' }, status: 403 },
  {
    what: 'from a sibling of the same site',
    headers: { origin: 'http://shop.console.test', 'sec-fetch-site': 'same-site' },
    status: 403,
  },
  { what: 'from another port of the host', headers: { origin: `${ORIGIN}:8080` }, status: 403 },
  { what: 'as plain text', headers: { 'content-type': 'text/plain' }, status: 415 },
  { what: 'as JSON', headers: { 'content-type': 'application/json' }, status: 415 },
  { what: 'as a form with files', headers: { 'content-type': 'multipart/form-data; boundary=x' }, status: 415 },
  { what: 'without a content type', headers: { 'content-type': null }, status: 415 },
  { what: 'without a token', token: null, status: 403 },
  { what: 'with a token that is none', token: '', status: 403 },
  { what: "with another session's token", token: OTHERS, status: 403 },
];

let world: World;
/** The database without the application's role, which sees the queues' tables too. */
let owner: Db;
let site: Console;
let tour: Tour;
let routes: readonly Route[];

beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, role: null, onError: () => {} });
  const data = await fillConsole(world);
  const backend = openBackend(world.config);
  await (await backend.queue('payouts')).add('bell', { id: data.waiting }, { jobId: 'one' });
  await backend.close();
  site = createConsole(world);
  tour = await prepareTour(world, site, data);
  routes = [...(await everyRoute())];
}, 60_000);
afterAll(async () => {
  await owner.destroy();
  await site.board.close();
  await world.close();
});

/** Every route that takes a form, from the router; for every panel and every action, each with what its page would send. */
async function everyRoute(): Promise<readonly Route[]> {
  const password = { password: 'correct horse battery', again: 'correct horse battery' };
  const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    '/login': { email: 'ada@example.com', ...password },
    '/login/code': { code: '123456' },
    '/welcome/:secret': password,
    '/confirm': password,
    '/account/password': { current: 'correct horse', ...password },
    '/account/second-factor/enrol': { code: '123456' },
    '/account/theme': { theme: 'dark' },
    '/search': { q: 'INV-7' },
  };
  const found: Route[] = [];
  for (const { path } of site.admin.routes.filter(({ method }) => !['GET', 'HEAD', 'ALL'].includes(method))) {
    if (path === '/:panel/export') found.push(...PANELS.map((panel) => ({ path: `/${panel.path}/export`, form: {} })));
    else if (path === '/:panel/:id/do/:action') {
      for (const action of ACTIONS) {
        const { form } = await look(tour.chief, placeOf(action, tour), inputOf(action));
        expect([placeOf(action, tour), form['outline']]).toEqual([placeOf(action, tour), expect.any(String)]);
        found.push({ path: `/${placeOf(action, tour)}`, form: { ...form, reason: 'as agreed', nevertheless: 'yes' } });
      }
    } else {
      const isOpen = path.startsWith('/login') || path.startsWith('/welcome');
      found.push({
        path: path.replace(':secret', 'A'.repeat(43)),
        form: forms[path] ?? {},
        ...(isOpen ? { isOpen } : {}),
      });
    }
  }
  return found;
}

/** A digest of every table, those of the queues too. */
async function everything(): Promise<ReadonlyMap<string, string>> {
  const { rows: tables } = await owner.raw<{ rows: { name: string }[] }>(`
    SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
    WHERE table_schema IN ('public', 'bullmq') AND table_type = 'BASE TABLE' ORDER BY 1`);
  const digest = ({ name }: { name: string }) =>
    `SELECT '${name}' AS name, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS digest FROM ${name} t`;
  const { rows } = await owner.raw<{ rows: { name: string; digest: string }[] }>(
    tables.map(digest).join(' UNION ALL '),
  );
  return new Map(rows.map((row) => [row.name, row.digest]));
}
const changed = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) =>
  [...after].filter(([name, digest]) => before.get(name) !== digest).map(([name]) => name);

const cookie = () => [...tour.chief.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
/** The token of the visitor's own session. */
const ownToken = () => formTokenOf(tour.chief.cookies.get('admin_session') ?? '');

const send = async (method: string, path: string, headers: Record<string, string | null>, body?: string) => {
  const sent = Object.entries({ ...OWN, cookie: cookie(), ...headers }).filter(
    (pair): pair is [string, string] => pair[1] !== null,
  );
  const answer = await site.app.request(ORIGIN + path, {
    method,
    headers: sent,
    ...(body === undefined ? {} : { body }),
  });
  await answer.arrayBuffer();
  return answer.status;
};

const post = ({ path, form }: Route, { headers = {}, token = ownToken() }: Partial<(typeof FORGERIES)[number]> = {}) =>
  send(
    'POST',
    `/admin${path}`,
    headers,
    new URLSearchParams({ ...form, ...(token === null ? {} : { token }) }).toString(),
  );

describe('a forged form', () => {
  it.each(FORGERIES.map((forgery) => [forgery.what, forgery] as const))(
    '%s is refused by every route, and changes nothing',
    async (_what, forgery) => {
      const before = await everything();
      expect(before.size).toBeGreaterThan(40);
      const asked = routes.filter(({ isOpen }) => isOpen === undefined || forgery.token === undefined);
      for (const route of asked) expect([route.path, await post(route, forgery)]).toEqual([route.path, forgery.status]);
      expect(changed(before, await everything())).toEqual([]);
      expect(asked.length).toBeGreaterThan(60);
    },
  );
});

describe('the board', () => {
  const routesOf = () =>
    appRoutes.api.flatMap(({ method, route }) =>
      [route].flat().map((path) => ({
        method: String(method).toUpperCase(),
        path: `/admin/queues${path
          .replace(':queueName', 'payouts')
          .replace(':jobId', 'one')
          .replaceAll(/:[A-Za-z]+/g, 'failed')}`,
      })),
    );
  it('takes no change by any of its routes, forged or from its own page', async () => {
    const changing = routesOf().filter(({ method }) => method !== 'GET');
    expect(changing.length).toBeGreaterThan(15);
    await tour.chief.get('/admin/queues/api/queues');
    const before = await everything();
    for (const { method, path } of changing)
      for (const { what, headers = {}, token, status } of [
        ...FORGERIES,
        { what: 'from its own page', headers: {}, status: 405 },
      ]) {
        // It has no forms, and so no tokens: what comes from its own page is refused as well.
        const expected = token === undefined ? status : 405;
        expect([method, path, what, await send(method, path, headers, 'data=1')]).toEqual([
          method,
          path,
          what,
          expected,
        ]);
      }
    expect(changed(before, await everything())).toEqual([]);
  });
});

describe('looking', () => {
  it('changes nothing: no page by GET or HEAD, and no address of a form by any method that is none of its own', async () => {
    const places = await everyPage(tour, 3);
    await tour.chief.get('/admin/queues/api/queues');
    const before = await everything();
    for (const { path, status } of places.filter((one) => !one.path.startsWith('welcome')))
      expect([path, (await tour.chief.get(`/admin/${path}`.replace(/\/(?=$|\?)/, ''))).status]).toEqual([path, status]);
    for (const { path, form } of routes.filter((one) => !one.isOpen))
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        const query = new URLSearchParams({ ...form, token: ownToken(), _method: 'POST' });
        const status = await send(method, `/admin${path}?${query}`, { 'x-http-method-override': 'POST' });
        expect([method, path, status < 500]).toEqual([method, path, true]);
      }
    expect(changed(before, await everything())).toEqual([]);
  });
});

it('the same forms, sent as their pages send them, are refused by none for how they came', async () => {
  const statuses = new Map<string, number>();
  // Signing out comes last: whatever came after it would be refused for another reason.
  for (const route of routes.toSorted(
    (a, b) => Number(/logout|account\/password/.test(a.path)) - Number(/logout|account\/password/.test(b.path)),
  ))
    statuses.set(route.path, await post(route));
  expect([...statuses].filter(([, status]) => [403, 415].includes(status))).toEqual([]);
  expect([...statuses.values()].filter((status) => status === 303 || status === 200).length).toBeGreaterThan(50);
});
