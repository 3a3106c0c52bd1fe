// The console in a real browser: an operator's way from four digits to the cause, and that planted markup never runs.
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PANELS } from '../../src/admin/panels/all.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import { type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { bells } from '../support/payments.ts';
import { createWorld, type World } from '../support/world.ts';

const CHROMIUM = '/usr/bin/chromium';
const isThere = existsSync(CHROMIUM);
// Where there is none the journeys are skipped, and said to be: `apt-get install chromium` brings one.
if (!isThere) process.stderr.write(`${CHROMIUM} is missing: the console's journeys in a real browser are skipped.\n`);

const PLANTED = `"><img src=x onerror="document.title='run'"><svg onload="document.title='run'"><script>document.title='run'</script>`;
let world: World;
let site: Console;
let data: Filled;
let listening: Listening;
let browser: Browser;
let base: string;

beforeAll(async () => {
  if (!isThere) return;
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  data = await fillConsole(world);
  site = createConsole(world);
  listening = await listen(site.app.fetch, { host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${listening.port}/admin`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}, 120_000);
afterAll(async () => {
  if (!isThere) return;
  await browser.close();
  await listening.close(1000);
  await site.board.close();
  await world.close();
}, 60_000);

/** A page of somebody of that role, and whatever the browser complained of on it: scripts, policies, addresses that are not there. */
async function open(role: 'viewer' | 'operator' | 'administrator'): Promise<{ page: Page; complaints: string[] }> {
  const visitor = await site.visitor(role);
  const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
  const value = visitor.cookies.get('admin_session') ?? '';
  await context.addCookies([
    { name: 'admin_session', value, domain: '127.0.0.1', path: '/admin', httpOnly: true, sameSite: 'Strict' },
  ]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('pageerror', (error) => void complaints.push(String(error)));
  page.on('request', (request) => void (request.url().startsWith(base) || complaints.push(request.url())));
  return { page, complaints };
}

describe.skipIf(!isThere)('in a real browser', () => {
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
    expect(await page.textContent('main')).toContain('no such phone');
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

  it('markup that anybody planted is text on every page: nothing runs, nothing is loaded, no policy has to stop it', async () => {
    await world.db('merchants').update({ name: PLANTED.slice(0, 100) });
    await world.db('api_keys').update({ name: PLANTED.slice(0, 100) });
    await world
      .db('transactions')
      .where({ id: data.settled })
      .update({ metadata: { [PLANTED]: PLANTED } });
    await world.db('attempts').update({ hint: PLANTED, evidence: { [PLANTED]: PLANTED } });
    await world.db('cases').update({ owner: PLANTED, evidence: { [PLANTED]: PLANTED } });
    await world.db('audit_log').insert({
      actor: PLANTED,
      action: 'test.plant',
      subject: data.settled,
      reason: PLANTED,
      detail: { [PLANTED]: PLANTED },
    });
    const { page, complaints } = await open('administrator');
    for (const { path } of PANELS) {
      await page.goto(`${base}/${path}`);
      const first = await page.getAttribute(`main tbody a[href*="/${path}/"]`, 'href');
      await page.goto(new URL(first ?? '', base).href);
      expect([path, (await page.title()).includes('run ')]).toEqual([path, false]);
      expect(await page.title()).not.toBe('run');
    }
    await page.goto(`${base}/transactions/${data.settled}`);
    expect(await page.textContent('main')).toContain('<script>document.title');
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 120_000);

  it('works without any script at all', async () => {
    const visitor = await site.visitor('operator');
    const context = await browser.newContext({ javaScriptEnabled: false });
    const value = visitor.cookies.get('admin_session') ?? '';
    await context.addCookies([
      { name: 'admin_session', value, domain: '127.0.0.1', path: '/admin', httpOnly: true, sameSite: 'Strict' },
    ]);
    const page = await context.newPage();
    await page.goto(`${base}/transactions`);
    await page.click('.filters summary');
    await page.selectOption('select[name=status]', 'in_review');
    await page.click('.filters button');
    await page.click(`main a[href$="/transactions/${data.inReview}"]`);
    expect(await page.textContent('.timeline')).toContain('Case opened');
    await context.close();
  }, 60_000);
});
