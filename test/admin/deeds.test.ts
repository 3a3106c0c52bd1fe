// What operators do about secrets, endpoints, limits, bulks and the book: each exactly as shown, and in the audit log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../src/admin/administrator.ts';
import { newId } from '../../src/ids.ts';
import { walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createApiKey, findApiKey } from '../../src/merchants/api-key.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { type Filled, fillConsole } from '../support/console-data.ts';
import { act, look, pageText, send } from '../support/console-deeds.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { untilWaiting } from '../support/waiting.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let site: Console;
let data: Filled;
const people = new Map<string, Browser & { readonly id: string }>();
beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  data = await fillConsole(world);
  site = createConsole(world);
  for (const role of ROLES) people.set(role, await site.visitor(role));
}, 60_000);
afterAll(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await site.board.close();
  await world.close();
});

const as = (role: (typeof ROLES)[number]) => people.get(role) as Browser & { readonly id: string };
const lastDeed = () => world.db('audit_log').orderBy('id', 'desc').first();
const row = (table: string, id: string) => world.db(table).where({ id }).first();

describe('a secret', () => {
  it('of a program is rotated: the new key is shown once, and the old one works on for as long as was said', async () => {
    const done = await act(as('administrator'), `keys/${data.key}/do/rotate`, { overlap: '1' }, 'yearly');
    const [secret = ''] = /ek_test_[0-9A-Za-z]{32}/.exec(done.text) ?? [];
    const key = await findApiKey(world, secret);
    expect(key).toMatchObject({ merchantId: world.merchantId });
    expect(await row('api_keys', key?.id ?? '')).toMatchObject({ rotated_from: data.key });
    const { expires_at: ends } = await row('api_keys', data.key);
    expect(Math.abs(ends.getTime() - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect(await lastDeed()).toMatchObject({ action: 'keys.rotate', reason: 'yearly', subject: key?.id });
    expect(JSON.stringify(await world.db('audit_log').select('reason', 'detail'))).not.toContain(secret);
    expect(await pageText(as('administrator'), `keys/${key?.id}`)).not.toContain(secret);
    expect((await act(as('administrator'), `keys/${data.key}/do/rotate`, { overlap: '1' })).status).toBe(409);
    expect((await look(as('administrator'), `keys/${key?.id}/do/rotate`, { overlap: '5' })).status).toBe(400);
  });

  it('of a program makes whoever was shown it no second hand: somebody else approves what is asked for by it', async () => {
    const { apiKey } = await createApiKey(world.db, {
      merchantId: world.merchantId,
      name: 'Till',
      environment: 'test',
    });
    expect((await act(as('administrator'), `keys/${apiKey.id}/do/rotate`, { overlap: '0' })).status).toBe(200);
    const { id: apiKeyId } = await world.db('api_keys').where({ rotated_from: apiKey.id }).first();
    await world.fund('UGX', 10_000_000n, 'hands');
    const asked = { ...NEW_PAYOUT, amountMinor: 900_000n, owner: 'hands' };
    const answer = await createPayout(world, { ...world.caller, apiKeyId }, world.request(), asked);
    const path = `transactions/${JSON.parse(answer.body).id}/do/approve`;
    const refused = await act(as('administrator'), path);
    expect([refused.status, refused.text.includes('whoever was shown it, cannot approve it')]).toEqual([403, true]);
    expect((await act(as('approver'), path)).status).toBe(303);
    // Nor of a file of payouts.
    await world
      .db('transactions')
      .whereIn('id', data.ofBulk)
      .update({ actor: `key:${apiKeyId}` });
    expect((await act(as('administrator'), `bulks/${data.bulk}/do/approve`)).status).toBe(403);
    for (const id of data.ofBulk) expect(await row('transactions', id)).toMatchObject({ state: 'awaiting_approval' });
  });

  it('of an endpoint is rotated: the new one is shown once, and the old one signs along', async () => {
    const before = await row('webhook_endpoints', data.endpoint);
    const done = await act(as('administrator'), `endpoints/${data.endpoint}/do/rotate`, { overlap: '24' }, 'leaked');
    const [secret = ''] = /whsec_[A-Za-z0-9+/]{43}=/.exec(done.text) ?? [];
    const after = await row('webhook_endpoints', data.endpoint);
    expect(world.vault.open(after.secret_sealed)).toBe(secret);
    expect(after.previous_sealed).toEqual(before.secret_sealed);
    const deed = { action: 'webhook_endpoints.rotate', actor: `admin:${as('administrator').id}`, reason: 'leaked' };
    expect(await lastDeed()).toMatchObject({ ...deed, subject: data.endpoint });
    expect(await pageText(as('administrator'), `endpoints/${data.endpoint}`)).not.toContain(secret);
  });
});

describe('an endpoint', () => {
  it('that was disabled is enabled again, and looked at at once', async () => {
    const shown = await look(as('operator'), `endpoints/${data.disabledEndpoint}/do/enable`);
    expect(shown.text).toContain('no success');
    await act(as('operator'), `endpoints/${data.disabledEndpoint}/do/enable`, {}, 'their host is back');
    expect(await row('webhook_endpoints', data.disabledEndpoint)).toMatchObject({
      status: 'enabled',
      disabled_reason: null,
    });
    expect(await lastDeed()).toMatchObject({ action: 'webhook_endpoints.enable', reason: 'their host is back' });
    expect((await look(as('operator'), `endpoints/${data.disabledEndpoint}/do/enable`)).status).toBe(409);
  });

  it('is sent one event again, and rung for', async () => {
    await world
      .db('deliveries')
      .where({ id: data.delivery })
      .update({ state: 'failed', due_at: null, done_at: world.db.fn.now() });
    await act(as('operator'), `deliveries/${data.delivery}/do/resend`, {}, 'they lost it');
    expect(await row('deliveries', data.delivery)).toMatchObject({ state: 'pending', tries: 0 });
    expect(world.rung.at(-1)).toMatchObject({ queue: 'notifications', id: data.endpoint });
    expect(await lastDeed()).toMatchObject({
      action: 'webhook_endpoints.resend',
      detail: { deliveryId: data.delivery },
    });
  });

  it('is sent a range again: shown before how many, one range at a time, and nothing that ends before it begins', async () => {
    const path = `endpoints/${data.endpoint}/do/replay`;
    const span = { from: '2026-01-01T00:00', to: '2036-01-01T00:00' };
    expect((await look(as('operator'), path, span)).text).toMatch(/Events of the merchant's in it \d\d/);
    expect((await act(as('operator'), path, span, 'a day of silence')).where).toBe(`endpoints/${data.endpoint}`);
    expect(await world.db('replays').where({ endpoint_id: data.endpoint }).whereNull('done_at')).toHaveLength(1);
    expect(await lastDeed()).toMatchObject({ action: 'webhook_endpoints.replay', reason: 'a day of silence' });
    const again = await act(as('operator'), path, span);
    expect([again.status, again.text.includes('A replay to this endpoint is under way')]).toEqual([409, true]);
    for (const wrong of [
      { from: span.to, to: span.from },
      { from: 'yesterday', to: span.to },
      { from: '2026-02-30T00:00', to: span.to },
    ])
      expect((await look(as('operator'), path, wrong)).status).toBe(400);
  });
});

describe('an approval limit', () => {
  const path = () => `approval-limits/${world.merchantId}.UGX/do/change`;
  it('is changed, set anew and, by two people, let loose; and whoever was slower is told', async () => {
    const limits = () => world.db('approval_limits').where({ merchant_id: world.merchantId }).orderBy('currency');
    const another = await site.visitor('administrator');
    const slow = await look(as('administrator'), path(), { above: '1', daily: '2' });
    expect((await act(as('administrator'), path(), { above: '4000', daily: '90000' })).status).toBe(303);
    expect(await limits()).toMatchObject([{ currency: 'UGX', above_minor: 400_000n, daily_above_minor: 9_000_000n }]);
    expect(await lastDeed()).toMatchObject({
      action: 'merchants.approval',
      subject: world.merchantId,
      detail: { above: '4000' },
    });
    expect((await send(as('administrator'), path(), slow.form)).status).toBe(409);
    expect((await look(as('administrator'), path(), { above: '1.5' })).status).toBe(400);
    const set = `merchants/${world.merchantId}/do/limit-payouts`;
    expect((await act(as('administrator'), set, { currency: 'KES', above: '0' })).status).toBe(303);
    expect(await limits()).toMatchObject([{ currency: 'KES', above_minor: 0n }, { currency: 'UGX' }]);
    // Letting it loose takes two people, however it is done.
    for (const [where, input] of [
      [set, { currency: 'KES' }],
      [set, { currency: 'KES', above: '1', daily: '5' }],
      [path(), { above: '4000', daily: '90001' }],
    ] as const)
      expect((await act(as('administrator'), where, input)).where).toMatch(/^proposals\//);
    expect(await limits()).toMatchObject([{ above_minor: 0n }, { daily_above_minor: 9_000_000n }]);
    const [{ id }] = await world.db('proposals').where({ action: 'limit-payouts', input: { currency: 'KES' } });
    expect((await act(another, `proposals/${id}/do/confirm`)).status).toBe(303);
    expect(await limits()).toMatchObject([{ currency: 'UGX' }]);
    expect(await lastDeed()).toMatchObject({
      action: 'merchants.approval',
      detail: { above: null, proposal: id, confirmedBy: `admin:${another.id}` },
    });
  });
});

describe('an adjusting entry', () => {
  const from = () => `accounts/${data.wallet}:available/do/adjust`;
  const adjusting = (to: string, amount = '12') => ({ entry: newId('journalEntry'), to, amount });
  const available = async () => (await walletBalances(world.db, [data.wallet])).get(data.wallet)?.availableMinor ?? 0n;

  it('shows its exact postings, takes two people, and posts them as they were shown', async () => {
    const before = await available();
    const input = adjusting('capital:UGX');
    const shown = await look(as('approver'), from(), input);
    expect(shown.text).toMatch(/available −12 UGX .*capital:UGX 12 UGX/);
    const { where } = await send(as('approver'), from(), shown.form, 'a fee by agreement');
    expect(await available()).toBe(before);
    expect((await act(as('administrator'), `${where}/do/confirm`)).where).toBe(where);
    expect(await available()).toBe(before - 1200n);
    const entry = await world
      .db('journal_entries')
      .where({ reference: `adjust:${input.entry}` })
      .first();
    expect(entry).toMatchObject({ kind: 'adjust', reason: 'a fee by agreement', actor: `admin:${as('approver').id}` });
    const postings = await world.db('postings').where({ entry_id: entry.id }).orderBy('line');
    expect(postings.map(({ account_id, amount }) => [account_id, amount])).toEqual([
      [`${data.wallet}:available`, -1200n],
      ['capital:UGX', 1200n],
    ]);
    expect(await pageText(as('viewer'), `accounts/${data.wallet}:available`)).toContain('adjust');
  });

  it('touches no money that is set aside, no other currency, and nothing that the wallet does not have', async () => {
    for (const to of [`${data.wallet}:held`, 'capital:KES', 'capital:XXX', `${data.wallet}:available`, "x' OR 1=1"]) {
      const refused = await look(as('approver'), from(), adjusting(to));
      expect([to, refused.form, refused.status >= 400 && refused.status < 500]).toEqual([to, {}, true]);
    }
    expect((await look(as('approver'), `accounts/${data.wallet}:held/do/adjust`)).status).toBe(409);
    const { where } = await act(as('approver'), from(), adjusting('capital:UGX', '999999999'));
    const refused = await act(as('administrator'), `${where}/do/confirm`);
    expect([refused.status, refused.text.includes('does not cover')]).toEqual([422, true]);
    expect(await pageText(as('viewer'), `${where}`)).toContain('open');
  });

  it('of money in suspense takes a tick that says that a case is not double booked', async () => {
    const path = 'accounts/suspense:UGX/do/adjust';
    const { text, form } = await look(as('approver'), path, adjusting('capital:UGX'));
    expect(text).toContain('waits for the decision of a case');
    expect((await send(as('approver'), path, form)).status).toBe(422);
    expect((await send(as('approver'), path, { ...form, nevertheless: 'yes' })).where).toMatch(/^proposals\//);
  });
});

describe('what awaits approval of a bulk', () => {
  it('is decided as far as it was shown: what begins to await it meanwhile takes another look', async () => {
    const [first = '', second = ''] = data.ofBulk.toSorted();
    const become = (id: string, state: string) => world.db('transactions').where({ id }).update({ state });
    await become(second, 'accepted');
    const path = `bulks/${data.bulk}/do/approve`;
    const { text, form } = await look(as('approver'), path);
    expect(text).toContain('Payouts in UGX 1');
    const held = await world.db.transaction();
    await held.raw('SELECT 1 FROM transactions WHERE id = ? FOR UPDATE', [first]);
    const sent = send(as('approver'), path, form);
    await untilWaiting(world.db, 1);
    await become(second, 'awaiting_approval');
    await held.rollback();
    expect((await sent).where).toBe(`bulks/${data.bulk}`);
    expect(await row('transactions', first)).toMatchObject({ state: 'accepted' });
    expect(await row('transactions', second)).toMatchObject({ state: 'awaiting_approval' });
    await become(first, 'awaiting_approval');
  });

  it('is approved all together, or cancelled, each payout with its own trace', async () => {
    const path = `bulks/${data.bulk}/do/approve`;
    const shown = await look(as('approver'), path);
    expect(shown.text).toMatch(/Payouts in UGX 2 .*15,000 UGX/);
    const [first = '', second = ''] = data.ofBulk;
    // One of them is cancelled by its merchant meanwhile: what was shown is not what is there.
    await act(as('operator'), `transactions/${first}/do/cancel`);
    expect((await send(as('approver'), path, shown.form)).status).toBe(409);
    const done = await act(as('approver'), path, {}, 'payroll of May');
    expect(done.where).toBe(`bulks/${data.bulk}`);
    expect(await row('transactions', first)).toMatchObject({ state: 'cancelled' });
    expect(await row('transactions', second)).toMatchObject({ state: 'accepted' });
    expect(world.rung.at(-1)).toMatchObject({ queue: 'payouts', id: second });
    expect(await lastDeed()).toMatchObject({ action: 'payouts.approve', subject: second, reason: 'payroll of May' });
    expect((await look(as('approver'), path)).status).toBe(409);
  });

  it('is not decided while the service recovers', async () => {
    await world.db('transactions').where({ id: data.ofBulk[1] }).update({ state: 'awaiting_approval' });
    const path = `bulks/${data.bulk}/do/cancel`;
    const { form } = await look(as('operator'), path);
    await world.db('recoveries').insert({ begun_by: 'cli:root', newest_at: world.db.fn.now() });
    expect((await send(as('operator'), path, form)).status).toBe(503);
    await world.db('recoveries').whereNull('finished_at').update({
      ran_at: world.db.fn.now(),
      finished_at: world.db.fn.now(),
      finished_by: 'cli:root',
    });
    expect((await send(as('operator'), path, form)).where).toBe(`bulks/${data.bulk}`);
    expect(await row('transactions', data.ofBulk[1] ?? '')).toMatchObject({ state: 'cancelled' });
    expect(await lastDeed()).toMatchObject({ action: 'payouts.cancel', subject: data.ofBulk[1] });
  });
});

describe('the money timeline', () => {
  it('tells what the merchant was told, each try, and what was proposed', async () => {
    const told = await world.db('deliveries').where({ id: data.delivery }).first();
    const text = await pageText(as('viewer'), `transactions/${told.transaction_id}`);
    for (const words of ['To be told:', 'Tried to tell:', '503', '412 ms', 'timeout']) expect(text).toContain(words);
    expect(text).not.toContain('key=');
  });

  it('of a payout of a bulk leads to its row', async () => {
    const html = await (await as('viewer').get(`/admin/transactions/${data.ofBulk[0]}`)).text();
    expect(html).toContain(`/admin/bulk-rows/${data.bulk}.1.1`);
  });
});
