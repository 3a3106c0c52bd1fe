// Lists in the order of a column: only where an index serves it, through all pages, filters and the export.
import { parse } from 'csv-parse/sync';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PANELS } from '../../src/admin/panels/all.ts';
import { sortName } from '../../src/admin/panels/order.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let site: Console;
let data: Filled;
let browser: Browser;
beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  data = await fillConsole(world);
  site = createConsole(world);
  browser = await site.visitor('administrator');
}, 60_000);
afterAll(async () => {
  await site.board.close();
  await world.close();
});

const page = async (path: string) => {
  const answer = await browser.get(`/admin/${path}`);
  return { status: answer.status, text: await answer.text() };
};
const names = (text: string) =>
  [...text.matchAll(/href="\/admin\/merchants\/me[^"]+"[^>]*>([^<]+)<\/a>/g)].map((match) => match[1] ?? '');

/** More merchants than a page has rows, many of one name. */
const openShops = () =>
  world.db.raw(`INSERT INTO merchants (id, name)
    SELECT 'me' || lpad(n::text, 26, '0'), 'Shop ' || chr(65 + n % 26) || ' ünï' FROM generate_series(1, 120) n ON CONFLICT DO NOTHING`);

/** Every pair of a panel and the order of one of its columns. */
const SORTS = PANELS.flatMap((panel) =>
  panel.columns.filter(({ sort }) => sort !== undefined).map((column) => ({ panel, name: sortName(column) })),
);

describe('a list', () => {
  it('has an order of its own, which a column shows, on every panel', () => {
    const silent = PANELS.filter(({ columns }) => !columns.some(({ sort }) => sort === true)).map(({ path }) => path);
    expect(silent).toEqual([]);
    expect(SORTS.length).toBeGreaterThan(PANELS.length + 6);
  });

  it.each(SORTS.map(({ panel, name }) => [`${panel.path} by ${name}`, panel, name] as const))(
    'of %s walks an index and sorts nothing, both ways',
    async (_what, panel, name) => {
      for (const way of ['', '&order=reversed']) {
        const asked: { sql: string; bindings: unknown[] }[] = [];
        const hear = (query: { sql: string; bindings: unknown[] }) => asked.push(query);
        (world.db as Knex).on('query', hear);
        const { status, text } = await page(`${panel.path}?sort=${name}${way}`);
        (world.db as Knex).removeListener('query', hear);
        expect([panel.path, name, status]).toEqual([panel.path, name, 200]);
        expect(text).toContain(`aria-sort="`);
        const list = asked.find(({ sql }) => sql.includes('listPosition'));
        const { rows } = await world.db.transaction(async (trx) => {
          // A handful of rows it would rather collect and sort than walk; of a million it would not.
          await trx.raw('SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off');
          const sql = list?.sql.replaceAll(/\$\d+/g, '?') ?? '';
          return trx.raw<{ rows: Record<string, string>[] }>(`EXPLAIN ${sql}`, (list?.bindings ?? []) as never);
        });
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan, `${panel.path} by ${name}`).not.toMatch(/Seq Scan|Sort/);
      }
    },
  );

  it('in the order of a name shows each row exactly once, through all pages and both ways', async () => {
    await openShops();
    const total = Number((await world.db('merchants').count('* AS n'))[0]?.['n']);
    for (const way of ['', '&order=reversed']) {
      const seen: string[] = [];
      for (let next: string | null = `merchants?sort=merchant${way}`; next !== null; ) {
        const { text }: { text: string } = await page(next);
        seen.push(...names(text));
        const match: RegExpExecArray | null = /rel="next" href="\/admin\/([^"]+)"/.exec(text);
        next = match?.[1]?.replaceAll('&amp;', '&') ?? null;
      }
      expect(seen).toHaveLength(total);
      const sorted = seen.toSorted((a, b) => (a === b ? 0 : a < b === (way === '') ? -1 : 1));
      expect(seen).toEqual(sorted);
    }
  });

  it('leads from a column to its order, from there to the opposite one, and keeps the filters', async () => {
    const plain = await page('cases?status=all&currency=UGX');
    expect(plain.text).toContain('href="/admin/cases?status=all&amp;currency=UGX&amp;sort=amount"');
    const sorted = await page('cases?status=all&currency=UGX&sort=amount');
    expect(sorted.text).toContain('href="/admin/cases?status=all&amp;currency=UGX&amp;sort=amount&amp;order=reversed"');
    expect(sorted.text).toMatch(/aria-sort="descending">\s*<a[^>]*>Amount/);
    expect(sorted.text).toContain('<input type="hidden" name="sort" value="amount">');
    expect(sorted.text).toContain(data.openCase);
  });

  it('has no order but those: another one, and a page of another one, are refused with a sentence', async () => {
    for (const sort of ['id', 'nothing', "amount'--", 'constructor', '__proto__', 'Amount', 'moved']) {
      const refused = await page(`entries?${new URLSearchParams({ sort })}`);
      expect([sort, refused.status]).toEqual([sort, 400]);
      expect(refused.text).toContain('this list has no such order. Choose one of posted.');
    }
    expect((await page('cases?order=sideways')).status).toBe(400);
    await openShops();
    const { text } = await page('merchants?sort=merchant');
    const [, cursor = ''] = /rel="next" href="[^"]*cursor=([^"&]+)"/.exec(text) ?? [];
    expect((await page(`merchants?sort=merchant&cursor=${cursor}`)).status).toBe(200);
    // Both orders of these have two columns of one kind: only the name tells their pages apart.
    const of = (name: string) => Buffer.from(JSON.stringify([name, 'KES', 'me1'])).toString('base64url');
    expect((await page(`approval-limits?sort=limit&cursor=${of('limit')}`)).status).toBe(200);
    expect((await page(`approval-limits?sort=limit&cursor=${of('')}`)).status).toBe(400);
    expect((await page(`approval-limits?cursor=${of('limit')}`)).status).toBe(400);
  });

  it('is exported in the order it is shown in', async () => {
    const exported = async (form: Record<string, string>) => {
      const answer = await browser.post('/admin/merchants/export', form);
      expect(answer.status).toBe(200);
      const rows = parse(await answer.text(), { columns: true, bom: true }) as Record<string, string>[];
      return rows.map((row) => row['Merchant'] ?? '');
    };
    await openShops();
    const up = await exported({ sort: 'merchant' });
    expect(up.length).toBeGreaterThan(100);
    expect(up).toEqual(up.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(await exported({ sort: 'merchant', order: 'reversed' })).toEqual(up.toReversed());
    expect((await browser.post('/admin/merchants/export', { sort: 'secret' })).status).toBe(400);
  });
});
