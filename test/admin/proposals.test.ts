// Dual control: money beyond a limit is proposed by one person and moved, once, when another confirms exactly what was shown.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAdministrator, type Role } from '../../src/admin/administrator.ts';
import { openSession } from '../../src/admin/session.ts';
import { type Db, inTransaction, openDatabase } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { advance } from '../../src/transactions/advance.ts';
import { flows } from '../../workers/webhook.ts';
import { type Browser, type Console, createConsole } from '../support/console.ts';
import { act, look, pageText, send } from '../support/console-deeds.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

/** Whoever waits for a lock in this database. */
const WAITERS =
  'SELECT DISTINCT pid FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()';

type Visitor = Browser & { readonly id: string };
let world: World;
let site: Console;
/** The database without the application's role. */
let owner: Db;
let wallet: string;
let maker: Visitor;
let checker: Visitor;

beforeAll(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never' } });
  site = createConsole(world);
  owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 2, role: null, onError: () => {} });
});
beforeEach(async () => {
  await world.db('dual_control_limits').update({ above_minor: null });
  wallet = await world.fund('UGX', 100_000_000n, newId('event'));
  maker = await site.visitor('operator');
  checker = await site.visitor('approver');
});
afterAll(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await owner.destroy();
  await site.board.close();
  await world.close();
});

const limit = (above: bigint | null) =>
  world.db('dual_control_limits').where({ currency: 'UGX' }).update({ above_minor: above });
const available = async (id = wallet) => (await walletBalances(world.db, [id])).get(id)?.availableMinor;
const rowOf = (id: string) => world.db('proposals').where({ id }).first();
const fundPath = () => `wallets/${wallet}/do/fund`;
const funding = (amount: string) => ({ entry: newId('journalEntry'), amount });
const confirmPath = (id: string) => `proposals/${id}/do/confirm`;

/** The maker proposes to fund the wallet with 5000, and this gives the proposal's id. */
async function proposed(by: Browser = maker): Promise<string> {
  const { where, status } = await act(by, fundPath(), funding('5000'), 'opening balance');
  expect(status).toBe(303);
  return where?.split('/').at(-1) ?? '';
}

/** Another browser of somebody who has just signed in by it. */
async function again(id: string): Promise<Visitor> {
  const browser = site.browser();
  const from = { clientAddress: null, userAgent: null, former: null, administratorId: id, needsCode: false };
  browser.cookies.set('admin_session', await inTransaction(world.db, (trx) => openSession(trx, from)));
  return { ...browser, id };
}

/** Somebody with that address who has just signed in. */
async function visitorAt(email: string, role: Role): Promise<Visitor> {
  const made = await inTransaction(world.db, (trx) => createAdministrator(trx, { email, role, passwordHash: '!' }));
  return again(made.id);
}

/** A payout whose outcome nobody knows, and its open case. */
async function doubtful(): Promise<{ id: string; caseId: string }> {
  const { owner } = await world.db('wallets').where({ id: wallet }).first();
  const asked = { ...NEW_PAYOUT, amountMinor: 900_000n, owner };
  const { id } = JSON.parse((await createPayout(world, world.caller, world.request(), asked)).body);
  const ring = async () => {
    await world.makeDue();
    await advance(world, flows.payout, id, { cause: 'worker', actor: 'worker', insists: false });
  };
  world.provider.onSubmit = () => ({ kind: 'unknown', code: 'timeout', message: 'lost' });
  world.provider.onLookUp = (reference) => (reference === id ? ({ kind: 'not_found' } as never) : null);
  await ring();
  await world
    .db('transactions')
    .where({ id })
    .update({ created_at: world.db.raw("now() - interval '3 days'") });
  await ring();
  return { id, caseId: (await world.db('cases').where({ transaction_id: id }).first()).id };
}

describe('what moves more than one person may', () => {
  it('is proposed: nothing is posted before somebody else confirms it, and the audit log names both', async () => {
    const shown = await look(maker, fundPath(), funding('5000'));
    expect(shown.text).toContain('This takes two people');
    expect(shown.text).toContain('Propose: fund');
    const id = await proposed();
    expect(await available()).toBe(100_000_000n);
    expect(await rowOf(id)).toMatchObject({ state: 'open', proposed_by: maker.id, moves: { UGX: '500000' } });

    const asked = await look(checker, confirmPath(id));
    expect(asked.text).toContain('opening balance');
    expect(asked.text).toMatch(/capital:UGX −5,000/);
    const done = await send(checker, confirmPath(id), asked.form, 'bank statement seen');
    expect([done.status, done.where]).toEqual([303, `proposals/${id}`]);
    expect(await available()).toBe(100_500_000n);
    expect(await rowOf(id)).toMatchObject({
      state: 'executed',
      decided_by: checker.id,
      decision_reason: 'bank statement seen',
    });
    const [entry] = await world.db('journal_entries').where({ kind: 'fund' }).orderBy('posted_at', 'desc').limit(1);
    expect(entry).toMatchObject({ actor: `admin:${maker.id}`, reason: 'opening balance' });
    const deeds = await world.db('audit_log').orderBy('id', 'desc').limit(2);
    expect(deeds).toMatchObject([
      {
        action: 'wallets.fund',
        actor: `admin:${maker.id}`,
        reason: 'opening balance',
        detail: { proposal: id, confirmedBy: `admin:${checker.id}` },
      },
      {
        action: 'proposals.confirm',
        actor: `admin:${checker.id}`,
        subject: id,
        detail: { proposedBy: `admin:${maker.id}` },
      },
    ]);
  });

  it('is done by one person alone up to the limit, counting what the same person moved alone within 24 hours', async () => {
    await limit(1_000_000n);
    expect((await act(maker, fundPath(), funding('6000'))).where).toBe(`wallets/${wallet}`);
    expect(await available()).toBe(100_600_000n);
    expect((await act(maker, fundPath(), funding('5000'))).where).toMatch(/^proposals\/pr/);
    expect(await available()).toBe(100_600_000n);
    const another = await site.visitor('operator');
    expect((await act(another, fundPath(), funding('5000'))).where).toBe(`wallets/${wallet}`);
    // What somebody else has confirmed uses up nobody's limit.
    const proposal = (await act(another, fundPath(), funding('9000'))).where?.split('/').at(-1) ?? '';
    expect((await act(checker, confirmPath(proposal))).status).toBe(303);
    expect((await act(another, fundPath(), funding('5000'))).where).toBe(`wallets/${wallet}`);
  });

  it('of two deeds of one person at once, is judged one after the other', async () => {
    await limit(1_000_000n);
    // Two wallets, so that nothing but the limit makes one wait for the other; and nobody may commit before both are at it.
    const other = await world.fund('UGX', 100n, newId('event'));
    const paths = [fundPath(), `wallets/${other}/do/fund`];
    const forms = await Promise.all(paths.map((path) => look(maker, path, funding('6000'))));
    const held = await owner.transaction();
    await held.raw('LOCK TABLE audit_log IN SHARE MODE');
    const sending = forms.map(({ form }, at) => send(maker, paths[at] ?? '', form));
    await until(async () => (await held.raw(WAITERS)).rows.length >= 2, 'both wait');
    await held.rollback();
    const sent = await Promise.all(sending);
    expect(sent.map(({ status }) => status).toSorted()).toEqual([303, 409]);
    expect(((await available()) ?? 0n) + ((await available(other)) ?? 0n)).toBe(100_600_100n);
  });

  it('is a decision about a case too: nothing is written before it is confirmed, by the provider’s word of then', async () => {
    await limit(500_000n);
    const { id, caseId } = await doubtful();
    const path = `cases/${caseId}/do/resolve`;
    const { where } = await act(maker, path, { as: 'failed' }, 'bank says no');
    expect(where).toMatch(/^proposals\/pr/);
    expect(await world.db('transactions').where({ id }).first()).toMatchObject({ state: 'in_review' });
    const proposal = where?.split('/').at(-1) ?? '';
    const done = await act(checker, confirmPath(proposal));
    expect(done.where).toBe(`proposals/${proposal}`);
    expect(await world.db('transactions').where({ id }).first()).toMatchObject({ state: 'failed' });
    expect(await world.db('cases').where({ id: caseId }).first()).toMatchObject({ resolved_by: `admin:${maker.id}` });
    const timeline = await pageText(checker, `transactions/${id}`);
    for (const words of ['Proposed: resolve', 'Proposal executed', 'Case resolved: outcome unknown'])
      expect(timeline).toContain(words);
  });

  it('is the letting loose of a limit as well, while pulling it tight takes one', async () => {
    const [one, two] = [await site.visitor('administrator'), await site.visitor('administrator')];
    const path = 'dual-control/UGX/do/change';
    const now = async () => (await world.db('dual_control_limits').where({ currency: 'UGX' }).first()).above_minor;
    expect((await act(one, path, { above: '0' })).where).toBe('dual-control/UGX');
    expect(await now()).toBe(0n);
    const { where } = await act(one, path, { above: '9000' });
    expect(await now()).toBe(0n);
    const proposal = where?.split('/').at(-1) ?? '';
    expect((await send(checker, confirmPath(proposal), {})).status).toBe(403);
    expect((await act(two, confirmPath(proposal))).status).toBe(303);
    expect(await now()).toBe(900_000n);
    expect((await act(one, path, { above: '8000' })).where).toBe('dual-control/UGX');
    expect((await act(one, path, { above: '' })).where).toMatch(/^proposals\//);
    expect(await now()).toBe(800_000n);
  });
});

describe('the second person', () => {
  const refuses = async (by: Browser, id: string, words: string) => {
    const shown = await look(by, confirmPath(id));
    expect([shown.status, shown.form]).toEqual([403, {}]);
    expect(shown.text).toContain(words);
    // Nor with the form that somebody else was shown.
    const { form } = await look(checker, confirmPath(id));
    expect((await send(by, confirmPath(id), form)).status).toBe(403);
    expect(await rowOf(id)).toMatchObject({ state: 'open' });
    expect(await available()).toBe(100_000_000n);
  };

  it('is never the one who proposed it, in whatever session, and the database says so too', async () => {
    const chief = await site.visitor('approver');
    const id = await proposed(chief);
    await refuses(chief, id, 'You proposed it yourself');
    expect(await (await chief.get(`/admin/proposals/${id}`)).text()).not.toContain('do/confirm');
    await refuses(await again(chief.id), id, 'You proposed it yourself');
    const forged = { state: 'executed', decided_by: chief.id, decided_at: world.db.fn.now() };
    await expect(world.db('proposals').where({ id }).update(forged)).rejects.toThrow('two_people');
  });

  it('is no other account with the same mailbox', async () => {
    const name = newId('event').toLowerCase();
    const [ada, twin] = [
      await visitorAt(`${name}@example.com`, 'operator'),
      await visitorAt(`${name}+2@example.com`, 'approver'),
    ];
    await refuses(twin, await proposed(ada), 'has the mailbox of');
  });

  it('is nobody whose role the first one has just given', async () => {
    const chief = await site.visitor('administrator');
    const pawn = await site.visitor('operator');
    const id = await proposed(chief);
    await act(chief, `administrators/${pawn.id}/do/change-role`, { role: 'approver' });
    await refuses(pawn, id, 'gave this account its role within 7 days');
  });

  it('is no account that the first one has begun anew, nor the one that began the first anew, nor both by one hand', async () => {
    const chief = await site.visitor('administrator');
    const [pawn, twin, last] = [
      await site.visitor('approver'),
      await site.visitor('administrator'),
      await site.visitor('approver'),
    ];
    const beginAnew = (by: Browser, whom: string) => act(by, `administrators/${whom}/do/begin-anew`);
    expect((await beginAnew(chief, pawn.id)).status).toBe(200);
    expect((await beginAnew(chief, twin.id)).status).toBe(200);
    // The link was shown to the chief: whoever signs in there now may be the chief.
    const [asPawn, asTwin] = [await again(pawn.id), await again(twin.id)];
    expect((await beginAnew(asTwin, last.id)).status).toBe(200);
    const asLast = await again(last.id);
    const words = 'may be one person';
    await refuses(asPawn, await proposed(chief), words);
    await refuses(chief, await proposed(asPawn), words);
    await refuses(asTwin, await proposed(asPawn), words);
    await refuses(asLast, await proposed(chief), words);
    const id = await proposed(asLast);
    await refuses(asPawn, id, words);
    expect((await act(checker, confirmPath(id))).status).toBe(303);
  });

  it('has the permission of the action as well, and so still has the first one', async () => {
    const chief = await site.visitor('administrator');
    const { where } = await act(chief, 'dual-control/UGX/do/change', { above: '1000' });
    const id = where?.split('/').at(-1) ?? '';
    expect((await look(checker, confirmPath(id))).text).toContain('must be allowed to change limits as well');
    const other = await proposed();
    await world.db('administrators').where({ id: maker.id }).update({ disabled_at: world.db.fn.now() });
    const shown = await look(checker, confirmPath(other));
    expect([shown.status, shown.form]).toEqual([403, {}]);
    expect(shown.text).toContain('may not fund wallets any more');
    expect((await act(checker, `proposals/${other}/do/reject`)).status).toBe(303);
  });

  it('sees how many proposals of others wait, beside the navigation', async () => {
    await world.db('proposals').where({ state: 'open' }).update({ state: 'expired', decided_at: world.db.fn.now() });
    const chief = await site.visitor('approver');
    await proposed(chief);
    await act(maker, fundPath(), funding('7'));
    const badge = async (by: Browser) =>
      /(\d+) waiting for a second person/.exec(await (await by.get('/admin/wallets')).text())?.[1];
    expect(await badge(checker)).toBe('2');
    expect(await badge(chief)).toBe('1');
    expect(await badge(maker)).toBeUndefined();
  });
});

describe('a proposal', () => {
  it('is refused with what has changed when the world has moved on since it was shown', async () => {
    const id = await proposed();
    const { form } = await look(checker, confirmPath(id));
    await act(maker, `wallets/${wallet}/do/freeze`);
    const refused = await send(checker, confirmPath(id), form);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('Wallet: is frozen, and was active.');
    expect(await rowOf(id)).toMatchObject({ state: 'open' });
    expect(await available()).toBe(100_000_000n);
  });

  it('about a case is refused when the provider says something else by then', async () => {
    await limit(0n);
    const { id, caseId } = await doubtful();
    const { where } = await act(maker, `cases/${caseId}/do/resolve`, { as: 'failed' });
    const proposal = where?.split('/').at(-1) ?? '';
    world.provider.onLookUp = () => ({ kind: 'unavailable', code: 'away', message: 'away' }) as never;
    const refused = await look(checker, confirmPath(proposal));
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('The provider says: is unavailable, and was not_found.');
    expect(await world.db('transactions').where({ id }).first()).toMatchObject({ state: 'in_review' });
  });

  it('is done once, whoever confirms it at the same time', async () => {
    const id = await proposed();
    const second = await site.visitor('approver');
    const forms = await Promise.all([look(checker, confirmPath(id)), look(second, confirmPath(id))]);
    const [a, b] = await Promise.all([
      send(checker, confirmPath(id), forms[0].form),
      send(second, confirmPath(id), forms[1].form),
    ]);
    expect([a.status, b.status].toSorted()).toEqual([303, 409]);
    expect(await available()).toBe(100_500_000n);
    expect(await rowOf(id)).toMatchObject({ state: 'executed' });
    expect(await world.db('audit_log').where({ action: 'proposals.confirm', subject: id })).toHaveLength(1);
  });

  it('is either done or still open, whatever dies between the confirming and the doing', async () => {
    const id = await proposed();
    const { form } = await look(checker, confirmPath(id));
    // Somebody holds the proposal: the confirmation has posted, not committed, and waits to end it. There its connection is killed.
    const held = await owner.transaction();
    await held.raw('SELECT 1 FROM proposals WHERE id = ? FOR UPDATE', [id]);
    const sent = send(checker, confirmPath(id), form);
    const pid = await until(async () => (await held.raw(WAITERS)).rows[0]?.pid, 'the confirmation waits');
    await held.raw('SELECT pg_terminate_backend(?)', [pid]);
    await held.rollback();
    expect((await sent).status).not.toBe(303);
    expect(await rowOf(id)).toMatchObject({ state: 'open' });
    expect(await available()).toBe(100_000_000n);
    expect((await act(checker, confirmPath(id))).status).toBe(303);
    expect(await available()).toBe(100_500_000n);
  });

  it('that was withdrawn, rejected, or is too old is confirmed no more', async () => {
    const withdrawn = await proposed();
    const { form } = await look(checker, confirmPath(withdrawn));
    expect((await act(checker, `proposals/${withdrawn}/do/withdraw`)).status).toBe(403);
    expect((await act(maker, `proposals/${withdrawn}/do/withdraw`)).status).toBe(303);
    const rejected = await proposed();
    expect((await act(checker, `proposals/${rejected}/do/reject`, {}, 'not ours')).status).toBe(303);
    const late = await proposed();
    const shown = await look(checker, confirmPath(late));
    await owner('proposals')
      .where({ id: late })
      .update({ expires_at: world.db.raw("now() - interval '1 second'") });
    expect((await send(checker, confirmPath(late), shown.form)).status).toBe(409);
    for (const id of [withdrawn, rejected]) expect((await send(checker, confirmPath(id), form)).status).toBe(409);
    expect(await available()).toBe(100_000_000n);
    expect(await rowOf(rejected)).toMatchObject({
      state: 'rejected',
      decided_by: checker.id,
      decision_reason: 'not ours',
    });
    expect(await pageText(checker, `proposals/${late}`)).toContain('expired');
  });

  it('that nobody could confirm is said to be one', async () => {
    const words = 'Nobody else may confirm it yet';
    expect((await look(maker, fundPath(), funding('1'))).text).not.toContain(words);
    await world.db('administrators').whereNot({ role: 'operator' }).update({ disabled_at: world.db.fn.now() });
    expect((await look(maker, fundPath(), funding('1'))).text).toContain(words);
  });

  it('is not made twice by one form', async () => {
    const { form } = await look(maker, fundPath(), funding('5000'));
    const sent = await Promise.all([send(maker, fundPath(), form), send(maker, fundPath(), form)]);
    expect(sent.map(({ status }) => status).toSorted()).toEqual([303, 409]);
  });
});
