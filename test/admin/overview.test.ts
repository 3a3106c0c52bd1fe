// The overview: every figure is what the rows say, leads to exactly those rows, and is for those who may see them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ageOf, attentionOf } from '../../src/admin/overview/attention.ts';
import { chartHtml, evenly } from '../../src/admin/overview/chart.ts';
import { type Now, singleFlight } from '../../src/admin/overview/figures.ts';
import { readAsked } from '../../src/admin/overview/range.ts';
import { share } from '../../src/admin/overview/summary.ts';
import { newId } from '../../src/ids.ts';
import { receiveWebhook } from '../../src/webhooks/receive.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { openTill, payVariously } from '../support/payments.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let site: Console;
let data: Filled;
let viewer: Browser;
let administrator: Browser;

beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  await openTill(world);
  await payVariously(world);
  data = await fillConsole(world);
  await world.db('transactions').where({ id: data.waiting }).update({ tries: 5, rung_at: null });
  await world.db('webhook_endpoints').insert(['gone', 'no_success', 'merchant'].map(endpoint));
  for (let n = 0; n < 5; n += 1)
    await receiveWebhook(world, { rawBody: Buffer.from(`{"n":${n}}`), signature: 'forged', clientAddress: null });
  await until(
    async () => (await world.db('refused_webhooks').first('count'))?.count === 5n,
    'the forgeries are counted',
  );
  site = createConsole(world);
  viewer = await site.visitor('viewer');
  administrator = await site.visitor('administrator');
}, 120_000);
afterAll(async () => {
  await site.board.close();
  await world.close();
});

const endpoint = (reason: string) => ({
  id: newId('webhookEndpoint'),
  merchant_id: world.merchantId,
  url: 'https://shop.example/hook',
  status: 'disabled',
  disabled_reason: reason,
  disabled_at: new Date(),
  secret_sealed: Buffer.from('x'),
});

const open = async (path: string, as: Browser = viewer) => {
  const answer = await as.get(`/admin${path}`);
  return { status: answer.status, text: await answer.text() };
};
const plain = (markup: string) =>
  markup
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
const section = (text: string, title: string) =>
  new RegExp(`<h2>${title}.*?</(?:section|figure)>`, 's').exec(text)?.[0] ?? '';
const rowsOf = (markup: string) =>
  [...markup.matchAll(/<tr>(.*?)<\/tr>/gs)].map((row) =>
    [...(row[1] ?? '').matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map((cell) => plain(cell[1] ?? '')),
  );
const linksIn = (markup: string) =>
  [...markup.matchAll(/<a href="([^"]+)"[^>]*>(.*?)<\/a>/gs)].map(([, href = '', inner = '']) => ({
    href: href.replaceAll('&amp;', '&'),
    text: plain(inner),
  }));

/** How many rows a list has, over all its pages. */
async function rowsBehind(href: string, as: Browser = viewer): Promise<number> {
  let count = 0;
  for (let next: string | null = href; next !== null; ) {
    const answer: Response = await as.get(next);
    expect([next, answer.status]).toEqual([next, 200]);
    const text = await answer.text();
    count += (/<tbody>(.*)<\/tbody>/s.exec(text)?.[1]?.match(/<tr>/g) ?? []).length;
    next = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? null;
  }
  return count;
}

describe('the figures', () => {
  it('of payments are the rows, by type and by what became of them', async () => {
    const { text } = await open('?range=7d');
    const [head = [], ...rows] = rowsOf(section(text, 'Payments by what became of them'));
    expect(head).toEqual([
      'Type',
      'All',
      'Settled',
      'Failed',
      'Came back',
      'Cancelled',
      'Under way',
      'In review',
      'To approve',
      'Success',
    ]);
    const states = [
      'settled',
      'failed',
      'reversed',
      'cancelled',
      ['accepted', 'submitting', 'submitted'],
      'in_review',
      'awaiting_approval',
    ];
    for (const [at, type] of (['payout', 'collection'] as const).entries()) {
      const counts = await Promise.all(
        states.map(
          async (state) => (await world.db('transactions').where({ type }).whereIn('state', [state].flat())).length,
        ),
      );
      const [settled = 0, failed = 0, reversed = 0] = counts;
      const all = counts.reduce((sum, count) => sum + count, 0);
      const success = `${Math.floor((settled * 1000) / (settled + failed + reversed)) / 10}`;
      const [, ...shown] = rows[at] ?? [];
      expect(shown.slice(0, -1)).toEqual([all, ...counts].map(String));
      expect(Number(shown.at(-1)?.replace(' %', ''))).toBe(Number(success));
    }
  });

  it('of money are sums of the rows, each currency by itself', async () => {
    const { text } = await open('?range=24h');
    const [, ...rows] = rowsOf(section(text, 'Money by currency'));
    expect(rows.map(([currency]) => currency)).toEqual(['UGX', 'KES']);
    for (const [currency = '', ...amounts] of rows) {
      const { rows: sums } = await world.db.raw(
        `SELECT (SELECT sum(amount_minor) FROM transactions WHERE type = 'collection' AND state = 'settled' AND currency = :currency) AS collected,
          (SELECT sum(amount_minor) FROM transactions WHERE type = 'payout' AND state = 'settled' AND currency = :currency) AS paid,
          (SELECT sum(amount_minor) FROM earnings WHERE kind = 'service_fee' AND currency = :currency) AS kept,
          (SELECT sum(amount_minor) FROM earnings WHERE kind = 'commission' AND currency = :currency) AS owed`,
        { currency },
      );
      const right = Object.values(sums[0] as Record<string, bigint | string | null>).map((sum) => BigInt(sum ?? 0));
      expect(amounts.map((amount) => Math.round(Number(amount.replaceAll(',', '')) * 100))).toEqual(right.map(Number));
    }
    const [, only, ...others] = rowsOf(section((await open('?range=24h&currency=KES')).text, 'Money by currency'));
    expect([only?.[0], others]).toEqual(['KES', []]);
  });

  it('of what surrounds them are the rows too: webhooks, attempts, failures, refusals at the door', async () => {
    const { text } = await open('?range=24h');
    const webhooks = Object.fromEntries(
      rowsOf(section(text, 'Webhooks from the provider')).map(([name, count]) => [name, count]),
    );
    expect(webhooks).toMatchObject({ Received: '1', 'Followed up': '1', Unreadable: '0', 'Refused at the door': '5' });
    const attempts = await world.db('attempts').whereLike('transaction_id', 'po%');
    const [, payouts = []] = rowsOf(section(text, 'The provider'));
    const open_ = attempts.filter((one) => one.verdict === null).length;
    expect(payouts.slice(0, 6)).toEqual(['Sending payouts', String(attempts.length), '0', '0', '0', String(open_)]);
    expect(payouts.slice(6).every((ms) => /^[\d,]+ ms$/.test(ms))).toBe(true);
    expect(plain(section(text, 'The provider'))).toContain('timeout payouts: 1');
    const failed = await world.db('transactions').where({ state: 'failed' });
    expect(rowsOf(section(text, 'Why payments failed')).slice(1)).toEqual([['provider_failed', String(failed.length)]]);
    expect(rowsOf(section(text, 'Events to merchants'))).toContainEqual(['Endpoints switched off by us', '3']);
  });

  it('lead to lists of exactly as many rows, whoever looks', async () => {
    let followed = 0;
    for (const query of ['?range=24h', '?range=30d&currency=UGX', `?from=${new Date().toISOString().slice(0, 10)}`])
      for (const as of [viewer, administrator]) {
        const { text } = await open(query, as);
        const main = text.slice(text.indexOf('<main'));
        const money = section(main, 'Money by currency');
        for (const { href, text: said } of linksIn(main.replace(money, ''))) {
          const count = /^([\d,]+)( |$)/.exec(said)?.[1] ?? null;
          // Numbers, and sentences that begin with one; the times in the tables of charts are no counts.
          if (count === null || !/\/admin\/[a-z-]+\?/.test(href) || /^\d+ [A-Z][a-z]{2}\b/.test(said)) continue;
          expect([query, href, said, await rowsBehind(href, as)]).toEqual([query, href, said, Number(count)]);
          followed += 1;
        }
        for (const { href } of linksIn(money)) expect([href, (await rowsBehind(href, as)) > 0]).toEqual([href, true]);
        // Each bar of the chart of payments says how many there are in its list.
        for (const [, href = '', said = ''] of main.matchAll(
          /<a href="([^"]+)" tabindex="-1"><rect[^>]*><title>([^<]*(?:settled|failed)[^<]*)</g,
        )) {
          const sum = [...(said.split(': ')[1]?.matchAll(/\d+/g) ?? [])].reduce(
            (total, [count]) => total + Number(count),
            0,
          );
          if (/transactions\?created/.test(href) || /currency=UGX&amp;created/.test(href))
            expect([said, await rowsBehind(href.replaceAll('&amp;', '&'), as)]).toEqual([said, sum]);
        }
      }
    expect(followed).toBeGreaterThan(80);
  }, 120_000);

  it('are read once for all who ask at the same moment, and anew a little later', async () => {
    let asked = 0;
    const once = singleFlight<number>(0);
    const answers = await Promise.all(Array.from({ length: 20 }, () => once('a', async () => ++asked)));
    expect([asked, new Set(answers)]).toEqual([1, new Set([1])]);
    expect(await once('a', async () => ++asked)).toBe(2);
    await expect(once('b', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await once('b', async () => 7)).toBe(7);
  });
});

describe('what needs a person', () => {
  it('stands first, with its number and its list', async () => {
    const { text } = await open('');
    const first = text.slice(text.indexOf('<section id="live"'), text.indexOf('<dl class="tiles"'));
    expect(first).toContain('status=open&amp;kind=outcome_unknown');
    expect(plain(first)).toContain('1 case “outcome unknown”: nobody knows whether it was executed.');
    expect(plain(first)).toContain('3 payouts wait for approval.');
    expect(plain(first)).toContain('1 proposal waits for a second person.');
    expect(plain(first)).toContain('1 payment in UGX tried 3 times or more in vain');
    expect(plain(first)).toContain('3 endpoints are switched off');
  });

  it('is told to whoever may see it, and to nobody else', async () => {
    expect(plain((await open('')).text)).not.toContain('with a password alone');
    const { text } = await open('', administrator);
    expect(plain(text)).toContain('3 people enter the console with a password alone.');
    expect(await rowsBehind('/admin/administrators?factor=none', administrator)).toBe(3);
  });

  const quiet: Now = {
    at: new Date('2027-01-31T12:00:00Z'),
    cases: [],
    awaiting: null,
    proposed: null,
    inVain: [],
    queues: [],
    lastMoveAt: null,
    endpoints: { enabled: 3, failing: 0, failingSince: null, dead: 0, deadSince: null },
    recoverySince: null,
    providerProblem: null,
    peopleWithoutSecondFactor: 0,
  };
  const ago = (minutes: number) => new Date(quiet.at.getTime() - minutes * 60_000);

  it('is an alarm when work is due and nothing moves, and a remark when there is only much to do', () => {
    expect(attentionOf(quiet)).toEqual([]);
    const due = (minutes: number) => [{ queue: 'payouts', due: 9, isMore: false, oldestDueAt: ago(minutes) } as const];
    const tone = (now: Partial<Now>) => attentionOf({ ...quiet, ...now })[0]?.tone;
    expect(tone({ queues: due(1), lastMoveAt: ago(60) })).toBeUndefined();
    expect(tone({ queues: due(3), lastMoveAt: ago(60) })).toBe('bad');
    expect(tone({ queues: due(3), lastMoveAt: ago(0) })).toBeUndefined();
    expect(tone({ queues: due(11), lastMoveAt: ago(0) })).toBe('warn');
    expect(tone({ recoverySince: ago(5) })).toBe('bad');
    expect(tone({ providerProblem: 'no secret' })).toBe('bad');
    const cases = [
      { kind: 'stuck', count: 1, since: ago(10) },
      { kind: 'returned', count: 2, since: ago(1500) },
    ] as const;
    expect(attentionOf({ ...quiet, cases }).map(({ tone: one, count }) => [one, count])).toEqual([
      ['bad', 2],
      ['warn', 1],
    ]);
    expect([0, 5, 119, 120, 2879, 2880].map((minutes) => ageOf(ago(minutes), quiet.at))).toEqual([
      '< 1 min',
      '5 min',
      '119 min',
      '2 h',
      '47 h',
      '2 days',
    ]);
  });
});

describe('a range', () => {
  it.each([
    ['range=2h', 'Range: choose one of'],
    ['range=constructor', 'Range: choose one of'],
    ['currency=ugx', 'Currency: choose one of'],
    ['currency=XXX', 'Currency: choose one of'],
    ['from=yesterday', 'From: give a day'],
    ['from=2026-02-30', 'From: give a day'],
    ['to=2026-01-01', 'From: give the first day'],
    ['from=2026-03-01&to=2026-02-01', 'To: the last day is before the first'],
    ['from=2024-01-01&to=2026-01-01', 'To: at most 400 days'],
    ['from=9999-01-01', 'From: that day is still to come'],
    ['from=2026-03-01&range=24h', 'not both'],
    ['from=%00', 'From: give a day'],
  ])('that cannot be one is refused with a sentence: %s', async (query, sentence) => {
    const { status, text } = await open(`?${query}`);
    expect([status, plain(text).includes(sentence)]).toEqual([400, true]);
  });

  it('ends now in whole steps, or is made of whole days, in UTC', () => {
    const now = new Date('2027-01-31T12:34:56Z');
    const of = (query: Record<string, string>) => {
      const { from, to, stepMinutes } = readAsked((name) => query[name], now).range;
      return [from.toISOString(), to.toISOString(), stepMinutes];
    };
    expect(of({})).toEqual(['2027-01-30T13:00:00.000Z', '2027-01-31T13:00:00.000Z', 30]);
    expect(of({ range: '1h' })).toEqual(['2027-01-31T11:35:00.000Z', '2027-01-31T12:35:00.000Z', 5]);
    expect(of({ range: '90d' })).toEqual(['2026-11-03T00:00:00.000Z', '2027-02-01T00:00:00.000Z', 1440]);
    expect(of({ from: '2027-01-01', to: '2027-01-03' })).toEqual([
      '2027-01-01T00:00:00.000Z',
      '2027-01-04T00:00:00.000Z',
      120,
    ]);
    expect(of({ from: '2026-01-01' })).toEqual(['2026-01-01T00:00:00.000Z', '2027-02-01T00:00:00.000Z', 10080]);
  });
});

describe('a share', () => {
  it.each([
    [1, 1, '100 %'],
    [999, 1000, '99.9 %'],
    [9999, 10_000, '99.9 %'],
    [1, 10_000, '< 0.1 %'],
    [0, 5, '0.0 %'],
    [0, 0, null],
  ] as const)('of %i in %i is never rounded up to all, nor down to nothing', (part, whole, said) =>
    expect(share(part, whole)).toBe(said),
  );
});

describe('a chart', () => {
  const draw = (values: readonly (readonly number[])[], kind: 'bars' | 'lines' = 'bars') =>
    String(
      chartHtml({
        id: 'c',
        title: '<b>',
        description: 'd',
        kind,
        series: values.map((one, n) => ({ name: `s${n}`, tone: 'in', values: one })),
        times: ['a', 'b'],
        steps: (values[0] ?? []).map(() => ({ text: '"', href: null })),
      }),
    );

  it('is drawn of any numbers: none, one, huge ones, and below zero', () => {
    for (const kind of ['bars', 'lines'] as const)
      for (const values of [
        [[0, 0]],
        [[1]],
        [[1e14, 5]],
        [
          [3, -4],
          [-2, 6],
        ],
        [[0.01, 0]],
      ])
        expect(draw(values, kind)).not.toMatch(/NaN|Infinity|undefined|<b>|title>"/);
  });

  it('shows a single failure among thousands', () => {
    const [, , failed = ''] = draw([[5000], [1]]).split('class="bar');
    const [, bottom = '', top = ''] = /M\d+ (\d+)V(\d+)/.exec(failed) ?? [];
    expect(Number(bottom) - Number(top)).toBeGreaterThanOrEqual(3);
  });

  it('has as many times below it as stand evenly, or the first and the last', () => {
    expect(evenly(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'])).toEqual([
      'a',
      'c',
      'e',
      'g',
      'i',
      'k',
    ]);
    expect(evenly(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'])).toEqual(['a', 'k']);
    expect(evenly(['a'])).toEqual(['a', 'a']);
  });
});

describe('the page', () => {
  it('has a text for every drawing, no script, style or handler of its own, and a way from it to every section', async () => {
    const { text } = await open('', administrator);
    expect(text).not.toMatch(
      /<script(?! src="\/admin\/console.js" defer>)|\son[a-z]+=["']|style="|javascript:|<style/i,
    );
    expect(text.match(/<svg[^>]*><g role="img" aria-labelledby="[a-z]+-t [a-z]+-d"/g)).toHaveLength(3);
    for (const id of ['payments', 'money', 'earnings'])
      expect(text).toMatch(new RegExp(`<title id="${id}-t">[^<]+</title><desc id="${id}-d">[^<]+</desc>`));
    expect(text.match(/<summary>As a table<\/summary><div class="scroll"><table>/g)).toHaveLength(3);
    expect(text).toContain('<a href="/admin" aria-current="page">Overview</a>');
    expect(text).toContain('href="/admin/queues"');
  });

  it('says on a fresh system that all is well, and how to begin', async () => {
    const fresh = await createWorld();
    const empty = createConsole(fresh);
    const answer = await (await empty.visitor('viewer')).get('/admin');
    const text = plain(await answer.text());
    expect(answer.status).toBe(200);
    expect(text).toContain('Nothing needs a person now.');
    expect(text).toContain('No payment began in this time');
    expect(text).toContain('cli merchants create');
    expect(text).not.toMatch(/NaN|undefined|null/);
    await empty.board.close();
    await fresh.close();
  });

  it('stays below 100 KB with every bar of every chart drawn, in thirteen currencies', async () => {
    await world.db.raw(`
      INSERT INTO activity_sums (grain_minutes, starts_at, figure, currency, count, amount_minor)
      SELECT 1440, day, figure, currency, 12345, 98765432100
      FROM generate_series(date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '92 days', now() - interval '1 day', interval '1 day') AS day,
        unnest(ARRAY['payout.settled', 'payout.failed', 'payout.reversed', 'payout.cancelled', 'payout.in_review', 'payout.under_way',
          'collection.settled', 'collection.failed', 'collection.under_way', 'earned.service_fee', 'earned.commission']) AS figure,
        unnest(ARRAY['UGX', 'RWF', 'XAF', 'XOF', 'KES', 'GHS', 'TZS', 'ZMW', 'NGN', 'ZAR', 'EUR', 'GBP', 'USD']) AS currency
      ON CONFLICT DO NOTHING`);
    for (const query of ['range=90d', 'range=90d&currency=RWF']) {
      const { status, text } = await open(`?${query}`);
      expect(status).toBe(200);
      expect(text.match(/<rect x=/g)).toHaveLength(270);
      expect(Buffer.byteLength(text)).toBeLessThan(100_000);
    }
  });
});
