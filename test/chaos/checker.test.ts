// The checker must see what it is there for: each kind of violation is planted by a superuser in a book that was right, and named.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCollection } from '../../src/collections/create.ts';
import { collectionFlow } from '../../src/collections/flow.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { advance } from '../../src/transactions/advance.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';
import type { CallerLine } from './checker/callers-list.ts';
import { checkSeal, sealJournal } from './checker/journal-seal.ts';
import { type BookSummary, compareWithProvider } from './checker/provider-book.ts';
import { say } from './checker/violation.ts';
import { checkEverything, type FinalOrder } from './checker/watch.ts';

const CHECKER = join(import.meta.dirname, 'checker');
const PHONE = '+256712345678';

/** A book that is right: a payout settled, one failed, one on its way, and a collection settled. */
interface Right {
  readonly settled: string;
  readonly failed: string;
  readonly open: string;
  readonly collected: string;
  readonly wallet: string;
}

let world: World;
let right: Right;
let client: pg.Client;
let folder: string;
/** What callers were told, and the test's own copy of it. */
let told: readonly CallerLine[] = [];
let lines: CallerLine[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eversend-payments-checker-'));
  world = await createWorld();
  const wallet = await world.fund('UGX', 10_000_000n);
  const settled = await payout('successful');
  const failed = await payout('failed');
  const open = await payout(null);
  const collected = await collection();
  right = { settled, failed, open, collected, wallet };
  told = [...lines];
  client = new pg.Client({ connectionString: world.config.DATABASE_URL });
  await client.connect();
  // The constraints of the product would refuse most of what is planted.
  await client.query('SET session_replication_role = replica');
});
afterAll(async () => {
  await client.end();
  await world.close();
  await rm(folder, { recursive: true, force: true });
});
// What a test plants is gone with it.
beforeEach(async () => {
  lines = [...told];
  await client.query('BEGIN');
});
afterEach(() => client.query('ROLLBACK'));

async function accepted(answer: { body: string }, key: string): Promise<string> {
  lines.push({ key, status: 202, body: answer.body, again: answer.body });
  return (JSON.parse(answer.body) as { id: string }).id;
}

async function payout(status: 'successful' | 'failed' | null): Promise<string> {
  const request = world.request();
  const id = await accepted(await createPayout(world, world.caller, request, NEW_PAYOUT), request.key);
  const ring = (insists: boolean) => advance(world, payoutFlow, id, { cause: 'worker', actor: 'worker', insists });
  if (status === null) return id;
  await ring(false);
  world.provider.rule(id, { status });
  await ring(true);
  return id;
}

async function collection(): Promise<string> {
  const request = world.request({ route: 'POST /v1/collections' });
  const about = { amountMinor: 500_000n, currency: 'UGX', country: 'UG', phone: PHONE, owner: 'customer-1', otp: null };
  const more = { customer: null, redirectUrl: null, reference: null, metadata: {} };
  const answer = await createCollection(world, world.caller, request, { ...about, ...more });
  const id = await accepted(answer, request.key);
  const ring = (insists: boolean) => advance(world, collectionFlow, id, { cause: 'worker', actor: 'worker', insists });
  await ring(false);
  world.provider.rule(id, { status: 'successful' });
  await ring(true);
  return id;
}

async function violations(more: Partial<FinalOrder> = {}): Promise<string[]> {
  const list = join(folder, 'callers.jsonl');
  writeFileSync(list, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const order = { callersList: list, canaries: [], files: [], overdueMs: 60_000, reviewShare: 0.5, ...more };
  return (await checkEverything(client, order, null)).map(say);
}

/** The open payout is no violation of what these tests are about. */
const withoutOpen = (found: readonly string[]) =>
  found.filter((one) => !one.includes(`${right.open} is still accepted`));

it('finds nothing in a book that is right, and says so of nothing else', async () => {
  expect(withoutOpen(await violations({ canaries: [PHONE] }))).toEqual([]);
});

/** What is planted, and the sentence it must be named by. */
const PLANTED: readonly (readonly [
  invariant: string,
  what: string,
  sql: (of: Right) => string,
  named: (of: Right) => string,
])[] = [
  [
    'I1',
    'a posting that nothing balances',
    () => `UPDATE postings SET amount = amount + 7 WHERE account_id = 'capital:UGX'`,
    () => 'the postings of UGX add up to 7 instead of 0',
  ],
  [
    'I1',
    'a posting on an account that does not exist',
    ({ wallet }) =>
      `UPDATE postings SET account_id = 'nowhere:UGX' WHERE account_id = 'capital:UGX' AND '${wallet}' <> ''`,
    () => 'which is no account',
  ],
  [
    'I2',
    'an entry with one line',
    ({ settled }) => `INSERT INTO journal_entries (id, reference, kind, currency, transaction_id, actor)
      SELECT 'je' || repeat('0', 26), 'planted:one', 'fund', 'UGX', '${settled}', 'x'`,
    () => 'entry planted:one has 0 lines that add up to 0',
  ],
  [
    'I2',
    'an entry across two currencies',
    ({ settled }) => `UPDATE journal_entries SET currency = 'KES' WHERE reference = '${settled}:settle'`,
    ({ settled }) => `entry ${settled}:settle in KES has a line on`,
  ],
  [
    'I3',
    'a balance that is not the sum of its postings',
    ({ wallet }) => `UPDATE ledger_accounts SET balance = balance + 1 WHERE id = '${wallet}:available'`,
    ({ wallet }) => `account ${wallet}:available says`,
  ],
  [
    'I3',
    'a balance below zero',
    ({ wallet }) => `ALTER TABLE ledger_accounts ALTER COLUMN balance TYPE bigint;
      UPDATE ledger_accounts SET balance = -5 WHERE id = '${wallet}:held'`,
    ({ wallet }) => `account ${wallet}:held is at -5`,
  ],
  [
    'I3',
    'a hold whose transaction is gone',
    ({ open }) => `UPDATE transactions SET held_minor = 1 WHERE id = '${open}'`,
    ({ wallet }) => `wallet ${wallet} holds 100000 and its open transactions and waiting rows hold 1`,
  ],
  [
    'I5',
    'a second settlement',
    ({ settled }) => `INSERT INTO journal_entries (id, reference, kind, currency, transaction_id, actor)
      SELECT 'je' || repeat('1', 26), 'planted:again', kind, currency, transaction_id, actor FROM journal_entries
      WHERE reference = '${settled}:settle'`,
    ({ settled }) => `transaction ${settled} has 2 entries of kind settle`,
  ],
  [
    'I5',
    'a failed payout whose hold was never released',
    ({ failed }) => `DELETE FROM journal_entries WHERE reference = '${failed}:release'`,
    ({ failed }) => `transaction ${failed} is failed and its entries are hold`,
  ],
  [
    'I5',
    'refunds beyond what was collected',
    ({ settled, collected }) =>
      `UPDATE transactions SET refund_of = '${collected}', amount_minor = 500001 WHERE id = '${settled}'`,
    ({ collected }) => `the refunds of ${collected} come to 500001 of 500000`,
  ],
  [
    'I6',
    'a payout that was sent and that only its creator approved',
    ({ settled }) => `UPDATE transaction_history SET from_state = 'awaiting_approval'
        WHERE transaction_id = '${settled}' AND to_state = 'accepted';
      INSERT INTO transaction_history (transaction_id, to_state, cause, actor, attempt)
        SELECT id, 'awaiting_approval', 'api', actor, 0 FROM transactions WHERE id = '${settled}'`,
    ({ settled }) => `payout ${settled} awaited approval and was sent without it`,
  ],
  [
    'I6',
    'a payout that was sent before its time',
    ({ settled }) => `UPDATE transactions SET scheduled_at = now() + interval '1 day' WHERE id = '${settled}'`,
    ({ settled }) => `payout ${settled} was sent at`,
  ],
  [
    'I6',
    'a way out of a final state that has no name',
    ({ settled }) => `INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt)
      VALUES ('${settled}', 'settled', 'submitted', 'worker', 'worker', 1);
      UPDATE transactions SET state = 'submitted', due_at = now(), settled_at = NULL WHERE id = '${settled}'`,
    ({ settled }) => `transaction ${settled} went from settled to submitted`,
  ],
  [
    'I6',
    'the right to rewrite the journal',
    () => 'GRANT UPDATE ON postings TO eversend_app',
    () => 'the application may update postings',
  ],
  [
    'I7',
    'an accepted payment that is lost',
    ({ open }) => `DELETE FROM transactions WHERE id = '${open}'`,
    ({ open }) => `${open} was accepted under key`,
  ],
  [
    'I7',
    'a payment nobody asked for',
    ({ open }) => `UPDATE transactions SET id = 'po' || repeat('X', 26) WHERE id = '${open}'`,
    () => `po${'X'.repeat(26)} exists and no caller was told of it`,
  ],
  [
    'I8',
    'an unfinished payment without a date',
    ({ open }) => `ALTER TABLE transactions DROP CONSTRAINT due_unless_final;
      UPDATE transactions SET due_at = NULL WHERE id = '${open}'`,
    ({ open }) => `transaction ${open} is accepted and has no date`,
  ],
  [
    'I8',
    'an unfinished payment nobody comes for',
    ({ open }) => `UPDATE transactions SET due_at = now() - interval '2 minutes' WHERE id = '${open}'`,
    ({ open }) => `transaction ${open} is accepted and was due at`,
  ],
  [
    'I9',
    'a key that is forgotten',
    () => 'DELETE FROM idempotency_keys WHERE ctid = (SELECT min(ctid) FROM idempotency_keys)',
    () => 'is not stored',
  ],
  [
    'I11',
    'a payment on a wallet of another currency',
    ({ wallet }) => `UPDATE wallets SET currency = 'KES' WHERE id = '${wallet}'`,
    ({ settled, wallet }) => `transaction ${settled} in UGX is on wallet ${wallet} in KES`,
  ],
  [
    'I12',
    'the same webhook stored twice',
    () => `ALTER TABLE webhook_events DROP CONSTRAINT webhook_events_digest_key;
      INSERT INTO webhook_events (id, digest, body, state, applied_at)
      SELECT 'we' || repeat(n::text, 26), sha256('body'), 'sealed', 'unknown', now() FROM generate_series(1, 2) n`,
    () => `are the same bytes`,
  ],
  [
    'I12',
    'money settled on a webhook alone',
    ({ settled }) => `UPDATE attempts SET verdict = 'refused' WHERE transaction_id = '${settled}'`,
    ({ settled }) => `transaction ${settled} was settled though the provider never answered that it knows it`,
  ],
  [
    'I13',
    'a phone number in the history',
    ({ settled }) => `UPDATE transaction_history SET note = 'paid ${PHONE}' WHERE transaction_id = '${settled}'`,
    () => `${PHONE} stands in transaction_history`,
  ],
  [
    'I13',
    'a phone number in clear among the sealed bytes',
    ({ settled }) => `UPDATE personal_data SET sealed = 'x${PHONE}x' WHERE subject_id = '${settled}'`,
    () => `${PHONE} stands in personal_data`,
  ],
  [
    'I14',
    'a state without its history',
    ({ settled }) => `DELETE FROM transaction_history WHERE transaction_id = '${settled}' AND to_state = 'settled'`,
    ({ settled }) => `transaction ${settled} is settled and its history ends with submitted`,
  ],
  [
    'I14',
    'a gap in the history',
    ({ settled }) => `DELETE FROM transaction_history WHERE transaction_id = '${settled}' AND to_state = 'submitting'`,
    ({ settled }) => `the history of ${settled} says submitting to submitted after accepted`,
  ],
  [
    'I14',
    'an attempt that nobody stamped',
    ({ settled }) => `UPDATE transactions SET attempt_no = 2 WHERE id = '${settled}'`,
    ({ settled }) => `transaction ${settled} is at attempt 2 and has attempts 1`,
  ],
  ['I15', 'a payment that never ended', () => 'SELECT 1', ({ open }) => `transaction ${open} is still accepted`],
  [
    'I15',
    'a review without a case',
    ({ open }) => `UPDATE transactions SET state = 'in_review' WHERE id = '${open}'`,
    ({ open }) => `transaction ${open} is in review without a case`,
  ],
  [
    'I15',
    'a case for no good reason',
    ({ open }) =>
      `INSERT INTO cases (id, kind, subject, evidence) VALUES ('ca' || repeat('0', 26), 'stuck', '${open}', '{}')`,
    ({ open }) => `about ${open} is of kind stuck`,
  ],
];

describe('the checker names', () => {
  it.each(PLANTED)('%s: %s', async (invariant, _what, sql, named) => {
    await client.query(sql(right));
    const found = await violations({ canaries: [PHONE] });
    expect(found.filter((one) => one.startsWith(`${invariant}: `)).join('\n')).toContain(named(right));
  });

  it('I15: more reviews than are allowed', async () => {
    await client.query(`UPDATE transactions SET state = 'in_review' WHERE id = '${right.open}'`);
    const found = await violations({ reviewShare: 0.2 });
    expect(found).toContain(`I15: 1 of 4 transactions are in review: ${right.open}`);
  });

  it('I9: another answer to the same key, and I7: an answer that stands for nothing', async () => {
    const first = lines[0] as CallerLine;
    lines.push({ ...first, key: 'another-key-of-16', again: `${first.body} ` });
    const found = await violations();
    expect(found).toContain(`I9: keys ${first.key} and another-key-of-16 were both answered ${right.settled}`);
    expect(found.filter((one) => one.startsWith('I9: key another-key-of-16 was answered'))).toHaveLength(1);
  });

  it('I9: twins that were answered in two ways', async () => {
    const first = lines[0] as CallerLine;
    lines.push({ ...first });
    expect(withoutOpen(await violations())).toEqual([]);
    const other = lines[1] as CallerLine;
    lines.push({ ...other, key: first.key, again: null });
    expect(await violations()).toContain(`I9: key ${first.key} was answered in two ways`);
  });

  it('I6: a journal that was rewritten and balances again', async () => {
    const seal = await sealJournal(client);
    expect(await checkSeal(client, seal)).toEqual([]);
    const rows = `entry_id = (SELECT id FROM journal_entries WHERE reference = '${right.settled}:settle')`;
    await client.query(`UPDATE postings SET amount = amount * 2 WHERE ${rows}`);
    expect((await checkSeal(client, seal)).map(say)).toEqual([expect.stringContaining('I6: postings older than')]);
  });

  it('I13: a phone number in a log, wherever the pieces of the file end', async () => {
    const log = join(folder, 'some.log');
    writeFileSync(log, `${'x'.repeat(65_530)}${PHONE}\n`);
    expect(await violations({ canaries: [PHONE], files: [log] })).toContain(`I13: ${PHONE} stands in ${log}`);
  });
});

describe('against the provider’s book the checker names', () => {
  const book = (change: (book: BookSummary['references']) => object = () => ({}), wallet = '3400'): BookSummary => {
    const base = { executed: 1, isRefunded: false, currency: 'UGX' };
    const references = {
      [right.settled]: { ...base, status: 'successful', amount: '1000', moved: '-1500' },
      [right.failed]: { ...base, status: 'failed', amount: '1000', moved: '0' },
      [right.collected]: { ...base, status: 'successful', amount: '5000', moved: '5000' },
    };
    return {
      references: { ...references, ...change(references) },
      currencies: { UGX: { opening: '0', control: '0', balance: wallet } },
    };
  };
  const compare = async (of: BookSummary) => {
    // A payout that the provider never saw, and that has not been sent either.
    await client.query(`DELETE FROM transactions WHERE id = '${right.open}'`);
    return (await compareWithProvider(client, of)).map(say);
  };

  it('nothing when the two agree', async () => {
    expect(await compare(book(undefined, '3500'))).toEqual([]);
  });

  it('I4: a payment executed twice', async () => {
    const found = await compare(book((all) => ({ [right.settled]: { ...all[right.settled], executed: 2 } })));
    expect(found).toContain(`I4: the provider executed ${right.settled} 2 times`);
  });

  it('I10: another end, another amount, money that moved on one side only, and operations that are not ours', async () => {
    const found = await compare(
      book((all) => ({
        [right.failed]: { ...all[right.failed], status: 'successful', moved: '-1500' },
        [right.settled]: { ...all[right.settled], amount: '999', moved: '-1499' },
        poSTRANGER: { ...all[right.failed] },
      })),
    );
    expect(found).toEqual([
      'I10: the provider executed poSTRANGER, which we do not know',
      `I10: ${right.settled} moved -149900 at the provider and -150000 in our book`,
      `I10: ${right.settled} is for 100000 with us and for 99900 with the provider`,
      `I10: ${right.failed} is failed with us and successful with the provider`,
      "I10: the provider's UGX wallet moved by 340000 and our clearing account by 350000",
    ]);
  });
});

describe('as a process', () => {
  let simulator: Simulator;
  let database: TestDatabase;
  beforeEach(async () => {
    simulator = await startSimulator();
    database = await createDatabase();
  });
  afterEach(async () => {
    await simulator.close();
    await database.close();
  });

  it('prints each violation as a sentence, and its exit code says whether there was one', async () => {
    const check = async () => {
      const args = ['--database', database.url, '--simulator', simulator.controlUrl, '--once'];
      const child = spawn(process.execPath, [join(CHECKER, 'main.ts'), ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((done) => child.once('close', done));
      return { said: await text(child.stdout), code: await ended };
    };
    expect(await check()).toEqual({ said: '{"snapshots":1,"violations":0}\n', code: 0 });
    const tamper = new pg.Client({ connectionString: database.superuserUrl });
    await tamper.connect();
    await tamper.query('GRANT DELETE ON journal_entries TO eversend_app');
    await tamper.end();
    expect(await check()).toEqual({
      said: 'I6: the application may delete journal_entries\n{"snapshots":1,"violations":1}\n',
      code: 1,
    });
  });

  it('shares nothing with the product: it imports its own files and packages only', () => {
    const foreign = readdirSync(CHECKER).flatMap((name) =>
      [...readFileSync(join(CHECKER, name), 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => target.startsWith('.') && !resolve(CHECKER, target).startsWith(`${CHECKER}/`))
        .map((target) => `${name} imports ${target}`),
    );
    expect(foreign).toEqual([]);
  });
});
