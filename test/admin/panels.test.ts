// The panels: every model is listed, shown, filtered, searched and exported, quickly, masked, and with all text shown as text.
import { parse } from 'csv-parse/sync';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PANELS } from '../../src/admin/panels/all.ts';
import { PLAN_WITH_VALUES } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { TIMELINE } from '../../src/transactions/timeline.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { createWorld, type World } from '../support/world.ts';

const PLANTED = '<img src=x onerror=alert(1)>';
const SHOWN = '&lt;img src=x onerror=alert(1)&gt;';
let world: World;
let site: Console;
let data: Filled;
let browser: Browser;
let operator: Browser;
let viewer: Browser;

beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  data = await fillConsole(world);
  site = createConsole(world);
  browser = await site.visitor('administrator');
  operator = await site.visitor('operator');
  viewer = await site.visitor('viewer');
  // What merchants, payers, the provider and operators can make appear.
  const t = (table: string) => world.db(table);
  await t('merchants').update({ name: PLANTED });
  await t('api_keys').update({ name: PLANTED });
  await t('transactions')
    .where({ id: data.settled })
    .update({ provider_transaction_id: PLANTED, metadata: { k: PLANTED } });
  await t('transactions').where({ id: data.waiting }).update({ reference: PLANTED });
  await t('transactions').where({ id: data.collection }).update({ failure_code: 'planted', failure_message: PLANTED });
  await t('attempts').update({ hint: PLANTED, evidence: { said: PLANTED } });
  await t('cases').update({ evidence: { [PLANTED]: PLANTED }, owner: PLANTED });
  await t('webhook_endpoints').update({ description: PLANTED });
  const tried = { delivery_id: data.delivery, number: 3, status_code: 500, duration_ms: 1, answer: PLANTED };
  await t('delivery_attempts').insert(tried);
  await t('bulks').update({ metadata: { [PLANTED]: PLANTED } });
  await t('bulk_rows')
    .whereNotNull('errors')
    .update({ errors: JSON.stringify([{ message: PLANTED }]) });
  await t('audit_log').insert({
    actor: PLANTED,
    action: 'test.plant',
    subject: PLANTED,
    reason: PLANTED,
    detail: { x: PLANTED },
  });
  await t('audit_log').insert({ actor: 'cli:root', action: 'test.plant', subject: data.settled, reason: PLANTED });
}, 120_000);
afterAll(async () => {
  await site.board.close();
  await world.close();
});

const page = async (path: string, as: Browser = browser) => {
  const answer = await as.get(`/admin/${path}`);
  const text = await answer.text();
  return { status: answer.status, text, headers: answer.headers };
};
const rowsOf = (text: string, panel: string): string[] =>
  [...text.matchAll(new RegExp(`href="/admin/${panel}/([^"/?]+)"`, 'g'))].map((match) =>
    decodeURIComponent(match[1] ?? ''),
  );

describe('every panel', () => {
  it('lists its rows and shows each of them, in pages a slow line can carry, with all text shown as text', async () => {
    let shown = 0;
    for (const { path } of PANELS) {
      const filter = path === 'cases' ? '?status=all' : '';
      const list = await page(path + filter);
      expect([path, list.status]).toEqual([path, 200]);
      const ids = [...new Set(rowsOf(list.text, path))];
      expect([path, ids.length > 0]).toEqual([path, true]);
      for (const id of ids) {
        const row = await page(`${path}/${encodeURIComponent(id)}`);
        expect([path, id, row.status]).toEqual([path, id, 200]);
        for (const { text } of [list, row]) {
          expect(text).not.toContain(PLANTED);
          expect(text).not.toMatch(/<script(?! src="\/admin\/console.js" defer>)|\son[a-z]+=["']|style="|javascript:/i);
          expect(Buffer.byteLength(text)).toBeLessThan(100_000);
          if (text.includes(SHOWN)) shown += 1;
        }
      }
    }
    expect(shown).toBeGreaterThan(25);
  }, 120_000);

  it('answers 404 for a row that is not there, and for what cannot be one', async () => {
    for (const { path } of PANELS)
      for (const id of ['nothing', '%00', 'po01', "'%20OR%201=1", 'x'.repeat(200), '99999999999999999'])
        expect([path, id, (await page(`${path}/${id}`)).status]).toEqual([path, id, 404]);
    expect((await page('no-such-panel')).status).toBe(404);
  }, 60_000);

  it('refuses a filter or a page that cannot be one with a sentence, and never breaks', async () => {
    const hostile = [
      "'",
      '%',
      '_',
      '\\',
      '$1',
      '\u0000',
      '٣',
      '1e9',
      '-1',
      '0000-00-00',
      '9999-99-99',
      'constructor',
      '__proto__',
      PLANTED,
    ];
    const cursors = [
      'x',
      'W10',
      Buffer.from('["a","b","c","d","e"]').toString('base64url'),
      Buffer.from('{"a":1}').toString('base64url'),
    ];
    for (const panel of PANELS) {
      for (const cursor of cursors) expect((await page(`${panel.path}?cursor=${cursor}`)).status).toBe(400);
      for (const filter of panel.filters)
        for (const value of hostile) {
          const name = filter.kind === 'days' ? `${filter.name}From` : filter.name;
          const { status, text } = await page(`${panel.path}?${new URLSearchParams({ [name]: value })}`);
          expect([panel.path, name, value, [200, 400].includes(status)]).toEqual([panel.path, name, value, true]);
          if (filter.kind !== 'text') expect([panel.path, name, value, status]).toEqual([panel.path, name, value, 400]);
          expect(text).not.toContain(PLANTED);
        }
    }
  }, 120_000);

  it('walks an index for its list and for each of its filters, and sorts nothing; planned for what was chosen', async () => {
    const asked: { sql: string; bindings: unknown[] }[] = [];
    const hear = (query: { sql: string; bindings: unknown[] }) => asked.push(query);
    const lists = () => asked.filter(({ sql }) => sql.includes('listPosition'));
    (world.db as Knex).on('query', hear);
    for (const panel of PANELS) {
      asked.length = 0;
      await page(panel.path);
      expect(lists()[0]?.sql).toContain(panel.table);
      expect(asked.map(({ sql }) => sql)).toContain(PLAN_WITH_VALUES);
      for (const { sql, bindings } of lists())
        expect(await explain(sql, bindings), panel.path).not.toMatch(/Seq Scan|Sort/);
    }
    for (const query of [
      `transactions?merchant=${world.merchantId}`,
      `transactions?wallet=${data.wallet}`,
      'transactions?status=in_review',
      'transactions?reference=INV-7',
      'transactions?createdFrom=2026-01-01&createdTo=2027-01-01',
      `cases?transaction=${data.inReview}`,
      `audit?subject=${data.settled}`,
      `webhook-events?transaction=${data.settled}`,
      `entries?transaction=${data.settled}`,
      `attempts?transaction=${data.settled}`,
      `deliveries?transaction=${data.settled}`,
      `deliveries?endpoint=${data.endpoint}`,
      `events?transaction=${data.settled}`,
      `events?merchant=${world.merchantId}`,
      `bulks?merchant=${world.merchantId}`,
      `bulk-rows?bulk=${data.bulk}`,
      `bulk-rows?payout=${data.ofBulk[0]}`,
      `proposals?status=all&subject=${data.wallet}`,
      `idempotency-keys?merchant=${world.merchantId}`,
    ]) {
      asked.length = 0;
      await page(query);
      expect(lists().length, query).toBeGreaterThan(0);
      for (const { sql, bindings } of lists()) expect(await explain(sql, bindings), query).not.toContain('Seq Scan');
    }
    (world.db as Knex).removeListener('query', hear);
  }, 60_000);

  const explain = async (sql: string, bindings: unknown[]): Promise<string> => {
    // What the driver was sent has numbered places; the values may be bound again as they are.
    const places = sql.replace(/\$\d+/g, '?');
    const { rows } = await world.db.transaction(async (trx) => {
      // A handful of rows it would rather collect and sort than walk; of a million it would not.
      await trx.raw('SET LOCAL enable_bitmapscan = off');
      return trx.raw<{ rows: Record<string, string>[] }>(`EXPLAIN ${places}`, bindings as never);
    });
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };
});

describe('what a role may not see', () => {
  it('is neither shown nor named: people, for all but administrators', async () => {
    expect((await page('administrators', viewer)).status).toBe(403);
    expect((await page(`administrators/${newId('administrator')}`, operator)).status).toBe(403);
    expect((await page('transactions', viewer)).text).not.toContain('Administrators');
    expect((await page('transactions')).text).toContain('Administrators');
  });

  it('are whole phones, names and accounts: lists and pages mask them', async () => {
    for (const path of [
      'transactions',
      `transactions/${data.waiting}`,
      'beneficiaries',
      `beneficiaries/${data.beneficiary}`,
    ]) {
      const { text } = await page(path);
      expect(text).toMatch(/\+25677•••\d{4}/);
      expect(text).not.toMatch(/\+256772000111|\+256772999888|Amina|Grace|Akello/);
    }
  });
});

describe('the search', () => {
  const leads = async (q: string) => (await browser.post('/admin/search', { q })).headers.get('location') ?? '';

  it.each(['+256772000111', '256772000111', ' +256 772 000 111 ', '0111'])(
    'finds %s by its keyed digest, and what was typed is in no address',
    async (q) => {
      const where = await leads(q);
      expect(where).not.toMatch(/0111|772/);
      expect(rowsOf((await page(where.slice('/admin/'.length))).text, 'transactions')).toContain(data.waiting);
    },
  );

  it('leads from an id to its page, and from a reference to what has it', async () => {
    for (const [id, panel] of [
      [data.settled, 'transactions'],
      [data.openCase, 'cases'],
      [data.wallet, 'wallets'],
      [world.merchantId, 'merchants'],
      [data.event, 'webhook-events'],
      [data.endpoint, 'endpoints'],
      [data.delivery, 'deliveries'],
      [data.bulk, 'bulks'],
      [data.proposal, 'proposals'],
    ] as const)
      expect(await leads(id)).toBe(`/admin/${panel}/${id}`);
    const found = await page((await leads('INV-7')).slice('/admin/'.length));
    expect([...new Set(rowsOf(found.text, 'transactions'))]).toEqual([data.settled]);
    expect((await page((await leads("' OR 1=1 --")).slice('/admin/'.length))).status).toBe(400);
  });
});

describe('a filter', () => {
  it.each([
    ['status=in_review', () => [data.inReview]],
    ['type=collection', () => [data.collection]],
    ['status=settled&type=payout&currency=UGX&method=momo&amount=1,000', () => [data.settled]],
    ['createdTo=2020-01-01', () => []],
  ] as const)('%s leaves what it says', async (query, expected) => {
    expect([...new Set(rowsOf((await page(`transactions?${query}`)).text, 'transactions'))]).toEqual(expected());
  });

  it('of cases shows the open ones unless others are asked for', async () => {
    expect(rowsOf((await page('cases')).text, 'cases')).toContain(data.openCase);
    expect(rowsOf((await page('cases?status=resolved')).text, 'cases')).not.toContain(data.openCase);
  });

  it('whose rows are rare looks through a bounded number of rows, says so, and goes on from there', async () => {
    await world.db.raw(`INSERT INTO merchants (id, name) VALUES ('me00000000000000000000000000', 'Needle Ltd')`);
    await world.db.raw(`INSERT INTO merchants (id, name)
      SELECT 'me' || lpad(n::text, 26, '0'), 'Haystack ' || n FROM generate_series(1, 10500) n`);
    const first = await page('merchants?name=needle');
    expect(first.text).toContain('Look further back');
    expect(first.text).not.toContain('Needle Ltd');
    const [, next = ''] = /rel="next" href="\/admin\/([^"]+)"/.exec(first.text) ?? [];
    const second = await page(next.replaceAll('&amp;', '&'));
    expect(second.text).toContain('Needle Ltd');
    expect(second.text).not.toContain('Look further back');
  }, 60_000);
});

describe('pages', () => {
  it('show each row exactly once, also those of one moment, forwards and backwards', async () => {
    await world.db.raw(
      `INSERT INTO audit_log (actor, action) SELECT 'cli:root', 'test.page' FROM generate_series(1, 120)`,
    );
    for (const order of ['', '&order=reversed']) {
      const seen: string[] = [];
      for (let next: string | null = `audit?action=test.page${order}`; next !== null; ) {
        const { text }: { text: string } = await page(next);
        seen.push(...rowsOf(text, 'audit'));
        const match: RegExpExecArray | null = /rel="next" href="\/admin\/([^"]+)"/.exec(text);
        next = match?.[1]?.replaceAll('&amp;', '&') ?? null;
      }
      expect(seen).toHaveLength(120);
      expect(new Set(seen).size).toBe(120);
      const sorted = seen.toSorted((a, b) => (order === '' ? Number(b) - Number(a) : Number(a) - Number(b)));
      expect(seen).toEqual(sorted);
    }
  });
});

describe('an export', () => {
  it('holds every row of the filter, masked, and no cell is a formula', async () => {
    await world.db('transactions').where({ id: data.settled }).update({ reference: '=HYPERLINK("x")' });
    const answer = await browser.post('/admin/transactions/export', { type: 'payout' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/csv');
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="transactions-\d{4}-\d\d-\d\d\.csv"$/,
    );
    const rows = parse(await answer.text(), { columns: true, bom: true }) as Record<string, string>[];
    expect(new Set(rows.map((row) => row['Transaction']))).toEqual(
      new Set([data.settled, data.inReview, data.waiting, data.awaiting, ...data.ofBulk]),
    );
    const settled = rows.find((row) => row['Transaction'] === data.settled);
    expect(settled).toMatchObject({ Amount: '1000', Currency: 'UGX', Reference: `'=HYPERLINK("x")` });
    for (const row of rows) {
      expect(row['Account']).toMatch(/^'\+2567.•••|^'\+2567\d•••/);
      for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+@\t\r]/);
    }
    const [deed] = await world.db('audit_log').where({ action: 'lists.export' }).orderBy('id', 'desc');
    expect(deed.detail).toMatchObject({ panel: 'transactions', filters: { type: 'payout' } });
  });

  it('of what was searched for leaves no trace of for whom', async () => {
    const where = (await browser.post('/admin/search', { q: '+256772000111' })).headers.get('location') ?? '';
    const account = new URL(where, 'http://x').searchParams.get('account') ?? '';
    await (await browser.post('/admin/transactions/export', { account })).text();
    const [deed] = await world.db('audit_log').where({ action: 'lists.export' }).orderBy('id', 'desc');
    expect(deed.detail.filters).toEqual({ account: 'searched for' });
  });

  it('is refused to whoever only looks, and is made by no link', async () => {
    expect((await viewer.post('/admin/transactions/export', {})).status).toBe(403);
    expect((await page('transactions', viewer)).text).not.toContain('Export as CSV');
    expect((await page('transactions/export')).status).toBe(404);
  });
});

describe('the money timeline', () => {
  it('finds every part of itself by an index, however much there is of everything', async () => {
    const sql = TIMELINE.text.replaceAll('$1', `'${data.inReview}'`).replaceAll('$2', `'{}'`);
    const { rows } = await world.db.raw<{ rows: Record<string, string>[] }>(`EXPLAIN ${sql}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).not.toContain('Seq Scan');
    // An index that is read whole has no condition below it.
    const whole = plan.match(/Index (?:Only )?Scan (?:using|on)[^\n]*\n(?!\s*(?:Index Cond|Recheck Cond))/g);
    expect(whole ?? []).toEqual([]);
  });

  it('tells a payout from its request to its settlement, in the order of time, with every entry and its postings', async () => {
    const { text } = await page(`transactions/${data.settled}`);
    const timeline = text.slice(text.indexOf('Money timeline'));
    const places = [
      'Asked for',
      'Booked: hold',
      'Attempt 1: may be sent',
      'Attempt 1: accepted',
      'Webhook received, claiming successful',
      'Booked: settle',
      'Earned: service fee',
    ].map((words) => timeline.indexOf(words));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(timeline).toContain('fee_income:UGX');
    expect(timeline).not.toContain('data-live');
    const cases = await page(`transactions/${data.inReview}`);
    expect(cases.text).toContain('Case opened: outcome unknown');
    expect(cases.text).toContain('data-live');
  });

  it('is followed without keeping anybody signed in', async () => {
    await world.db('admin_sessions').update({ last_seen_at: world.db.raw("now() - interval '20 minutes'") });
    await browser.get(`/admin/transactions/${data.inReview}`, { 'x-live': '1' });
    const idle = world.db.raw('extract(epoch FROM now() - last_seen_at)::int AS idle');
    const rows = await world.db('admin_sessions').select(idle);
    expect(Math.min(...rows.map((row) => row.idle))).toBeGreaterThan(1100);
  });
});
