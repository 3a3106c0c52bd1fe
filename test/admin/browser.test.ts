// The console in a real browser: the ways that operators go, from what they know to what happened and what may be done about it.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Role } from '../../src/admin/administrator.ts';
import { describeWithChromium, openPages, type Pages } from '../support/chromium.ts';
import { type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { bells } from '../support/payments.ts';
import { createWorld, type World } from '../support/world.ts';

const PHONE = { viewport: { width: 390, height: 800 } };

describeWithChromium('in a real browser', () => {
  let world: World;
  let site: Console;
  let data: Filled;
  let pages: Pages;
  let base: string;

  beforeAll(async () => {
    world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
    data = await fillConsole(world);
    site = createConsole(world);
    pages = await openPages(site);
    base = pages.base;
  }, 120_000);
  afterAll(async () => {
    await pages.close();
    await site.board.close();
    await world.close();
  }, 60_000);

  const open = async (role: Role, of: Parameters<Pages['open']>[1] = PHONE) => pages.open(await site.visitor(role), of);

  it('whoever is on call comes from the front page to the payout that failed, to the queues, and back', async () => {
    const { ring, pay } = bells(world);
    world.provider.onSubmit = (execute) => ({ kind: 'accepted', transaction: execute() });
    const failed = await pay();
    await ring(failed);
    world.provider.rule(failed, { status: 'failed', reason: 'no such phone' });
    await ring(failed, true);
    const { page, complaints } = await open('viewer');
    await page.goto(base);
    expect(await page.textContent('.attention')).toContain('outcome unknown');
    await page.click('.tile.bad dd a');
    await page.click(`main tbody a[href$="/transactions/${failed}"]`);
    // What happened, why, where the money is, and what may be done, before anything else on the page.
    const told = (await page.textContent('.meaning'))?.replaceAll(/\s+/g, ' ');
    expect(told).toContain('no such phone');
    expect(told).toContain('What was set aside is back in the wallet');
    await page.goto(`${base}?range=30d`);
    await page.click('.chart summary');
    expect(await page.isVisible('.chart table')).toBe(true);
    // Nothing is wider than a phone but what scrolls by itself.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.click('nav summary');
    await page.click('nav a[href$="/queues"]');
    await page.waitForSelector('text=payouts');
    await page.click('text=Back to the console');
    await page.waitForSelector('h1 >> text=Overview');
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('an operator comes from the last four digits to what happened, freezes the wallet, and finds it written down', async () => {
    const { page, complaints } = await open('operator');
    await page.goto(base);
    await page.keyboard.press('/');
    await page.keyboard.type('0111');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/transactions?ending=*');
    await page.click(`main a[href$="/transactions/${data.waiting}"]`);
    expect(await page.textContent('.timeline')).toContain('Booked: hold');
    await page.click(`main dl a[href*="/wallets/"]`);
    await page.click('text=Freeze');
    expect(await page.textContent('main')).toContain('No new payout is taken from this wallet');
    await page.fill('#reason', 'somebody else has the phone');
    await page.click('main form button');
    await page.waitForSelector('text=The wallet is frozen.');
    expect(await page.textContent('main')).toContain('somebody else has the phone');
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('a payment that moves is followed without a hand on the keyboard', async () => {
    const { page, complaints } = await open('viewer');
    await page.goto(`${base}/transactions/${data.waiting}`);
    expect(await page.textContent('h1')).toContain('accepted');
    await world.db('transactions').where({ id: data.waiting }).update({ state: 'cancelled', due_at: null });
    await page.waitForSelector('h1 >> text=cancelled', { timeout: 20_000 });
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('two people decide a case: one proposes it, the other is told, sees the same entries, and confirms it', async () => {
    await world.db('dual_control_limits').where({ currency: 'UGX' }).update({ above_minor: 0n });
    const state = async () => (await world.db('transactions').where({ id: data.inReview }).first()).state;
    const { page: maker, complaints } = await open('operator');
    await maker.goto(base);
    await maker.click('.attention a[href*="/cases"]');
    await maker.click(`main tbody a[href$="/cases/${data.openCase}"]`);
    await maker.click('.actions a');
    await maker.selectOption('#field-as', 'failed');
    await maker.click('main form button');
    expect(await maker.textContent('main')).toContain('This takes two people');
    const entries = await maker.textContent('main table');
    await maker.fill('#reason', 'their bank says that it was not paid');
    await maker.click('main form button');
    await maker.waitForSelector('text=somebody else has to confirm it');
    expect([await state(), await maker.locator('a[href$="/do/confirm"]').count()]).toEqual(['in_review', 0]);

    const { page: checker, complaints: theirs } = await open('approver', {});
    await checker.goto(base);
    await checker.click('nav a[href$="/proposals"]:has(.badge)');
    await checker.click('main tbody a:has-text("resolve")');
    expect(await checker.textContent('main')).toContain('their bank says that it was not paid');
    await checker.click('text=Confirm');
    expect(await checker.textContent('main table')).toBe(entries);
    await checker.fill('#reason', 'seen the letter');
    await checker.click('main form button');
    await checker.waitForSelector('h1 >> text=executed');
    expect(await state()).toBe('failed');
    await checker.goto(`${base}/transactions/${data.inReview}`);
    for (const words of ['Proposed: resolve', 'Proposal executed', 'Case resolved: outcome unknown'])
      expect(await checker.textContent('.timeline')).toContain(words);
    expect([...complaints, ...theirs]).toEqual([]);
    await Promise.all([maker.context().close(), checker.context().close()]);
  }, 60_000);

  it('what a list is filtered for is saved as a file of exactly those rows', async () => {
    const { page, complaints } = await open('operator', {});
    await page.goto(`${base}/transactions`);
    await page.selectOption('select[name=type]', 'collection');
    await page.click('.filters button');
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=Export as CSV')]);
    expect(file.suggestedFilename()).toMatch(/^transactions-\d{4}-\d\d-\d\d\.csv$/);
    const lines = readFileSync(await file.path(), 'utf8')
      .trim()
      .split('\r\n');
    expect([lines.length, lines[1]]).toEqual([2, expect.stringContaining(data.collection)]);
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('hands that never leave the keyboard find an event and replay it, and see at every step where they are', async () => {
    const { page, complaints } = await open('operator', {});
    await page.goto(base);
    await page.keyboard.press('/');
    await page.keyboard.type(data.event);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/webhook-events/${data.event}`);
    await tabTo(page, 'Follow up again');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/do/replay');
    // The reason is asked for at once.
    await page.keyboard.type('it was lost');
    await tabTo(page, 'Follow up again');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.notice');
    expect(await world.db('webhook_events').where({ id: data.event }).first()).toMatchObject({ generation: 2 });
    expect(world.rung.at(-1)).toMatchObject({ queue: 'webhooks', id: data.event });
    // From a list's row to its page, without tabbing through what stands above it.
    await page.goto(`${base}/transactions`);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/transactions/*');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toMatchObject({ text: 'To the content', isSeen: true });
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('works without any script at all, to look and to act', async () => {
    const { page } = await open('operator', { javaScriptEnabled: false });
    await page.goto(`${base}/transactions`);
    await page.click('.filters summary');
    await page.selectOption('select[name=status]', 'awaiting_approval');
    await page.click('.filters button');
    await page.click(`main a[href$="/transactions/${data.awaiting}"]`);
    expect(await page.textContent('.timeline')).toContain('Booked: hold');
    await page.click('.actions a:has-text("Cancel")');
    await page.fill('#reason', 'asked for by the merchant');
    await page.click('main form button');
    expect(await page.textContent('h1')).toContain('cancelled');
    expect(await world.db('transactions').where({ id: data.awaiting }).first()).toMatchObject({ state: 'cancelled' });
    await page.context().close();
  }, 60_000);
});

interface Focused {
  readonly text: string;
  /** Whether somebody who looks at the page can tell. */
  readonly isSeen: boolean;
}
const focused = (page: Page): Promise<Focused> =>
  page.evaluate(`(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    const { left, top } = document.activeElement.getBoundingClientRect();
    const isSeen = outlineStyle !== 'none' && outlineWidth !== '0px' && left >= 0 && top >= 0;
    return { text: document.activeElement.textContent.trim(), isSeen };
  })()`);

/** Presses Tab until what is called that has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at.text === '') continue;
    expect(at).toMatchObject({ isSeen: true });
    if (at.text === name) return;
  }
  throw new Error(`no Tab leads to ${name}`);
}
