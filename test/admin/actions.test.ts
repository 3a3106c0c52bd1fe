// Actions: each shows its effect first, needs its permission, its form and a reason, does exactly what was shown, and is audited.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action } from '../../src/admin/actions/action.ts';
import { ACTIONS, actionOf } from '../../src/admin/actions/all.ts';
import { ROLES } from '../../src/admin/administrator.ts';
import { mustConfirm, PERMISSIONS } from '../../src/admin/permissions.ts';
import { newId } from '../../src/ids.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { type Browser, type Console, createConsole, ORIGIN } from '../support/console.ts';
import { inputOf, placeOf, subjectOf } from '../support/console-actions.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { createWorld, type World } from '../support/world.ts';

const REASON = 'the bank <b>says</b> so';
let world: World;
let site: Console;
let data: Filled;
let other: string;
let proposal: string;
const people = new Map<string, Browser & { readonly id: string }>();

beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  data = await fillConsole(world);
  site = createConsole(world);
  for (const role of ROLES) people.set(role, await site.visitor(role));
  // One person alone funds nothing unless a limit says so: this is a proposal.
  const funding = { entry: newId('journalEntry'), amount: '2000', shown: '1' };
  const page = await (
    await as('operator').get(`/admin/wallets/${data.wallet}/do/fund?${new URLSearchParams(funding)}`)
  ).text();
  const [, outline = ''] = /name="outline" value="([^"]+)"/.exec(page) ?? [];
  const sent = await as('operator').post(`/admin/wallets/${data.wallet}/do/fund`, {
    ...funding,
    outline,
    reason: 'opening',
  });
  proposal = sent.headers.get('location')?.split('/').at(-1) ?? '';
  other = (await site.visitor('viewer')).id;
}, 120_000);
afterAll(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await site.board.close();
  await world.close();
});

const as = (role: string) => {
  const browser = people.get(role);
  if (browser === undefined) throw new Error(`nobody is ${role}`);
  return browser;
};
const subjects = () => ({ world, data, other, own: proposal });
const addressOf = (action: Action) => `/admin/${placeOf(action, subjects())}`;
const named = (panel: string, name: string): Action => {
  const action = actionOf(panel, name);
  if (action === null) throw new Error(`there is no ${name}`);
  return action;
};

/** Looks at what it would do, and gives the form that the page then holds. */
async function shown(action: Action, by: Browser): Promise<{ text: string; form: Record<string, string> }> {
  const input = inputOf(action);
  const query = Object.keys(input).length === 0 ? '' : `?${new URLSearchParams({ ...input, shown: '1' })}`;
  const answer = await by.get(addressOf(action) + query);
  const text = await answer.text();
  expect([action.name, answer.status]).toEqual([action.name, 200]);
  const [, outline = ''] = /name="outline" value="([^"]+)"/.exec(text) ?? [];
  return { text, form: { ...input, outline, reason: REASON } };
}
const least = (action: Action) => PERMISSIONS[action.permission].least;
const traces = async () => (await world.db('audit_log').count('* AS n'))[0]?.['n'];

describe.each(ACTIONS.map((action) => [`${action.panel}: ${action.name}`, action] as const))('%s', (_name, action) => {
  it('is refused without its permission, to look at and to do', async () => {
    const before = await traces();
    const below = ROLES[ROLES.indexOf(least(action)) - 1];
    if (below === undefined) throw new Error('everybody may do it');
    expect((await as(below).get(addressOf(action))).status).toBe(403);
    expect((await as(below).post(addressOf(action), { reason: REASON })).status).toBe(403);
    const button = `do/${action.name}"`;
    const row = `/admin/${action.panel}/${subjectOf(action, subjects())}`;
    expect(await (await as(below).get(row)).text()).not.toContain(button);
    expect(await (await as(least(action)).get(row)).text()).toContain(button);
    expect(await traces()).toEqual(before);
  });

  it('does nothing without its form, its reason, or what was shown', async () => {
    const browser = as(least(action));
    const { text, form } = await shown(action, browser);
    expect(text).toContain('Why');
    const before = await traces();
    const send = async (fields: Record<string, string>, headers: Record<string, string | null> = {}) =>
      (await browser.post(addressOf(action), { ...form, ...fields }, headers)).status;
    expect(await send({ token: '' })).toBe(403);
    expect(await send({ token: 'A'.repeat(43) })).toBe(403);
    expect(await send({}, { origin: 'https://evil.example' })).toBe(403);
    expect(await send({}, { origin: `${ORIGIN}:81` })).toBe(403);
    expect(await send({}, { 'content-type': 'application/json' })).toBe(415);
    expect(await send({ reason: '  ' })).toBe(400);
    expect(await send({ reason: 'x'.repeat(501) })).toBe(400);
    expect(await send({ reason: 'as\0agreed' })).toBe(400);
    expect(await send({ outline: 'something else' })).toBe(409);
    expect(await traces()).toEqual(before);
  });

  it('asks its person to prove to be there, when that was long ago and the action is sensitive', async () => {
    const browser = as(least(action));
    const { form } = await shown(action, browser);
    const session = () => world.db('admin_sessions').where({ administrator_id: browser.id });
    await session().update({ confirmed_at: world.db.raw("now() - interval '11 minutes'") });
    const before = await traces();
    const look = await browser.get(addressOf(action));
    if (mustConfirm(action.permission)) {
      expect(look.headers.get('location')).toBe(`/admin/confirm?next=${encodeURIComponent(addressOf(action))}`);
      expect((await browser.post(addressOf(action), form)).status).toBe(403);
    } else expect(look.status).toBe(200);
    expect(await traces()).toEqual(before);
    await session().update({ confirmed_at: world.db.fn.now() });
  });
});

/** Does it as the least role that may, and gives where it leads and what the audit log says. */
async function carryOut(action: Action, more: Record<string, string> = {}) {
  const browser = as(least(action));
  const { text, form } = await shown(action, browser);
  const answer = await browser.post(addressOf(action), { ...form, ...more }, { 'x-forwarded-for': '203.0.113.9' });
  const deed = await world.db('audit_log').orderBy('id', 'desc').first();
  expect(deed).toMatchObject({ actor: `admin:${browser.id}`, reason: REASON });
  const where = answer.headers.get('location');
  return { answer, text, deed, where, page: where === null ? '' : await (await browser.get(where)).text() };
}

describe('done in the order of a bad day', () => {
  it('a look finds nothing new, and says so', async () => {
    const { answer, deed, page } = await carryOut(named('transactions', 'look-again'));
    expect([answer.status, deed.action]).toEqual([303, 'transactions.look_again']);
    expect(page).toContain('The provider was asked');
    expect(page).toContain('transactions.look_again');
  });

  it('a reveal shows the person once, and masked again afterwards', async () => {
    const { answer, deed } = await carryOut(named('beneficiaries', 'reveal'));
    const text = await answer.text();
    expect(text).toContain('+256772999888');
    expect(text).toContain('Grace Akello');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(deed).toMatchObject({ action: 'personal_data.reveal', subject: data.beneficiary });
    expect(`${deed.reason} ${JSON.stringify(deed.detail)}`).not.toMatch(/Grace|256772999888/);
    expect(await (await as('viewer').get(`/admin/beneficiaries/${data.beneficiary}`)).text()).not.toContain('Grace');
  });

  it('cancelling shows the entry that it then posts, and the money is available again', async () => {
    const action = named('transactions', 'cancel');
    const { text, deed, page } = await carryOut(action);
    expect(text).toContain(`${data.waiting}:release`);
    expect(text).toMatch(/−1,100<\/span>/);
    expect(deed).toMatchObject({ action: 'payouts.cancel', subject: data.waiting });
    expect(page).toContain('cancelled');
    expect(page).toContain('Booked: release');
    expect((await as('operator').get(addressOf(action))).status).toBe(409);
  });

  it('a payout above the limit goes out on a second word', async () => {
    const { text, deed, page } = await carryOut(named('transactions', 'approve'));
    expect(text).toContain('+25677•••3123');
    expect(deed).toMatchObject({ action: 'payouts.approve', subject: data.awaiting });
    expect(page).toContain('accepted');
    expect(world.rung.at(-1)).toMatchObject({ queue: 'payouts', id: data.awaiting });
  });

  it('a decision against the provider takes a tick, and posts what was shown', async () => {
    world.provider.onLookUp = (reference) =>
      reference === data.inReview ? ({ kind: 'unavailable', code: 'away', message: 'away' } as never) : null;
    const action = named('cases', 'resolve');
    const { text, form } = await shown(action, as('operator'));
    expect(text).toContain('The provider cannot be asked right now');
    expect(text).toContain(`${data.inReview}:release`);
    expect((await as('operator').post(addressOf(action), form)).status).toBe(422);
    expect(await world.db('cases').where({ id: data.openCase }).first()).toMatchObject({ resolved_at: null });
    const { deed, page } = await carryOut(action, { nevertheless: 'yes' });
    expect(deed).toMatchObject({ action: 'cases.resolve', subject: data.openCase });
    expect(page).toContain('The case is resolved.');
    expect(await world.db('transactions').where({ id: data.inReview }).first()).toMatchObject({ state: 'failed' });
    world.provider.onLookUp = () => null;
  });

  it('a replayed event is due again, and rung for', async () => {
    const { deed } = await carryOut(named('webhook-events', 'replay'));
    expect(deed).toMatchObject({ action: 'webhook_events.replay', subject: data.event });
    expect(await world.db('webhook_events').where({ id: data.event }).first()).toMatchObject({
      state: 'received',
      generation: 2,
    });
    expect(world.rung.at(-1)).toMatchObject({ queue: 'webhooks', id: data.event, generation: 2 });
  });

  it('a wallet is frozen and another reopened', async () => {
    await carryOut(named('wallets', 'freeze'));
    await carryOut(named('wallets', 'reopen'));
    expect((await world.db('wallets').where({ id: data.wallet }).first()).frozen_at).not.toBeNull();
    expect((await world.db('wallets').where({ id: data.frozenWallet }).first()).frozen_at).toBeNull();
  });

  it('a key is revoked for good', async () => {
    const { deed } = await carryOut(named('keys', 'revoke'));
    expect(deed).toMatchObject({ action: 'keys.revoke', subject: data.key });
    expect((await world.db('api_keys').where({ id: data.key }).first()).revoked_at).not.toBeNull();
  });

  it('the next version of a fee is in force, and whoever was slower is told', async () => {
    const action = named('fees', 'next-version');
    const slow = await shown(action, as('administrator'));
    const { where, deed } = await carryOut(action);
    const id = where?.split('/').at(-1);
    expect(await world.db('fee_schedules').where({ id }).first()).toMatchObject({
      version: 2,
      percent_ppm: 15_000,
      flat_minor: 20_000n,
      commission_ppm: 100_000,
      created_by: deed.actor,
    });
    expect((await as('administrator').post(addressOf(action), slow.form)).status).toBe(409);
    expect(await world.db('fee_schedules').where({ type: 'payout', currency: 'UGX' })).toHaveLength(2);
    for (const wrong of [{ percent: '101' }, { flat: '1.5' }, { minimum: '5', maximum: '1' }, { flat: "1'; --" }]) {
      const query = new URLSearchParams({ percent: '1', commission: '0', ...wrong, shown: '1' });
      expect((await as('administrator').get(`/admin/fees/${id}/do/next-version?${query}`)).status).toBe(400);
    }
  });

  it('people get another role, a new link, and are shut out; nobody does it to themselves', async () => {
    await carryOut(named('administrators', 'change-role'));
    expect(await world.db('administrators').where({ id: other }).first()).toMatchObject({ role: 'operator' });
    await carryOut(named('administrators', 'sign-out'));
    expect(await world.db('admin_sessions').where({ administrator_id: other })).toEqual([]);
    const { answer } = await carryOut(named('administrators', 'begin-anew'));
    expect(await answer.text()).toMatch(/\/admin\/welcome\/[A-Za-z0-9_-]{43}/);
    await carryOut(named('administrators', 'disable'));
    expect((await world.db('administrators').where({ id: other }).first()).disabled_at).not.toBeNull();
    const own = `/admin/administrators/${as('administrator').id}/do/disable`;
    expect((await as('administrator').get(own)).status).toBe(422);
  });
});
