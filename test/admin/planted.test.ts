// Text that anybody planted anywhere is text on every page of the console and of the board, and no formula in any export.
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PANELS } from '../../src/admin/panels/all.ts';
import { openBackend, openWorkerBackend } from '../../src/queue/backend.ts';
import { describeWithChromium, openPages, type Pages } from '../support/chromium.ts';
import { type Console, createConsole } from '../support/console.ts';
import { fillConsole } from '../support/console-data.ts';
import { everyPage, type Place, prepareTour, type Tour } from '../support/console-pages.ts';
import { type Planted, plantEverywhere } from '../support/planted.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const RUN = `document.title='ran'`;
/** Out of text, out of an attribute of either quote, out of a script, a comment and a title; and as an address. */
const hostile = (column: string) =>
  column.endsWith('url')
    ? [`javascript:${RUN}//[${column}]`]
    : [
        `[${column}]'"><img src=x onerror="${RUN}"><script>${RUN}</script><!--</title><svg onload="${RUN}">javascript:${RUN}\${${RUN}}`,
        `[${column}]"><img src=x onerror=${RUN}>`,
        `[${column}]<b onclick=x>`,
        '<b onclick=x>',
      ];
/** Whatever of it would have become more than text. */
const ALIVE =
  'img, iframe, object, embed, base, [onerror], [onload], [onclick], script:not([src]), [href^="javascript" i], [action^="javascript" i]';
/** The board's page has pictures and a base of its own. */
const ALIVE_ON_BOARD = '[onerror], [onload], [onclick], [src="x"], [href^="javascript" i]';
/** What a spreadsheet takes for a formula or a command; an apostrophe in front makes it text. */
const FORMULA = /^[\s"]*[=+\-@|%＝]|^[\t\r\n]/;
/** Of what no row of the filled console has. */
const NO_ROW = /^(activity_sums|cache_entries)\./;
/** What everybody sees first, and who writes it: none of these may be kept out by a constraint without being looked at again. */
const SHOWN = [
  ...[
    'merchants.name',
    'api_keys.name',
    'transactions.reference',
    'transactions.metadata',
    'bulks.reference',
    'idempotency_keys.key',
  ],
  ...[
    'webhook_endpoints.url',
    'webhook_endpoints.description',
    'delivery_attempts.answer',
    'beneficiaries.reference',
    'bulk_rows.errors',
  ],
  ...[
    'transactions.provider_transaction_id',
    'transactions.failure_message',
    'attempts.hint',
    'attempts.evidence',
    'cases.evidence',
  ],
  ...[
    'administrators.email',
    'audit_log.reason',
    'audit_log.detail',
    'cases.owner',
    'journal_entries.reason',
    'proposals.reason',
  ],
];

declare const document: {
  title: string;
  documentElement: { textContent: string };
  querySelectorAll(what: string): ArrayLike<{ outerHTML: string }>;
};

async function filled() {
  const world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  const data = await fillConsole(world);
  const site = createConsole(world);
  return { world, site, tour: await prepareTour(world, site, data) };
}

describeWithChromium('planted markup', () => {
  let world: World;
  let site: Console;
  let pages: Pages;
  let tour: Tour;
  let places: readonly Place[];
  let planted: Planted;

  beforeAll(async () => {
    ({ world, site, tour } = await filled());
    planted = await plantEverywhere(world, hostile);
    places = await everyPage(tour, 3);
    pages = await openPages(site);
  }, 120_000);
  afterAll(async () => {
    await pages.close();
    await site.board.close();
    await world.close();
  }, 60_000);

  it('is in every column of text, but where a constraint keeps it out', () => {
    expect(planted.columns.length).toBeGreaterThan(60);
    const open = [...planted.refused].filter(([column, by]) => !NO_ROW.test(column) && !/^[a-z_]+$/.test(by));
    expect(open).toEqual([]);
    expect(SHOWN.filter((column) => planted.refused.has(column))).toEqual([]);
  });

  it('is text on every page: nothing of it runs, nothing is loaded, no policy has to step in, and it can be read', async () => {
    const seen = new Set<string>();
    const complaints = await pages.each(tour.chief, places, async ({ path, status }, page, answer) => {
      // A proposal whose outline was tampered with is not confirmed: the page says what has changed.
      expect([path, answer.status()]).toEqual([path, path.endsWith('/do/confirm') ? 409 : status]);
      const found = await page.evaluate(
        (what) => {
          const alive = Array.from(document.querySelectorAll(what), ({ outerHTML }) => outerHTML);
          return { alive, title: document.title, text: document.documentElement.textContent };
        },
        path.startsWith('queues') ? ALIVE_ON_BOARD : ALIVE,
      );
      expect([path, found.alive, found.title]).toEqual([path, [], expect.not.stringMatching(/^ran$/)]);
      for (const [, column = ''] of found.text.matchAll(/\[([a-z_]+\.[a-z_]+)\](?='"><img|"><img|<b|$)/g))
        seen.add(column);
      for (const [, column = ''] of found.text.matchAll(/javascript:[^[]*\[([a-z_.]+)\]/g)) seen.add(column);
    });
    expect(SHOWN.filter((column) => !seen.has(column))).toEqual([]);
    const statuses = /status of (400|404|409)/;
    expect(complaints.filter((one) => !statuses.test(one))).toEqual([]);
  }, 120_000);

  it('is text where a person is revealed, and in what a form says back', async () => {
    const { page, complaints } = await pages.open(tour.chief);
    await page.goto(`${pages.base}/beneficiaries/${tour.data.beneficiary}/do/reveal`);
    await page.fill('#reason', '<b onclick=x>why</b>');
    await page.click('main form button');
    await page.waitForSelector('.notice');
    expect(await page.textContent('main')).toContain('<img src=x onerror=');
    expect(await page.locator(ALIVE).count()).toBe(0);
    await page.goto(`${pages.base}/audit`);
    expect(await page.textContent('main')).toContain('<b onclick=x>why</b>');
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('is text on the board: in the name of a job, its data, its log, and why it failed', async () => {
    const text = (where: string) => hostile(`job.${where}`)[0] ?? '';
    const backend = openBackend(world.config);
    const workers = await openWorkerBackend(world.config, () => {});
    const queue = await backend.queue('payouts');
    const job = await queue.add(text('name') as never, { id: text('data'), [text('key')]: text('value') } as never);
    await job.log(text('log'));
    await job.updateProgress({ at: text('progress') });
    const worker = await workers.worker('payouts', async () => {
      throw new Error(text('reason'));
    });
    await until(async () => (await queue.getFailedCount()) > 0, 'the job has failed');
    await worker.close();
    await Promise.all([workers.close(), backend.close()]);

    const { page, complaints } = await pages.open(tour.chief);
    const looked: string[] = [];
    const look = async () => {
      looked.push(...((await page.textContent('body'))?.match(/\[job\.[a-z]+\](?='"><img)/g) ?? []));
      expect(await page.locator(ALIVE_ON_BOARD).count()).toBe(0);
      expect(await page.title()).not.toBe('ran');
    };
    for (const path of ['queues', 'queues/queue/payouts?status=failed', `queues/queue/payouts/${job.id}`]) {
      await page.goto(`${pages.base}/${path}`);
      await page.waitForSelector(path === 'queues' ? 'text=payouts' : 'text=[job.name]');
      await look();
    }
    for (const [tab, where] of [
      ['Data', 'value'],
      ['Logs', 'log'],
      ['Error', 'reason'],
    ] as const) {
      await page.getByText(tab, { exact: true }).click();
      await page.waitForSelector(`text=[job.${where}]`);
      await look();
    }
    expect(new Set(looked)).toEqual(
      new Set(['name', 'data', 'key', 'value', 'log', 'reason'].map((one) => `[job.${one}]`)),
    );
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);
});

describe('an export', () => {
  it('of any panel holds no cell that a spreadsheet would take for a formula', async () => {
    const { world, site, tour } = await filled();
    const leads = ['=', '+', '-', '@', '\t', '\r', '＝'];
    let defused = 0;
    for (const lead of leads) {
      await plantEverywhere(world, (column) => [
        `${lead}HYPERLINK("x")[${column}]`,
        `${lead}cmd|' /C calc'!A0`,
        `${lead}1+1`,
      ]);
      for (const { path } of PANELS) {
        const form: Record<string, string> = path === 'cases' || path === 'proposals' ? { status: 'all' } : {};
        const answer = await tour.chief.post(`/admin/${path}/export`, form);
        expect([path, answer.status]).toEqual([path, 200]);
        const [head = [], ...rows] = parse(await answer.text(), { bom: true }) as string[][];
        expect([path, rows.length > 0 && rows.every((row) => row.length === head.length)]).toEqual([path, true]);
        for (const cell of rows.flat()) {
          if (!/^-?[0-9]+(\.[0-9]+)?$/.test(cell))
            expect([path, cell]).toEqual([path, expect.not.stringMatching(FORMULA)]);
          if (cell.startsWith(`'${lead}`)) defused += 1;
        }
      }
    }
    expect(defused).toBeGreaterThan(1500);
    await site.board.close();
    await world.close();
  }, 120_000);
});
