// People: a second factor, recovery codes, invitations, passwords that must be changed, and being out everywhere.
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setPassword } from '../../src/admin/administrator.ts';
import { invite, inviteAgain } from '../../src/admin/invitation.ts';
import { hashPassword } from '../../src/admin/password.ts';
import { newSecret, stepOf } from '../../src/admin/second-factor.ts';
import { inTransaction } from '../../src/db/knex.ts';
import { type Browser, type Console, createConsole, PASSWORD } from '../support/console.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let site: Console;
beforeAll(async () => {
  world = await createWorld();
  site = createConsole(world);
});
afterAll(async () => {
  await site.board.close();
  await world.close();
});

const isIn = async (browser: Browser) => (await browser.get('/admin/account')).status === 200;
const codeOf = (secret: string, off = 0) => new TOTP({ secret }).generate({ timestamp: Date.now() + off * 30_000 });
/** As if nobody had made a wrong guess, and no code of this half minute had been used. */
const forget = (id: string) =>
  world.db('administrators').where({ id }).update({ failed_logins: 0, last_failed_at: null, totp_last_step: 0 });

/** Sets the second factor up as its owner would, from the page. */
async function enrolled(email: string) {
  const id = await site.person(email);
  const browser = site.browser();
  await browser.signIn(email);
  const offer = await (await browser.post('/admin/account/second-factor/offer', {})).text();
  expect(offer).toContain('<svg');
  const secret = /<code>([A-Z2-7 ]{32,})<\/code>/.exec(offer)?.[1]?.replaceAll(' ', '') ?? '';
  const wrong = await browser.post('/admin/account/second-factor/enrol', { code: '000000' });
  expect([wrong.status, (await world.db('administrators').where({ id }).first()).totp_since]).toEqual([400, null]);
  const taken = await browser.post('/admin/account/second-factor/enrol', { code: codeOf(secret) });
  const codes = [...(await taken.text()).matchAll(/<li><code>([a-z0-9]{5}-[a-z0-9]{5})<\/code>/g)].map(
    (match) => match[1] ?? '',
  );
  expect([taken.status, codes.length]).toEqual([200, 8]);
  return { id, browser, secret, codes };
}

describe('with a second factor', () => {
  it('the password alone opens nothing; a code opens it, once, and so does each recovery code', async () => {
    const { id, secret, codes } = await enrolled('ada@example.com');
    const stored = await world.db('administrators').where({ id }).first();
    expect(stored.totp_sealed.toString()).not.toContain(secret);
    expect(stored.recovery_hashes.map(String).join(' ')).not.toContain(codes[0]);
    await forget(id);

    const browser = site.browser();
    const half = await browser.signIn('ada@example.com');
    expect(half.headers.get('location')).toBe('/admin/login/code?next=%2Fadmin');
    expect(await isIn(browser)).toBe(false);
    expect((await browser.get('/admin/login/code')).status).toBe(200);
    expect((await browser.post('/admin/login/code', { code: '000000' })).status).toBe(401);
    const before = [...browser.cookies.values()];
    const code = codeOf(secret);
    expect((await browser.post('/admin/login/code', { code, next: '/admin/account' })).headers.get('location')).toBe(
      '/admin/account',
    );
    expect(await isIn(browser)).toBe(true);
    expect([...browser.cookies.values()]).not.toEqual(before);

    const thief = site.browser();
    await thief.signIn('ada@example.com');
    expect((await thief.post('/admin/login/code', { code })).status).toBe(401);
    expect(await isIn(thief)).toBe(false);

    await world.db('administrators').where({ id }).update({ failed_logins: 0, last_failed_at: null });
    for (const status of [303, 401]) {
      const lost = site.browser();
      await lost.signIn('ada@example.com');
      expect((await lost.post('/admin/login/code', { code: codes[0] ?? '' })).status).toBe(status);
      expect(await isIn(lost)).toBe(status === 303);
    }
  }, 90_000);

  it('codes are guessed at the same growing price as passwords, however often the password is right in between', async () => {
    const { id, secret } = await enrolled('bob@example.com');
    await forget(id);
    const statuses: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const browser = site.browser();
      const half = await browser.signIn('bob@example.com');
      statuses.push(half.status);
      if (half.status === 303) statuses.push((await browser.post('/admin/login/code', { code: '111111' })).status);
    }
    expect(statuses).toContain(429);
    await forget(id);
    const browser = site.browser();
    await browser.signIn('bob@example.com');
    expect((await browser.post('/admin/login/code', { code: codeOf(secret) })).status).toBe(303);
    expect(await world.db('administrators').where({ id }).first()).toMatchObject({ failed_logins: 0 });
  }, 90_000);

  it('the step between password and code ends after five minutes', async () => {
    const { id, secret } = await enrolled('cyd@example.com');
    await forget(id);
    const browser = site.browser();
    await browser.signIn('cyd@example.com');
    await world
      .db('admin_sessions')
      .where({ needs_code: true })
      .update({ created_at: world.db.raw("now() - interval '6 minutes'") });
    expect((await browser.post('/admin/login/code', { code: codeOf(secret) })).status).toBe(401);
    expect(await isIn(browser)).toBe(false);
  }, 60_000);

  it('proving to be there again takes the code too', async () => {
    const { id, browser, secret } = await enrolled('dan@example.com');
    await world
      .db('admin_sessions')
      .where({ administrator_id: id })
      .update({ confirmed_at: world.db.raw("now() - interval '1 hour'") });
    const remove = () => browser.post('/admin/account/second-factor/remove', {});
    expect((await remove()).headers.get('location')).toBe('/admin/confirm?next=%2Fadmin%2Faccount');
    await forget(id);
    expect((await browser.post('/admin/confirm', { password: PASSWORD, code: '' })).status).toBe(401);
    expect(
      (await browser.post('/admin/confirm', { password: 'wrong password, alas', code: codeOf(secret) })).status,
    ).toBe(401);
    expect((await browser.post('/admin/confirm', { password: PASSWORD, code: codeOf(secret) })).status).toBe(303);
    expect((await remove()).headers.get('location')).toBe('/admin/account');
    expect((await world.db('administrators').where({ id }).first()).totp_since).toBeNull();
  }, 60_000);

  it('a new password does not stand in for the code', async () => {
    const { id, browser, secret } = await enrolled('ivy@example.com');
    const chosen = 'another battery, another horse';
    const changed = await browser.post('/admin/account/password', {
      current: PASSWORD,
      password: chosen,
      again: chosen,
    });
    expect(changed.headers.get('location')).toBe('/admin/account');
    const remove = () => browser.post('/admin/account/second-factor/remove', {});
    expect((await remove()).headers.get('location')).toBe('/admin/confirm?next=%2Fadmin%2Faccount');
    await forget(id);
    expect((await browser.post('/admin/confirm', { password: chosen, code: codeOf(secret) })).status).toBe(303);
    expect((await remove()).headers.get('location')).toBe('/admin/account');
  }, 60_000);

  it('a clock that is off by half a minute does, by two minutes not', () => {
    const secret = newSecret();
    for (const off of [-1, 0, 1]) expect(stepOf(secret, codeOf(secret, off))).not.toBeNull();
    for (const off of [-4, 4]) expect(stepOf(secret, codeOf(secret, off))).toBeNull();
    for (const code of ['', '12345', '1234567', '12345a', '١٢٣٤٥٦']) expect(stepOf(secret, code)).toBeNull();
  });
});

describe('an invitation', () => {
  const link = (secret: string) => `/admin/welcome/${secret}`;
  const CHOSEN = 'four words nobody joins';

  it('lets its owner choose a password, once, and signs them in', async () => {
    const { id, secret } = await inTransaction(world.db, (trx) =>
      invite(trx, { email: 'eve@example.com', role: 'viewer' }),
    );
    const stored = await world.db('administrators').where({ id }).first();
    expect(Object.values(stored).map(String).join(' ')).not.toContain(secret);
    expect((await site.browser().signIn('eve@example.com', '!')).status).toBe(401);
    const browser = site.browser();
    expect(await (await browser.get(link(secret))).text()).toContain('eve@example.com');
    for (const [password, again] of [
      ['short', 'short'],
      [CHOSEN, `${CHOSEN}!`],
      ['eve eve eve eve eve', 'eve eve eve eve eve'],
    ] as const)
      expect((await browser.post(link(secret), { password, again })).status).toBe(400);
    expect((await browser.post(link(secret), { password: CHOSEN, again: CHOSEN })).status).toBe(303);
    expect(await isIn(browser)).toBe(true);
    expect((await site.browser().get(link(secret))).status).toBe(404);
    expect((await site.browser().post(link(secret), { password: CHOSEN, again: CHOSEN })).status).toBe(404);
    expect((await site.browser().signIn('eve@example.com', CHOSEN)).status).toBe(303);
  }, 60_000);

  it('ends after three days, and a new one ends the old', async () => {
    const { secret } = await inTransaction(world.db, (trx) =>
      invite(trx, { email: 'fay@example.com', role: 'viewer' }),
    );
    const again = await inTransaction(world.db, (trx) => inviteAgain(trx, 'fay@example.com'));
    expect((await site.browser().get(link(secret))).status).toBe(404);
    expect((await site.browser().get(link(again.secret))).status).toBe(200);
    await world
      .db('administrators')
      .where({ id: again.id })
      .update({ invitation_ends_at: world.db.raw("now() - interval '1 second'") });
    expect((await site.browser().get(link(again.secret))).status).toBe(404);
  });
});

describe('a password', () => {
  it('that somebody else has seen opens nothing but its own change', async () => {
    await site.person('gus@example.com');
    const passwordHash = await hashPassword(PASSWORD);
    await inTransaction(world.db, (trx) =>
      setPassword(trx, { email: 'gus@example.com', passwordHash, mustChangePassword: true }),
    );
    const [browser, second] = [site.browser(), site.browser()];
    await browser.signIn('gus@example.com');
    await second.signIn('gus@example.com');
    for (const path of ['/admin', '/admin/transactions', '/admin/queues', '/admin/account'])
      expect([path, (await browser.get(path)).headers.get('location')]).toEqual([path, '/admin/account/password']);
    const chosen = 'another horse altogether';
    const change = (fields: Record<string, string>) => browser.post('/admin/account/password', fields);
    expect((await change({ current: 'wrong password, alas', password: chosen, again: chosen })).status).toBe(401);
    expect((await change({ current: PASSWORD, password: chosen, again: 'other' })).status).toBe(400);
    expect((await change({ current: PASSWORD, password: chosen, again: chosen })).status).toBe(303);
    expect([await isIn(browser), await isIn(second)]).toEqual([true, false]);
    expect((await site.browser().signIn('gus@example.com')).status).toBe(401);
  }, 60_000);
});

describe('signing out', () => {
  it('everywhere else ends all sessions but this one, which the account lists', async () => {
    const email = 'hal@example.com';
    await site.person(email);
    const [here, there] = [site.browser({ headers: { 'user-agent': 'Test/1 <b>' } }), site.browser()];
    await here.signIn(email);
    await there.signIn(email);
    const account = await (await here.get('/admin/account')).text();
    expect(account.match(/<td><time/g)?.length).toBeGreaterThanOrEqual(4);
    expect(account).toContain('Test/1 &lt;b&gt;');
    await here.post('/admin/account/sign-out-elsewhere', {});
    expect([await isIn(here), await isIn(there)]).toEqual([true, false]);
  }, 60_000);
});
