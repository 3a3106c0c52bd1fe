// Every page of the console in a real browser: accessible in both colour schemes, small, guarded by its headers, and asking no third party.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PANELS } from '../../src/admin/panels/all.ts';
import { relayOnce } from '../../src/notifications/relay.ts';
import { describeWithChromium, openPages, type Pages } from '../support/chromium.ts';
import { type Console, createConsole, PASSWORD } from '../support/console.ts';
import { fillConsole } from '../support/console-data.ts';
import { everyPage, type Place, prepareTour, type Tour } from '../support/console-pages.ts';
import { bells, openTill } from '../support/payments.ts';
import { createWorld, type World } from '../support/world.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const MOST_BYTES = 100_000;
const GUARDS = {
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
};

// What the page itself knows.
declare const document: { documentElement: { dataset: Record<string, string> } };
declare const axe: { run(of: unknown, options: unknown): Promise<AxeResults> };

/** The same on every page: judged with the first ones, and with every page of those who are not signed in. */
const FRAME = ['body > header', 'body > nav'];

/** What is wrong on the page that is open, one line each; in the dark only what colours can make wrong. */
const judge = async (page: Page, exclude: readonly string[] = []): Promise<string[]> => {
  await page.evaluate(AXE);
  return page.evaluate(
    async ({ tags, without }) => {
      const wrong: string[] = [];
      for (const theme of ['light', 'dark']) {
        document.documentElement.dataset['theme'] = theme;
        const runOnly =
          theme === 'light' ? { type: 'tag', values: tags } : { type: 'rule', values: ['color-contrast'] };
        const { violations } = await axe.run(
          { include: document, exclude: without },
          { runOnly, resultTypes: ['violations'], preload: false },
        );
        for (const { id, nodes } of violations)
          wrong.push(...nodes.map(({ target }) => `${theme}: ${id}: ${target.join(' ')}`));
      }
      return wrong;
    },
    { tags: TAGS, without: exclude },
  );
};

describeWithChromium('every page', () => {
  let world: World;
  let site: Console;
  let pages: Pages;
  let tour: Tour;
  let places: readonly Place[];

  beforeAll(async () => {
    world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
    const data = await fillConsole(world);
    site = createConsole(world);
    tour = await prepareTour(world, site, data);
    places = await everyPage(tour);
    pages = await openPages(site);
  }, 120_000);
  afterAll(async () => {
    await pages.close();
    await site.board.close();
    await world.close();
  }, 60_000);

  it('can be read by everybody, in light and in dark, and carries what keeps others out', async () => {
    expect(places.length).toBeGreaterThan(100);
    const wrong: string[] = [];
    const complaints = await pages.each(tour.chief, places, async ({ path, status }, page, answer) => {
      const headers = answer.headers();
      expect([path, answer.status()]).toEqual([path, status]);
      expect([path, headers]).toMatchObject([path, GUARDS]);
      // The board's page is not ours to mend.
      if (path.startsWith('queues')) return void (await page.waitForSelector('text=Back to the console'));
      expect([path, (await answer.body()).length < MOST_BYTES]).toEqual([path, true]);
      wrong.push(...(await judge(page, path === '' || status !== 200 ? [] : FRAME)).map((one) => `${path} ${one}`));
    });
    expect(wrong).toEqual([]);
    // A page that is not there says so by its status, which the browser writes down; nothing else was amiss, and nobody else was asked.
    expect(complaints.filter((one) => !/the server responded with a status of (400|404)/.test(one))).toEqual([]);
  }, 180_000);

  it('of nobody can be too: signing in, what went wrong there, and the code', async () => {
    const { page, complaints } = await pages.open(null);
    const email = 'ada@example.com';
    await site.person(email, 'administrator');
    const signIn = async (password: string) => {
      await page.goto(`${pages.base}/login`);
      await page.fill('#email', email);
      await page.fill('#password', password);
      await page.click('button');
    };
    await page.goto(pages.base);
    expect(page.url()).toContain('/admin/login?next=');
    expect(await judge(page)).toEqual([]);
    await signIn('not the password, alas');
    expect(await page.getAttribute('.problem', 'role')).toBe('alert');
    expect(await judge(page)).toEqual([]);
    await signIn(PASSWORD);
    await page.click('.who a');
    await page.click('text=Set it up');
    expect(await judge(page)).toEqual([]);
    const secret = (await page.textContent('code'))?.replaceAll(' ', '') ?? '';
    await page.fill('#code', '000000');
    await page.click('text=Take it into use');
    await page.waitForSelector('.problem');
    expect(await judge(page)).toEqual([]);
    await page.fill('#code', new TOTP({ secret }).generate());
    await page.click('text=Take it into use');
    await page.waitForSelector('.codes');
    expect(await judge(page)).toEqual([]);
    await page.click('text=Sign out');
    await signIn(PASSWORD);
    await page.waitForSelector('#code');
    expect(await judge(page)).toEqual([]);
    expect(complaints.filter((one) => !/status of 40[01]/.test(one))).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('that a form leads to can be too: what it lacks, and what is shown this once', async () => {
    const { page, complaints } = await pages.open(tour.chief);
    await page.goto(`${pages.base}/approval-limits/${world.merchantId}.UGX/do/change?above=1.5&shown=1`);
    expect(await page.getAttribute('.problem', 'role')).toBe('alert');
    expect(await judge(page)).toEqual([]);
    await page.goto(`${pages.base}/keys/${tour.data.key}/do/rotate?overlap=1&shown=1`);
    await page.fill('#reason', 'yearly');
    await page.click('main form button');
    await page.waitForSelector('.notice');
    expect(await judge(page)).toEqual([]);
    expect(complaints.filter((one) => !/status of 400/.test(one))).toEqual([]);
    await page.context().close();
  }, 60_000);
});

it('of a full list, of payments with all that belongs to them, is small as well', async () => {
  const world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  await openTill(world);
  const { ring, pay } = bells(world);
  const reference = 'a reference of no small length, of 48 characters';
  for (let n = 0; n < 60; n += 1) {
    const id = await pay({ reference: `${reference} ${n}`, metadata: { order: 'x'.repeat(200) } });
    await ring(id);
    world.provider.rule(id, { status: 'failed', reason: 'The phone is not known to any network of that country' });
    await ring(id, true);
  }
  await relayOnce(world);
  const site = createConsole(world);
  const administrator = await site.visitor('administrator');
  await world.db.raw(
    `INSERT INTO audit_log (actor, action, subject, reason, detail) SELECT ?, 'test.many', ?, repeat('why ', 60), jsonb_build_object('n', n)
     FROM generate_series(1, 60) n`,
    [`admin:${administrator.id}`, world.merchantId],
  );
  const full: string[] = [];
  for (const { path } of PANELS) {
    const text = await (await administrator.get(`/admin/${path}`)).text();
    expect([path, Buffer.byteLength(text) < MOST_BYTES]).toEqual([path, true]);
    if (text.includes('rel="next"')) full.push(path);
  }
  const lists = ['transactions', 'attempts', 'entries', 'events', 'idempotency-keys', 'audit'];
  expect(full).toEqual(expect.arrayContaining(lists));
  await site.board.close();
  await world.close();
}, 60_000);
