// A list whose ids have several prefixes: each row once and in the order of time, whatever is found where and however far one looks.
import fc from 'fast-check';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBeforeBy, type Place, type Stretch, weave } from '../../src/admin/panels/weave.ts';
import { createCollection } from '../../src/collections/create.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { NEW_COLLECTION, NEW_PAYOUT } from '../support/new-payout.ts';
import { cases } from '../support/properties.ts';
import { createWorld, type World } from '../support/world.ts';

describe('weaving', () => {
  /** Reads one prefix as the database would: from behind the cursor on, `looks` rows, of which those that fit. */
  function stretch(
    of: { ids: readonly string[]; fits: ReadonlySet<string>; looks: number; limit: number },
    isBehind: (id: string) => boolean,
  ): Stretch<string> {
    const seen = of.ids.filter(isBehind).slice(0, of.looks);
    const found = seen.filter((id) => of.fits.has(id)).slice(0, of.limit + 1);
    const entries = found.map((id) => ({ place: [id], row: id }));
    if (found.length > of.limit) return { found: entries, through: [found.at(-1) as string] };
    return { found: entries, through: seen.length < of.looks ? null : [seen.at(-1) as string] };
  }

  it('shows each row that fits exactly once and in order, over pages that stop anywhere', () => {
    const row = fc.record({
      time: fc.integer({ min: 0, max: 40 }),
      kind: fc.constantFrom('co', 'po'),
      fits: fc.boolean(),
    });
    const all = fc.record({
      rows: fc.uniqueArray(row, { selector: ({ time, kind }) => kind + time, maxLength: 60 }),
      limit: fc.integer({ min: 1, max: 7 }),
      looks: fc.integer({ min: 1, max: 9 }),
      descending: fc.boolean(),
    });
    fc.assert(
      fc.property(all, ({ rows, limit, looks, descending }) => {
        const isBefore = isBeforeBy(descending);
        const idOf = ({ kind, time }: { kind: string; time: number }) => kind + String(time).padStart(4, '0');
        const ids = rows.map(idOf).toSorted((a, b) => (isBefore([a], [b]) ? -1 : 1));
        const fits = new Set(rows.filter((one) => one.fits).map(idOf));
        const seen: string[] = [];
        let after: Place | null = null;
        for (let pages = 0; pages <= 200; pages += 1) {
          const begin: Place | null = after;
          const isBehind = (id: string) => begin === null || isBefore(begin, [id]);
          const of = ['po', 'co'].map((kind) =>
            stretch({ ids: ids.filter((id) => id.startsWith(kind)), fits, looks, limit }, isBehind),
          );
          const page = weave(of, limit, isBefore);
          expect(page.rows.length).toBeLessThanOrEqual(limit);
          seen.push(...page.rows);
          after = page.next;
          if (after === null) break;
        }
        expect(after).toBeNull();
        expect(seen).toEqual(ids.filter((id) => fits.has(id)));
      }),
      cases(300),
    );
  });

  it('says that it stopped when there was room left, and not when the page was full', () => {
    const of = (...ids: string[]) => ids.map((id) => ({ place: [id], row: id }));
    const down = isBeforeBy(true);
    const stopped = { found: of('po9'), through: ['po5'] };
    const whole = { found: of('co8', 'co3'), through: null };
    expect(weave([stopped, whole], 5, down)).toEqual({ rows: ['po9', 'co8'], next: ['po5'], stopped: true });
    expect(weave([stopped, whole], 1, down)).toEqual({ rows: ['po9'], next: ['po9'], stopped: false });
    expect(weave([whole], 2, down)).toEqual({ rows: ['co8', 'co3'], next: null, stopped: false });
  });
});

describe('the list of transactions', () => {
  let world: World;
  let site: Console;
  let browser: Browser;
  let ids: string[];
  beforeAll(async () => {
    world = await createWorld();
    await world.fund('UGX', 10n ** 9n);
    site = createConsole(world);
    browser = await site.visitor('viewer');
    const pay = (n: number) =>
      n % 3 === 0
        ? createCollection(world, world.caller, world.request({ route: 'POST /v1/collections' }), NEW_COLLECTION)
        : createPayout(world, world.caller, world.request(), NEW_PAYOUT);
    await Promise.all(Array.from({ length: 130 }, (_, n) => pay(n)));
    // Both prefixes before the same letters, at the edge of a page each way.
    const made: { id: string }[] = await world.db('transactions').select('id').where({ type: 'payout' });
    const inOrder = made.map(({ id }) => id.slice(2)).toSorted();
    for (const letters of inOrder)
      await world.db.raw(
        `INSERT INTO transactions SELECT (jsonb_populate_record(t, jsonb_build_object('id', 'co' || ?::text, 'reference', 'twin'))).*
         FROM transactions t WHERE t.type = 'collection' AND t.reference IS NULL ORDER BY id LIMIT 1`,
        [letters],
      );
    const all: { id: string }[] = await world.db('transactions').select('id');
    ids = all.map(({ id }) => id).toSorted((a, b) => (isBeforeBy(true)([a], [b]) ? -1 : 1));
  }, 60_000);
  afterAll(async () => {
    await site.board.close();
    await world.close();
  });

  async function through(query: string): Promise<string[]> {
    const seen: string[] = [];
    for (let next: string | null = `transactions?${query}`; next !== null; ) {
      const text: string = await (await browser.get(`/admin/${next}`)).text();
      seen.push(...[...text.matchAll(/<a href="\/admin\/transactions\/((?:po|co)\w{26})"/g)].map(([, id = '']) => id));
      const match: RegExpExecArray | null = /rel="next" href="\/admin\/([^"]+)"/.exec(text);
      next = match?.[1]?.replaceAll('&amp;', '&') ?? null;
    }
    return seen;
  }

  const cursorAt = (id = '') => Buffer.from(JSON.stringify(['', id])).toString('base64url');

  it('shows payouts and collections of one moment each once, newest first and oldest first', async () => {
    expect(ids.length).toBeGreaterThan(200);
    expect(await through('')).toEqual(ids);
    expect(await through('order=reversed')).toEqual(ids.toReversed());
    // From every place of a stretch, so that a page also ends between two of one moment.
    for (const [query, list] of [
      ['', ids],
      ['order=reversed&', ids.toReversed()],
    ] as const)
      for (let at = 1; at < 8; at += 1)
        expect((await through(`${query}cursor=${cursorAt(list[at - 1])}`)).slice(0, 4)).toEqual(list.slice(at, at + 4));
  });

  it('keeps to that order under filters that no index answers, and under days', async () => {
    expect(await through('type=payout')).toEqual(ids.filter((id) => id.startsWith('po')));
    const day = new Date().toISOString().slice(0, 10);
    expect(await through(`createdFrom=${day}&type=collection`)).toEqual(ids.filter((id) => id.startsWith('co')));
    expect(await through('createdTo=2020-01-01')).toEqual([]);
    expect(await through('status=accepted')).toHaveLength(ids.length);
  });

  it('collects what is under way only while little is due, and shows the same either way', async () => {
    const [open = ''] = ids;
    await world.db('transactions').where({ id: open }).update({ state: 'submitting', attempt_no: 1 });
    const asked: string[] = [];
    const hear = ({ sql }: { sql: string }) => asked.push(sql);
    const scans = async () => {
      asked.length = 0;
      (world.db as Knex).on('query', hear);
      const seen = await through('status=submitting');
      (world.db as Knex).removeListener('query', hear);
      expect(seen).toEqual([open]);
      const scan = /FROM \((.*LIMIT 5000)\) t/s.exec(asked.find((sql) => sql.includes('listPosition')) ?? '')?.[1];
      return scan?.includes("t.state = 'submitting'");
    };
    expect(await scans()).toBe(true);
    await world.db.raw(
      `INSERT INTO transactions SELECT (jsonb_populate_record(t, jsonb_build_object('id', 'co00' || lpad(n::text, 24, '0'), 'reference', 'due'))).*
       FROM generate_series(1, 2001) n, transactions t WHERE t.id = (SELECT min(id) FROM transactions)`,
    );
    expect(await scans()).toBe(false);
  });

  it('refuses a page of the order it has under a filter with an index', async () => {
    const [id = ''] = ids;
    const cursor = cursorAt(id);
    expect((await browser.get(`/admin/transactions?cursor=${cursor}`)).status).toBe(200);
    expect((await browser.get(`/admin/transactions?merchant=${world.merchantId}&cursor=${cursor}`)).status).toBe(400);
    expect(await through(`merchant=${world.merchantId}&type=payout`)).toHaveLength(
      ids.filter((id) => id.startsWith('po')).length,
    );
  });
});
