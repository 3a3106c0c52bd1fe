// The operators' commands that look at the whole system: the book, the provider's wallets, transactions, queues, and where it runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishEnvironment } from '../../src/local/environment.ts';
import { acquireLock } from '../../src/local/lock.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { advance } from '../../src/transactions/advance.ts';
import { searchTransactions, type Wanted } from '../../src/transactions/search.ts';
import { type Cli, cliOn } from '../support/cli.ts';
import { createDatabase } from '../support/database.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { COMPRESSED, createWorld, type World } from '../support/world.ts';

let world: World;
let cli: Cli;
let paid: string;
let walletId: string;

beforeAll(async () => {
  world = await createWorld();
  cli = cliOn(world.config.DATABASE_URL);
  walletId = await world.fund('UGX', 1_000_000n);
  const answer = await createPayout(world, world.caller, world.request(), { ...NEW_PAYOUT, reference: 'SAL-9' });
  paid = JSON.parse(answer.body).id;
  await advance(world, payoutFlow, paid, { cause: 'worker', actor: 'worker', insists: false });
  world.provider.rule(paid, { status: 'successful' });
  await advance(world, payoutFlow, paid, { cause: 'webhook', actor: 'webhook', insists: true });
});
afterAll(() => world.close());

describe('transactions', () => {
  it('are shown whole, without anything that would name the person', async () => {
    const ran = await cli(['transactions', 'show', '--id', paid, '--json']);
    const { transaction, timeline } = ran.json();
    const of = (what: string) => timeline.filter((moment: { what: string }) => moment.what === what);
    expect(transaction).toMatchObject({ id: paid, status: 'settled', amount: '1000', accountNumber: '+25671•••5678' });
    expect(of('requested')).toMatchObject([{ word: 'accepted', actor: `key:${world.caller.apiKeyId}` }]);
    expect(of('moved').map((step: { word: string }) => step.word)).toEqual(['submitting', 'submitted', 'settled']);
    expect(of('attempt_closed')).toMatchObject([{ word: 'accepted', detail: { number: 1 } }]);
    expect(of('case_opened')).toEqual([]);
    expect(of('entry_posted').map((entry: { word: string }) => entry.word)).toEqual(['hold', 'settle']);
    expect(of('entry_posted')[0].detail.postings).toEqual([
      { account: `${walletId}:available`, amount: '-1000' },
      { account: `${walletId}:held`, amount: '1000' },
    ]);
    const text = await cli(['transactions', 'show', '--id', paid]);
    for (const said of [ran.stdout, text.stdout]) expect(said).not.toMatch(/Okello|712345678/);
  });

  it('are found by phone, last four digits, reference and the id of the provider', async () => {
    const [row] = await world.db('transactions').where({ id: paid }).select('provider_transaction_id');
    const ran = await cli(['transactions', 'find', '--phone', '+256712345678', '--json']);
    expect(ran.json()).toMatchObject([{ id: paid, accountNumber: '+25671•••5678' }]);
    const find = (wanted: Wanted) => searchTransactions(world.db, world.vault, wanted, 10);
    for (const wanted of [
      { by: 'last_four', text: '5678' },
      { by: 'reference', text: 'SAL-9' },
      { by: 'provider_id', text: row.provider_transaction_id },
    ] as const)
      expect(await find(wanted)).toMatchObject([{ id: paid }]);
    expect(await find({ by: 'account', text: '+256712345679' })).toEqual([]);
  });
});

describe('the book', () => {
  it('prints the trial balance and a statement', async () => {
    const [ugx] = (await cli(['ledger', 'balance', '--json'])).json();
    expect(ugx).toMatchObject({ currency: 'UGX', sum: '0', accounts: { wallet_available: '9000' } });
    const lines = (await cli(['ledger', 'statement', '--wallet', walletId, '--json'])).json();
    expect(lines.filter((line: { account: string }) => line.account === 'available')).toMatchObject([
      { kind: 'hold', amount: '-1000', balance: '9000', transactionId: paid },
      { kind: 'fund', amount: '10000', balance: '10000' },
    ]);
  });

  it('ends with 1 and names what is wrong, once somebody has altered a posting', async () => {
    const altered = await createDatabase();
    const client = new pg.Client({ connectionString: altered.superuserUrl });
    await client.connect();
    const float = ['float', 'record', '--currency', 'UGX', '--amount', '70', '--reason', 'r', '--json'];
    const on = cliOn(altered.url);
    const { entryId } = (await on(float)).json();
    await client.query(`UPDATE postings SET amount = amount + 1 WHERE entry_id = $1 AND line = 1`, [entryId]);
    await client.end();
    const verify = await on(['ledger', 'verify', '--json']);
    expect(verify.code).toBe(1);
    expect(verify.json().problems).toContainEqual(expect.stringMatching(/^a journal entry does not balance: float:/));
    const balance = await on(['ledger', 'balance', '--json']);
    expect(balance).toMatchObject({ code: 1 });
    expect(balance.json()).toMatchObject([{ currency: 'UGX', sum: '0.01' }]);
    await altered.close();
  });
});

describe('the float', () => {
  it('is adopted from the wallets of the provider once, and then equal', async () => {
    const simulator = await startSimulator({
      wallets: { UGX: '5000', KES: '21.71' },
      clientId: 'id',
      clientSecret: 'secret',
    });
    const own = await createDatabase();
    const on: Cli = (args) => cliOn(own.url)(args, { env: { EVERSEND_BASE_URL: simulator.url } });
    const of = (rows: { currency: string }[], currency: string) => rows.find((row) => row.currency === currency);
    expect((await on(['float', 'show'])).code).toBe(1);
    const first = (await on(['float', 'adopt', '--json'])).json();
    expect(of(first, 'KES')).toMatchObject({ wallet: '21.71', book: '0', difference: '21.71', adopted: true });
    const second = await on(['float', 'adopt', '--json']);
    expect(second.code).toBe(0);
    expect(of(second.json(), 'UGX')).toMatchObject({ wallet: '5000', book: '5000', difference: '0', adopted: false });
    expect((await own.db('audit_log').where({ action: 'float.adopt' })).length).toBe(first.length);
    await simulator.close();
    await own.close();
  });
});

describe('the queues', () => {
  it('are rebuilt from the database, however many rows are due', async () => {
    const own = await createDatabase();
    const on = cliOn(own.url);
    await own.db.raw(`
      INSERT INTO webhook_events (id, digest, body, state, due_at)
      SELECT 'we' || lpad(n::text, 26, '0'), sha256(n::text::bytea), 'x', 'received', now() - interval '1 second'
      FROM generate_series(1, 1200) AS n`);
    expect((await on(['queues', 'rebuild', '--json'])).json()).toEqual({ rung: 1200 });
    expect((await on(['queues', 'counts', '--json'])).json()).toMatchObject({ webhooks: { waiting: 1200 } });
    // Once more: the old jobs are gone, and each row has one.
    expect((await on(['queues', 'rebuild', '--json'])).json()).toEqual({ rung: 1200 });
    expect((await on(['queues', 'counts', '--json'])).json()).toMatchObject({ webhooks: { waiting: 1200 } });
    await own.close();
  });
});

describe('where it runs', () => {
  it('is found in the data directory of `npm start`, and said clearly when nothing runs there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-cli-'));
    const env = { DATABASE_URL: '', DATA_DIR: folder };
    const none = await cli(['merchants', 'list'], { env });
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(/^No system to talk to: DATABASE_URL is not set, and nothing .* runs in .*\.\n$/);
    const lock = acquireLock(join(folder, 'lock'));
    publishEnvironment(folder, { ...COMPRESSED, DATABASE_URL: world.config.DATABASE_URL });
    const found = (await cli(['merchants', 'list', '--json'], { env })).json();
    lock.release();
    rmSync(folder, { recursive: true });
    expect(found).toMatchObject([{ id: world.merchantId }]);
  });

  it('says so when the database does not answer or is not prepared', async () => {
    const away = await cli(['merchants', 'list'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } });
    expect(away).toMatchObject({ code: 1, stdout: '' });
    expect(away.stderr).toMatch(/^The database does not answer .*\n$/);
  });
});
