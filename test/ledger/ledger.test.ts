// The ledger: balanced, guarded, append-only, and provable from its postings alone.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction, openDatabase } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { lockAvailable, rollUp, trialBalance, walletBalances } from '../../src/ledger/balances.ts';
import { entry, isPosted, type Move } from '../../src/ledger/journal.ts';
import { availableAccount, heldAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { columnsOf, post } from '../../src/ledger/post.ts';
import { statement } from '../../src/ledger/statement.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const posting = (moves: Move[], reference = newId('journalEntry'), currency = 'UGX', kind = 'test') =>
  inTransaction(world.db, (trx) => post(trx, [entry({ reference, kind, currency, actor: 'test', moves })]));

describe('post()', () => {
  it('refuses a reference that was posted before, and books nothing of it', async () => {
    const wallet = await world.fund('UGX', 1000n);
    const moves = [{ from: availableAccount(wallet), to: heldAccount(wallet), amountMinor: 100n }];
    await posting(moves, 'po1:hold');
    await expect(posting(moves, 'po1:hold')).rejects.toMatchObject({ code: 'conflict' });
    expect((await walletBalances(world.db, [wallet])).get(wallet)).toEqual({ availableMinor: 900n, heldMinor: 100n });
  });

  it('never lets a wallet go below zero, not even for a moment inside one batch', async () => {
    const wallet = await world.fund('UGX', 100n);
    const take = (amountMinor: bigint) => ({
      from: availableAccount(wallet),
      to: systemAccount('capital', 'UGX'),
      amountMinor,
    });
    await expect(posting([take(101n)])).rejects.toMatchObject({ code: 'insufficient_funds' });
    await expect(
      inTransaction(world.db, (trx) =>
        post(trx, [
          entry({ reference: 'a:1', kind: 'test', currency: 'UGX', actor: 'test', moves: [take(101n)] }),
          entry({
            reference: 'a:2',
            kind: 'test',
            currency: 'UGX',
            actor: 'test',
            moves: [{ from: systemAccount('capital', 'UGX'), to: availableAccount(wallet), amountMinor: 50n }],
          }),
        ]),
      ),
    ).rejects.toMatchObject({ code: 'insufficient_funds' });
    expect((await walletBalances(world.db, [wallet])).get(wallet)?.availableMinor).toBe(100n);
  });

  it('moves money both ways between two wallets from many hands without losing any or deadlocking', async () => {
    const [a, b] = [await world.fund('UGX', 100_000n, 'a'), await world.fund('UGX', 100_000n, 'b')];
    const move = (from: string, to: string) =>
      posting([{ from: availableAccount(from), to: availableAccount(to), amountMinor: 10n }]);
    await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? move(a, b) : move(b, a))));
    const balances = await walletBalances(world.db, [a, b]);
    expect(balances.get(a)?.availableMinor).toBe(100_000n);
    expect((await verifyLedger(world.db)).problems).toEqual([]);
  });
});

describe('two payments of the same two wallets', () => {
  const WAITING = `
    SELECT count(*)::int AS all, count(*) FILTER (WHERE l.transactionid = ?::xid)::int AS for_first
    FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.datname = current_database() AND NOT l.granted`;

  it('lock them in one order, whichever of the two an entry names first', async () => {
    const [a = '', b = ''] = [await world.fund('UGX', 1000n, 'a'), await world.fund('UGX', 1000n, 'b')].toSorted();
    const [holdsA, holdsB] = [await world.db.transaction(), await world.db.transaction()];
    await lockAvailable(holdsA, a);
    await lockAvailable(holdsB, b);
    const first: string = (await holdsA.raw('SELECT pg_current_xact_id()::xid::text AS id')).rows[0].id;
    // Not through inTransaction, which would quietly try again what a deadlock had ended.
    const move = (from: string, to: string) => {
      const moves = [{ from: availableAccount(from), to: availableAccount(to), amountMinor: 10n }];
      const reference = newId('journalEntry');
      return world.db.transaction((trx) =>
        post(trx, [entry({ reference, kind: 'test', currency: 'UGX', actor: 'test', moves })]),
      );
    };
    const bothWait = (isForFirst: boolean) => async () => {
      const [waiting] = (await world.db.raw(WAITING, [first])).rows;
      return waiting.all === 2 && waiting.for_first > 0 === isForFirst;
    };
    const moving = Promise.all([move(a, b), move(b, a)]);
    await until(bothWait(true), 'both wait, one of them for the first wallet');
    await holdsA.commit();
    await until(bothWait(false), 'whoever has the first wallet now waits for the second');
    await holdsB.commit();
    await moving;
    expect((await verifyLedger(world.db)).problems).toEqual([]);
  });
});

describe('an entry', () => {
  const moves = (amountMinor: bigint): Move[] => [{ from: 'capital:UGX', to: 'suspense:UGX', amountMinor }];

  it('is made of moves that move something, none of them backwards', async () => {
    await expect(async () => posting(moves(-1n))).rejects.toThrow(/negative/);
    await expect(async () => posting(moves(0n))).rejects.toThrow(/moves nothing/);
    await expect(async () =>
      posting([...moves(5n), { ...moves(5n)[0]!, from: 'suspense:UGX', to: 'capital:UGX' }]),
    ).rejects.toThrow(/moves nothing/);
  });

  it('that does not balance never reaches the database', () => {
    const sound = entry({ reference: 'a:1', kind: 'test', currency: 'UGX', actor: 'test', moves: moves(5n) });
    const [first, second] = sound.postings;
    expect(() => columnsOf([{ ...sound, postings: [first!, [second![0], 6n]] }])).toThrow(/does not balance/);
  });

  it('is known by its reference from the moment it is in the book', async () => {
    expect(await isPosted(world.db, 'a:1')).toBe(false);
    await posting(moves(5n), 'a:1');
    expect(await isPosted(world.db, 'a:1')).toBe(true);
  });

  it('on an account that does not exist is an error of ours, not of the caller', async () => {
    await expect(posting([{ from: 'capital:UGX', to: 'nobody:UGX', amountMinor: 5n }])).rejects.toMatchObject({
      code: 'EV004',
    });
  });
});

describe('the database itself', () => {
  const insertRaw = (sql: string) => expect(world.db.raw(sql)).rejects.toThrow();

  it('refuses the application role every way of rewriting or forging the book', async () => {
    const wallet = await world.fund('UGX', 1000n);
    for (const table of ['journal_entries', 'postings', 'ledger_accounts', 'ledger_rollups']) {
      await expect(
        world.db.raw(
          `UPDATE ${table} SET ${table === 'postings' || table === 'ledger_rollups' ? 'amount = 1' : "currency = 'KES'"}`,
        ),
      ).rejects.toThrow(/permission denied/);
      await expect(world.db.raw(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/);
      await expect(world.db.raw(`TRUNCATE ${table} CASCADE`)).rejects.toThrow(/permission denied/);
    }
    for (const table of ['transaction_history', 'audit_log', 'earnings', 'fee_schedules']) {
      await expect(world.db.raw(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/);
      await expect(
        world.db.raw(
          `UPDATE ${table} SET ${table === 'earnings' ? 'amount_minor = 1' : table === 'fee_schedules' ? 'version = 9' : "actor = 'x'"}`,
        ),
      ).rejects.toThrow(/permission denied/);
    }
    await expect(
      world.db.raw(`INSERT INTO postings (entry_id, line, account_id, amount) VALUES ('x', 1, 'capital:UGX', 1)`),
    ).rejects.toThrow(/permission denied/);
    await expect(world.db.raw(`UPDATE ledger_accounts SET balance = 5 WHERE wallet_id = '${wallet}'`)).rejects.toThrow(
      /permission denied/,
    );
    await insertRaw(`ALTER TABLE postings DISABLE TRIGGER ALL`);
    await insertRaw(`DROP TRIGGER postings_belong ON postings`);
  });

  const forged = (postings: string[][], currency = 'UGX') => {
    const id = newId('journalEntry');
    const [accounts, amounts] = [0, 1].map((part) => postings.map((posting) => posting[part]));
    const lines = postings.map(() => id);
    return world.db.raw(
      'SELECT post_entries(ARRAY[:id], ARRAY[:id], :kind, ARRAY[:currency], NULL, NULL, :actor, :lines, :accounts, :amounts)',
      { id, kind: ['forged'], currency, actor: ['x'], lines, accounts, amounts } as unknown as string[],
    );
  };

  it('takes a sound entry through the posting function, so that what follows is refused for what is wrong with it', async () => {
    await forged([
      ['capital:UGX', '1'],
      ['suspense:UGX', '-1'],
    ]);
    expect(await verifyLedger(world.db)).toMatchObject({ entries: 1, problems: [] });
  });

  it.each([
    [
      'unbalanced',
      [
        ['capital:UGX', '1'],
        ['suspense:UGX', '1'],
      ],
    ],
    ['one-legged', [['capital:UGX', '1']]],
    ['empty', []],
    [
      'of zero',
      [
        ['capital:UGX', '0'],
        ['suspense:UGX', '0'],
      ],
    ],
    [
      'across currencies',
      [
        ['capital:UGX', '1'],
        ['suspense:KES', '-1'],
      ],
    ],
    [
      'with a fraction',
      [
        ['capital:UGX', '1.5'],
        ['suspense:UGX', '-1.5'],
      ],
    ],
    [
      'with NaN',
      [
        ['capital:UGX', 'NaN'],
        ['suspense:UGX', 'NaN'],
      ],
    ],
    [
      'on an account that does not exist',
      [
        ['capital:UGX', '1'],
        ['nobody:UGX', '-1'],
      ],
    ],
  ])('refuses an entry %s even through the posting function', async (_, postings) => {
    await expect(forged(postings)).rejects.toThrow();
    expect((await verifyLedger(world.db)).entries).toBe(0);
  });

  it('reads the real book when it checks, not a table of the session’s own', async () => {
    const wallet = await world.fund('UGX', 100n);
    const id = newId('journalEntry');
    const forging = world.db.transaction(async (trx) => {
      await trx.raw('CREATE TEMP TABLE postings (entry_id text, amount bigint)');
      await trx.raw('INSERT INTO pg_temp.postings VALUES (:id, 5), (:id, -5)', { id });
      await trx.raw(
        'SELECT post_entries(ARRAY[:id], ARRAY[:id], :kind, :currency, NULL, NULL, :kind, ARRAY[:id], :account, :amount)',
        {
          id,
          kind: ['x_x'],
          currency: ['UGX'],
          account: [`${wallet}:available`],
          amount: ['1000000'],
        } as unknown as string[],
      );
    });
    await expect(forging).rejects.toThrow(/does not balance/);
    expect((await walletBalances(world.db, [wallet])).get(wallet)?.availableMinor).toBe(100n);
  });

  it('refuses lines added to an entry after its commit, even from the owner of the tables, even balanced', async () => {
    await world.fund('UGX', 1000n);
    const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 2, onError: () => {}, role: null });
    const id = (await owner('journal_entries').first())?.id;
    const add = owner.raw(
      `INSERT INTO postings (entry_id, line, account_id, amount) VALUES ('${id}', 8, 'capital:UGX', 1), ('${id}', 9, 'suspense:UGX', -1)`,
    );
    await expect(add).rejects.toThrow(/cannot be added to/);
    await owner.destroy();
  });

  it('shows an altered byte: the verdict names the entry, the account and the roll-up', async () => {
    const wallet = await world.fund('UGX', 1000n);
    const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 2, onError: () => {}, role: null });
    await owner.raw(`UPDATE postings SET amount = 2000 WHERE account_id = '${wallet}:available'`);
    const verdict = await verifyLedger(world.db);
    expect(verdict.ok).toBe(false);
    expect(verdict.problems.join('\n')).toMatch(/does not balance[\s\S]*is not the sum of its postings/);
    await owner.destroy();
  });
});

describe('balances', () => {
  it('of wallets that are not there are absent, and nothing is available in them', async () => {
    expect(await walletBalances(world.db, ['wa0'])).toEqual(new Map());
    expect(await inTransaction(world.db, (trx) => lockAvailable(trx, 'wa0'))).toBe(0n);
  });

  it('of system accounts are the same before and after a roll-up, with transactions still running', async () => {
    const wallet = await world.fund('UGX', 1000n);
    const open = await world.db.transaction();
    await post(open, [
      entry({
        reference: 'slow',
        kind: 'test',
        currency: 'UGX',
        actor: 'test',
        moves: [{ from: systemAccount('capital', 'UGX'), to: availableAccount(wallet), amountMinor: 7n }],
      }),
    ]);
    await posting([{ from: systemAccount('capital', 'UGX'), to: systemAccount('suspense', 'UGX'), amountMinor: 5n }]);
    await rollUp(world.db);
    await open.commit();
    const of = async (account: string) =>
      (await trialBalance(world.db)).find((row) => row.currency === 'UGX' && row.account === account)?.balanceMinor;
    expect(await of('capital')).toBe(-1012n);
    await rollUp(world.db);
    expect(await of('capital')).toBe(-1012n);
    expect((await verifyLedger(world.db)).problems).toEqual([]);
  });

  it('add up to zero in every currency over any history of moves', async () => {
    const wallets = [
      await world.fund('UGX', 1000n, 'x'),
      await world.fund('UGX', 1000n, 'y'),
      await world.fund('KES', 500n, 'z'),
    ] as const;
    const accounts = [...wallets.slice(0, 2).map(availableAccount), 'capital:UGX', 'provider:UGX'];
    const move = fc.record({
      from: fc.constantFrom(...accounts),
      to: fc.constantFrom(...accounts),
      amountMinor: fc.bigInt(1n, 600n),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 6 }), async (moves) => {
        await posting(moves.filter((one) => one.from !== one.to)).catch((error: { code?: string }) => {
          expect(['insufficient_funds', 'internal_error']).toContain(error.code);
        });
      }),
      { numRuns: 40 },
    );
    const sums = new Map<string, bigint>();
    for (const row of await trialBalance(world.db))
      sums.set(row.currency, (sums.get(row.currency) ?? 0n) + row.balanceMinor);
    expect([...sums.values()].every((sum) => sum === 0n)).toBe(true);
    expect((await verifyLedger(world.db)).problems).toEqual([]);
  });
});

describe('a statement', () => {
  it('shows every line of a wallet with its running balance, newest first, page by page', async () => {
    const wallet = await world.fund('UGX', 1000n);
    for (let n = 0; n < 5; n += 1)
      await posting([{ from: availableAccount(wallet), to: heldAccount(wallet), amountMinor: 10n }]);
    const first = await statement(world.db, { walletId: wallet, before: null, limit: 6 });
    const rest = await statement(world.db, { walletId: wallet, before: first.at(-1)?.position ?? null, limit: 100 });
    const available = [...first, ...rest]
      .filter((line) => line.account === 'available')
      .map((line) => line.balanceMinor);
    expect(available).toEqual([950n, 960n, 970n, 980n, 990n, 1000n]);
  });
});
