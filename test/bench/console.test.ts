// The console's benchmark asks for every page there is: on a small database of its own making all of them answer.
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ask, asksOf } from '../../bench/console/asks.ts';
import { fillRest } from '../../bench/console/fill.ts';
import { fillWithPayments } from '../../bench/seed/seed.ts';
import { PANELS } from '../../src/admin/panels/all.ts';
import { type Console, createConsole } from '../support/console.ts';
import { COMPRESSED, createWorld, type World } from '../support/world.ts';

const PAYMENTS = 300;
let world: World;
let site: Console;
let owner: pg.Client;
let asks: readonly Ask[];
beforeAll(async () => {
  world = await createWorld();
  const url = world.config.DATABASE_URL;
  await fillWithPayments({ url, count: PAYMENTS, seed: 1, environment: COMPRESSED, say: () => {} });
  await fillRest(url, () => {});
  owner = new pg.Client({ connectionString: url });
  await owner.connect();
  asks = await asksOf(owner, 1);
  site = createConsole(world);
}, 120_000);
afterAll(async () => {
  await owner.end();
  await site.board.close();
  await world.close();
});

it('asks for every list with each of its filters and orders, a row of each that has one, and every search', () => {
  const names = new Set(asks.map(({ name }) => name));
  expect(names.size).toBe(asks.length);
  for (const { path, filters, columns } of PANELS) {
    expect([path, names.has(`${path} first page`)]).toEqual([path, true]);
    for (const filter of filters)
      if (filter.kind === 'choice')
        for (const option of Object.keys(filter.options)) expect(names).toContain(`${path} ${filter.name}=${option}`);
    const sorts = columns.filter(({ sort }) => sort !== undefined).length;
    expect([path, [...names].filter((name) => name.startsWith(`${path} by `)).length >= 2 * sorts]).toEqual([
      path,
      true,
    ]);
  }
  expect(asks.filter(({ search }) => search !== undefined)).toHaveLength(7);
  expect(names).toContain('transactions deep page');
  expect(names).toContain('timeline of what is settled');
});

it('is answered with a page by all of them', async () => {
  const browser = await site.visitor('administrator');
  const refused: unknown[] = [];
  for (const { name, path, search } of asks) {
    const found = search === undefined ? null : await browser.post('/admin/search', { q: search });
    const slash = path === '' || path.startsWith('?') ? '' : '/';
    const { status } = await browser.get(found?.headers.get('location') ?? `/admin${slash}${path}`);
    if (status !== 200) refused.push([name, status]);
  }
  expect(refused).toEqual([]);
}, 120_000);
