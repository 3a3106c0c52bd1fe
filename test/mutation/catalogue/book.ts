// The book: balanced, booked once, never rewritten, and nobody below zero.
import type { Mutation } from '../mutation.ts';

const TEST = 'test/ledger/ledger.test.ts';
const HOLDS = 'shows every line of a wallet with its running balance';
const LEDGER = 'migrations/20261101000005_ledger.ts';
const TRANSACTIONS = 'migrations/20261101000004_transactions.ts';

export const BOOK: readonly Mutation[] = [
  {
    name: 'entry-reference',
    mechanism: 'A step is booked once',
    removed: 'the unique reference of journal entries',
    edits: [{ file: LEDGER, find: 'entry_reference NOT NULL UNIQUE', replace: 'entry_reference NOT NULL' }],
    test: TEST,
    notices: ['refuses a reference that was posted before'],
    holds: HOLDS,
  },
  {
    name: 'kept-for-good',
    mechanism: 'What rows name is never removed',
    removed: 'the trigger on transactions',
    edits: [
      {
        file: TRANSACTIONS,
        find: 'CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE OR UPDATE OF id, merchant_id ON transactions FOR EACH STATEMENT EXECUTE FUNCTION kept_for_good();',
        replace: '',
      },
    ],
    test: 'test/db/references.test.ts',
    notices: ['stay: nobody removes or empties transactions, not even their owner'],
    holds: 'is not found where all is well',
  },
  {
    name: 'references-looked-at',
    mechanism: 'The proof of the book looks at every reference',
    removed: 'the question about the wallet',
    edits: [
      {
        file: 'src/ledger/verify.ts',
        find: 'w.id = t.wallet_id AND w.merchant_id = t.merchant_id AND w.currency = t.currency',
        replace: 'true',
      },
    ],
    test: 'test/db/references.test.ts',
    notices: ['is found: a transaction without its wallet'],
    holds: 'is not found where all is well',
  },
  {
    name: 'transaction-stands',
    mechanism: 'A payment that failed has a reason, one that settled has its amounts, and each has its shape',
    removed: 'the rule over the whole row',
    edits: [
      {
        file: TRANSACTIONS,
        find: 'ALTER TABLE transactions ADD CONSTRAINT stands CHECK (transaction_stands(transactions));',
        replace: 'ALTER TABLE transactions ADD CONSTRAINT stands CHECK (true);',
      },
    ],
    test: 'test/db/transaction-stands.test.ts',
    notices: ['failed_has_a_reason'],
    holds: 'may be written again as it is',
  },
  {
    name: 'moment-below-zero',
    mechanism: 'No wallet is below zero even inside one batch',
    removed: 'the CHECK on running balances',
    edits: [{ file: LEDGER, find: ' CONSTRAINT wallets_cover_their_debits CHECK (balance_after >= 0)', replace: '' }],
    test: TEST,
    notices: ['never lets a wallet go below zero, not even for a moment inside one batch'],
    holds: HOLDS,
  },
  {
    name: 'ordered-locks',
    mechanism: 'Wallets are locked in one order',
    removed: 'the order: they are locked as an entry names them',
    edits: [
      {
        file: LEDGER,
        find: 'ORDER BY id FOR NO KEY UPDATE',
        replace: 'ORDER BY array_position(line_accounts, id) FOR NO KEY UPDATE',
      },
      {
        file: LEDGER,
        find: 'SELECT array_agg(l.id), array_agg(l.balance) INTO',
        replace: 'SELECT array_agg(l.id ORDER BY l.id), array_agg(l.balance ORDER BY l.id) INTO',
      },
    ],
    test: TEST,
    notices: ['lock them in one order, whichever of the two an entry names first'],
    holds: HOLDS,
  },
  {
    name: 'deferred-balance',
    mechanism: 'An entry balances when its commit comes',
    removed: 'the deferred constraint',
    edits: [
      {
        file: LEDGER,
        find: 'IF lines < 2 OR total <> 0 THEN',
        replace: 'IF false THEN',
      },
    ],
    test: TEST,
    notices: ['refuses an entry unbalanced', 'refuses an entry one-legged'],
    holds: HOLDS,
  },
  {
    name: 'closed-entries',
    mechanism: 'Nobody adds lines to an entry later',
    removed: 'the check of every posting’s entry',
    edits: [{ file: LEDGER, find: 'WHERE e.xact IS DISTINCT FROM pg_current_xact_id() OR', replace: 'WHERE' }],
    test: TEST,
    notices: ['refuses lines added to an entry after its commit'],
    holds: HOLDS,
  },
  {
    name: 'append-only-journal',
    mechanism: 'The application cannot rewrite the journal',
    removed: 'the narrow grant',
    edits: [
      {
        file: LEDGER,
        find: 'GRANT SELECT ON ledger_accounts,',
        replace: 'GRANT ALL ON ledger_accounts,',
      },
    ],
    test: TEST,
    notices: ['refuses the application role every way of rewriting or forging the book'],
    holds: HOLDS,
  },
  {
    name: 'append-only-history',
    mechanism: 'The application cannot rewrite the history',
    removed: 'the narrow grant',
    edits: [
      {
        file: TRANSACTIONS,
        find: 'GRANT SELECT, INSERT ON transaction_history',
        replace: 'GRANT ALL ON transaction_history',
      },
    ],
    test: TEST,
    notices: ['refuses the application role every way of rewriting or forging the book'],
    holds: HOLDS,
  },
  {
    name: 'roll-up-horizon',
    mechanism: 'A roll-up covers only what no running transaction can still add to',
    removed: 'the horizon',
    edits: [
      {
        file: LEDGER,
        find: 'pg_snapshot_xmin(pg_current_snapshot())',
        replace: 'pg_snapshot_xmax(pg_current_snapshot())',
      },
    ],
    test: TEST,
    notices: ['of system accounts are the same before and after a roll-up, with transactions still running'],
    holds: HOLDS,
  },
  {
    name: 'receivable',
    mechanism: 'A return takes from a wallet only what it has',
    removed: 'the receivable: the wallet gives all of it',
    edits: [
      {
        file: 'src/collections/flow.ts',
        find: 'availableMinor < creditedMinor ? availableMinor : creditedMinor',
        replace: 'creditedMinor',
      },
    ],
    test: 'test/collections/collection.test.ts',
    notices: ['takes a return out of the wallet as far as it covers, the rest receivable with a case'],
    holds: 'credits the owner with the amount less the fee, once, when the provider says it is paid',
  },
  {
    name: 'late-receivable',
    mechanism: 'A late success takes from a wallet only what it has',
    removed: 'the receivable: the wallet gives all of it',
    edits: [
      {
        file: 'src/payouts/flow.ts',
        find: 'coveredMinor === null ? amountMinor : least(coveredMinor, amountMinor)',
        replace: 'amountMinor',
      },
    ],
    test: 'test/payouts/payout.test.ts',
    notices: ['opens a case for what a late success could not take from the wallet'],
    holds: 'sets amount and fee aside at acceptance, and settles once the provider says so',
  },
  {
    name: 'suspense-in-review',
    mechanism: 'Another amount is booked also when it is found after a person was asked',
    removed: 'the look into the book: whatever is in review counts as booked',
    edits: [
      {
        file: 'src/transactions/look.ts',
        find: 'path.length === 0 && (await isPosted(ctx.db, suspended.reference)) ?',
        replace: 'path.length === 0 ?',
      },
    ],
    test: 'test/payouts/payout.test.ts',
    notices: ['has another amount booked once also when a person had been asked about it before, by whoever looks'],
    holds: 'sets amount and fee aside at acceptance, and settles once the provider says so',
  },
  {
    name: 'one-provider-id',
    mechanism: 'One payment per transaction of the provider’s',
    removed: 'the unique index on the provider’s id',
    edits: [
      {
        file: TRANSACTIONS,
        find: 'CREATE UNIQUE INDEX transactions_provider_id',
        replace: 'CREATE INDEX transactions_provider_id',
      },
    ],
    test: 'test/workers/sweep.test.ts',
    notices: ['hands a payout to a person when the provider names one transaction for two of ours'],
    holds: 'rings at once for a date that has come, and not before',
  },
];
