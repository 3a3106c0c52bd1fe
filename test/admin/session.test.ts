// Signing in to the console and out of it, and what ends a session in between.
import { randomBytes, scryptSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disableAdministrator, setPassword } from '../../src/admin/administrator.ts';
import { inTransaction } from '../../src/db/knex.ts';
import { createLogger } from '../../src/logger.ts';
import { digest } from '../../src/vault.ts';
import { type Console, createConsole, PASSWORD } from '../support/console.ts';
import { createWorld, type World } from '../support/world.ts';

const ADA = 'ada@example.com';
let world: World;
let site: Console;
let ada: string;
let lines: string[];

beforeEach(async () => {
  lines = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  world = { ...(await createWorld()), log };
  site = createConsole(world);
  ada = await site.person(ADA);
});
afterEach(async () => {
  await site.board.close();
  await world.close();
});

const audited = async () => (await world.db('audit_log').orderBy('id')).map((row) => [row.action, row.subject]);
const age = (minutes: number, column: 'created_at' | 'last_seen_at') =>
  world.db('admin_sessions').update({ [column]: world.db.raw(`now() - interval '${minutes} minutes'`) });
const isIn = async (browser: ReturnType<Console['browser']>) => (await browser.get('/admin/account')).status === 200;

describe('signing in', () => {
  it('gives a cookie that no script can read, of which only the hash is stored, and leaves a trace', async () => {
    const browser = site.browser({ headers: { 'x-forwarded-for': '203.0.113.9' } });
    const answer = await browser.signIn(' Ada@Example.COM ');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/admin');
    const cookie = answer.headers.get('set-cookie') ?? '';
    const [, token = ''] = /^admin_session=([A-Za-z0-9_-]{43});/.exec(cookie) ?? [];
    expect(cookie).toMatch(/; Path=\/admin; HttpOnly; SameSite=Strict$/);
    const [row] = await world.db('admin_sessions');
    expect(row).toMatchObject({ administrator_id: ada, token_hash: digest(token) });
    expect(await audited()).toEqual([['admins.sign_in', ada]]);
    expect(lines.some((line) => line.includes('"security":true') && line.includes('signed_in'))).toBe(true);
    expect(lines.join('')).not.toContain(token);
    expect(await (await browser.get('/admin/account')).text()).toContain(ADA);
  });

  it('over https gives a cookie that only this host can have set', async () => {
    const https = site.browser({ origin: 'https://console.test' });
    const cookie = (await https.signIn(ADA)).headers.get('set-cookie');
    expect(cookie).toMatch(/^__Host-admin_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    expect(await isIn(https)).toBe(true);
  });

  it('is refused alike for a wrong password, an unknown address and a disabled person', async () => {
    await site.person('gone@example.com');
    await inTransaction(world.db, (trx) => disableAdministrator(trx, 'gone@example.com'));
    const texts = [];
    for (const [email, password] of [
      [ADA, 'wrong password, alas'],
      ['nobody@example.com', PASSWORD],
      ['gone@example.com', PASSWORD],
    ] as const) {
      const browser = site.browser();
      const answer = await browser.signIn(email, password);
      expect([answer.status, browser.cookies.size]).toEqual([401, 0]);
      texts.push((await answer.text()).replaceAll(email, ''));
    }
    expect(new Set(texts).size).toBe(1);
    expect(await audited()).toEqual([
      ['admins.sign_in_refused', ada],
      ['admins.sign_in_refused', null],
      ['admins.sign_in_refused', null],
    ]);
    expect(lines.filter((line) => line.includes('sign_in_refused') && line.includes('"security":true'))).toHaveLength(
      3,
    );
    expect(lines.join('')).not.toMatch(/nobody@|alas|battery/);
  });

  it('costs a growing wait after five wrong guesses, for those who exist and those who do not, and locks nobody out', async () => {
    for (const email of [ADA, 'nobody@example.com']) {
      // At once, so that each would find an innocent counter if it were not counted first.
      const guesses = await Promise.all(
        Array.from({ length: 9 }, () => site.browser().signIn(email, 'guess, and guess again')),
      );
      const statuses = guesses.map((answer) => answer.status).toSorted();
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429, 429]);
      const late = guesses.find((answer) => answer.status === 429);
      expect(Number(late?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await late?.text()).toMatch(/Too many wrong attempts. Try again in \d+ seconds?\./);
    }
    // The right password has to wait too, or guessing would go on behind it; thirty seconds at most, however many guesses there were.
    await world.db('administrators').update({ last_failed_at: world.db.fn.now() });
    expect((await site.browser().signIn(ADA)).status).toBe(429);
    await world
      .db('administrators')
      .update({ failed_logins: 5000, last_failed_at: world.db.raw(`now() - interval '31 seconds'`) });
    expect((await site.browser().signIn(ADA)).status).toBe(303);
    expect(await world.db('administrators').first()).toMatchObject({ failed_logins: 0, last_failed_at: null });
  });

  it('takes no more than a few guesses into the queue for hashing, and tells the rest to come back', async () => {
    const flood = Array.from({ length: 20 }, (_, at) =>
      site.browser().signIn(`p${at}@example.com`, 'guess, and guess again'),
    );
    const statuses = (await Promise.all(flood)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(7);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await site.browser().signIn(ADA)).status).toBe(303);
  });

  it('takes as long for an address that nobody has as for a wrong password', async () => {
    const took = async (email: string) => {
      const began = performance.now();
      expect((await site.browser().signIn(email, 'wrong password, alas')).status).toBe(401);
      return performance.now() - began;
    };
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let round = 0; round < 4; round += 1) {
      known.push(await took(ADA));
      unknown.push(await took('nobody@example.com'));
    }
    // The quickest of each: a busy machine makes some slower, and none quicker. Without the hashing it would be a hundredth.
    const share = Math.min(...unknown) / Math.min(...known);
    expect([share > 0.5, share < 2]).toEqual([true, true]);
  });

  it('keeps a password as scrypt with a salt of its own, and makes one that was kept at a lower price dearer', async () => {
    const stored = async () => (await world.db('administrators').where({ id: ada }).first()).password_hash;
    const salt = randomBytes(16);
    const cheap = scryptSync(PASSWORD, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
    const before = `scrypt$N=16384,r=8,p=1$${salt.toString('base64')}$${cheap.toString('base64')}`;
    await world.db('administrators').update({ password_hash: before });
    expect((await site.browser().signIn(ADA, 'wrong password, alas')).status).toBe(401);
    expect(await stored()).toBe(before);
    expect((await site.browser().signIn(ADA)).status).toBe(303);
    const after = await stored();
    expect(after).toMatch(/^scrypt\$N=32768,r=8,p=3\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=$/);
    expect(after).not.toContain(salt.toString('base64'));
    expect((await site.browser().signIn(ADA)).status).toBe(303);
    expect(await stored()).toBe(after);
  });

  it('goes on to the page that was asked for, and never out of the console', async () => {
    const asked = await site.browser().get('/admin/account');
    expect(asked.headers.get('location')).toBe('/admin/login?next=%2Fadmin%2Faccount');
    for (const [next, where] of [
      ['/admin/account', '/admin/account'],
      ['https://evil.example/', '/admin'],
      ['//evil.example/admin', '/admin'],
      ['/admin/../elsewhere', '/admin'],
      ['/administrators', '/admin'],
    ] as const) {
      const answer = await site.browser().post('/admin/login', { email: ADA, password: PASSWORD, next });
      expect([next, answer.headers.get('location')]).toEqual([next, where]);
    }
  });
});

describe('a session', () => {
  it('ends when its owner signs out, also for whoever kept the cookie', async () => {
    const browser = site.browser();
    await browser.signIn(ADA);
    const kept = new Map(browser.cookies);
    expect((await browser.post('/admin/logout', {})).headers.get('location')).toBe('/admin/login');
    expect(browser.cookies.size).toBe(0);
    for (const [name, value] of kept) browser.cookies.set(name, value);
    expect(await isIn(browser)).toBe(false);
    expect((await audited()).at(-1)).toEqual(['admins.sign_out', ada]);
  });

  it('ends after half an hour without use, which looking at the page of queues by itself is not', async () => {
    const browser = site.browser();
    await browser.signIn(ADA);
    await age(29, 'last_seen_at');
    expect(await isIn(browser)).toBe(true);
    await age(29, 'last_seen_at');
    await browser.get('/admin/queues/api/queues');
    const [row] = await world.db('admin_sessions').select(world.db.raw('now() - last_seen_at AS idle'));
    expect(row.idle.minutes).toBe(29);
    await age(31, 'last_seen_at');
    expect(await isIn(browser)).toBe(false);
  });

  it('ends after twelve hours, however busy it was', async () => {
    const browser = site.browser();
    await browser.signIn(ADA);
    await age(12 * 60 + 1, 'created_at');
    expect(await isIn(browser)).toBe(false);
  });

  it('ends with a new password and with the person', async () => {
    const [first, second] = [site.browser(), site.browser()];
    await first.signIn(ADA);
    await second.signIn(ADA);
    expect([await isIn(first), await isIn(second)]).toEqual([true, true]);
    const { password_hash: passwordHash } = await world.db('administrators').first();
    await inTransaction(world.db, (trx) => setPassword(trx, { email: ADA, passwordHash }));
    expect([await isIn(first), await isIn(second)]).toEqual([false, false]);
    await first.signIn(ADA);
    await world.db('administrators').update({ disabled_at: world.db.fn.now() });
    expect(await isIn(first)).toBe(false);
  });

  it('is always a new one after signing in, and the one that was there is over', async () => {
    const browser = site.browser();
    await browser.signIn(ADA);
    const before = new Map(browser.cookies);
    await browser.signIn(ADA);
    expect([...browser.cookies]).not.toEqual([...before]);
    expect(await world.db('admin_sessions')).toHaveLength(1);
    const planted = site.browser();
    planted.cookies.set('admin_session', 'A'.repeat(43));
    await planted.signIn(ADA);
    expect(planted.cookies.get('admin_session')).not.toBe('A'.repeat(43));
  });
});
