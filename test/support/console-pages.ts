// Every page of the console, from what is registered: the router, the panels and their rows, the actions and what they show.
import { ACTIONS } from '../../src/admin/actions/all.ts';
import { invite } from '../../src/admin/invitation.ts';
import { PANELS } from '../../src/admin/panels/all.ts';
import { inTransaction } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import type { Browser, Console } from './console.ts';
import { inputOf, placeOf, type Subjects, subjectOf } from './console-actions.ts';
import type { Filled } from './console-data.ts';
import { act } from './console-deeds.ts';
import type { World } from './world.ts';

export interface Place {
  /** Below the console; empty for its front page. */
  readonly path: string;
  readonly status: number;
}

/** An administrator, who may see and do everything, and what there is to see and to be done to. */
export interface Tour extends Subjects {
  readonly site: Console;
  readonly chief: Browser & { readonly id: string };
}

const hrefs = (html: string, panel: string): string[] => [
  ...new Set(
    [...html.matchAll(new RegExp(`href="/admin/(${panel}/[^"/?]+)"`, 'g'))].map(([, path]) =>
      (path ?? '').replaceAll('&amp;', '&'),
    ),
  ),
];

export async function prepareTour(world: World, site: Console, data: Filled): Promise<Tour> {
  const chief = await site.visitor('administrator');
  const { id: other } = await site.visitor('viewer');
  const funding = { entry: newId('journalEntry'), amount: '2000' };
  const { where } = await act(chief, `wallets/${data.wallet}/do/fund`, funding);
  return { world, site, data, chief, other, own: where?.split('/').at(-1) ?? '' };
}

/**
 * Finds them all. `rows` of each panel are taken, and every row that an action is tried on. Raises when a route of the router that
 * answers GET leads to none of them.
 */
export async function everyPage(tour: Tour, rows = 1): Promise<readonly Place[]> {
  const { world, site, data, chief } = tour;
  const { secret } = await inTransaction(world.db, (trx) =>
    invite(trx, { email: `${newId('event').toLowerCase()}@example.com`, role: 'viewer' }),
  );

  const found = new Map<string, number>();
  const add = (path: string, status = 200) => found.set(path, status);
  for (const path of [
    '',
    '?range=30d',
    'account',
    'account/password',
    'confirm',
    `welcome/${secret}`,
    'queues',
    'queues/queue/payouts',
  ])
    add(path);
  add('nothing-like-this', 404);
  add('transactions?amount=x', 400);
  add(`merchants/${newId('merchant')}`, 404);
  for (const { path } of PANELS) {
    const list = path === 'cases' || path === 'proposals' ? `${path}?status=all` : path;
    add(list);
    for (const row of hrefs(await (await chief.get(`/admin/${list}`)).text(), path).slice(0, rows)) add(row);
  }
  for (const id of [data.settled, data.collection, data.inReview, data.waiting, data.awaiting])
    add(`transactions/${id}`);
  for (const action of ACTIONS) {
    const [place, input] = [placeOf(action, tour), inputOf(action)];
    add(`${action.panel}/${encodeURIComponent(subjectOf(action, tour))}`);
    add(place);
    if (Object.keys(input).length > 0) add(`${place}?${new URLSearchParams({ ...input, shown: '1' })}`);
  }

  const paths = [...found.keys()].map((path) => `/${path.split('?')[0]}`);
  // Seen with another session, or no page.
  const known = ['/style.css', '/console.js', '/login', '/login/code'];
  const missing = site.admin.routes
    .filter(({ method, path }) => method === 'GET' && !known.includes(path))
    .filter(
      ({ path }) =>
        !paths.some((one) => new RegExp(`^${path.replace('/*', '/.+').replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`).test(one)),
    );
  if (missing.length > 0) throw new Error(`no page of ${missing.map(({ path }) => path).join(', ')} was found`);
  return [...found].map(([path, status]) => ({ path, status }));
}
