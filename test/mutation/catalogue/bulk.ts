// Bulks: every row paid once at most, nothing held twice, nothing retried that may have been paid, no file that runs as a program.
import type { Mutation } from '../mutation.ts';

const TEST = 'test/payouts/bulk/bulk.test.ts';
const HOLDS = 'makes payouts of the good rows and names what is wrong with the others';
const RETRY = 'src/payouts/bulk/retry.ts';

export const BULK: readonly Mutation[] = [
  {
    name: 'bulk-hold',
    mechanism: 'A file that is paid whole has all its money set aside first',
    removed: 'the entry that holds it',
    edits: [
      {
        file: 'src/payouts/bulk/create.ts',
        find: 'if (hold !== null) await post(trx, hold.entries);',
        replace: '',
      },
    ],
    test: TEST,
    notices: ['has all its money set aside before the first payout is made'],
    holds: HOLDS,
  },
  {
    name: 'bulk-give-over',
    mechanism: 'What a bulk held for a row is given over to its payout in one commit',
    removed: 'the release before the acceptance',
    edits: [
      {
        file: 'src/payouts/bulk/work.ts',
        find: "await releaseRows(trx, { bulkId: id, step: `accept:${first.number}`, actor: 'worker', rows });",
        replace: '',
      },
    ],
    test: TEST,
    notices: ['has all its money set aside before the first payout is made'],
    holds: HOLDS,
  },
  {
    name: 'bulk-whole',
    mechanism: 'A file that is paid whole has no wrong row',
    removed: 'the refusal of the file',
    edits: [
      {
        file: 'src/payouts/bulk/create.ts',
        find: "if (of.hold === 'total') refuseBadRows(drafts);",
        replace: 'void refuseBadRows;',
      },
    ],
    test: TEST,
    notices: ['is refused with every wrong row named'],
    holds: HOLDS,
  },
  {
    name: 'bulk-rung',
    mechanism: 'Nobody forgets a bulk',
    removed: 'the sweep of bulks',
    edits: [{ file: 'workers/sweep.ts', find: "table: 'bulks'", replace: "table: 'webhook_events'" }],
    test: TEST,
    notices: ['never forgets a bulk'],
    holds: HOLDS,
  },
  {
    name: 'retry-failed',
    mechanism: 'Only what has provably failed is tried again',
    removed: 'the state that allows it',
    edits: [{ file: RETRY, find: "t.state = 'failed' AND NOT EXISTS", replace: "t.state <> 'settled' AND NOT EXISTS" }],
    test: TEST,
    notices: ['is tried once more, each row as a new payout, and nothing else is'],
    holds: HOLDS,
  },
  {
    name: 'retry-doubt',
    mechanism: 'What somebody doubts is not tried again',
    removed: 'the look at open cases',
    edits: [{ file: RETRY, find: 'WHERE c.subject = t.id AND c.resolved_at IS NULL)', replace: 'WHERE false)' }],
    test: TEST,
    notices: ['stays as it is where somebody doubts it'],
    holds: HOLDS,
  },
  {
    name: 'retry-stranger',
    mechanism: 'What went out under the reference of a failed payout is not paid again',
    removed: 'the look at cases about operations of the provider',
    edits: [
      {
        file: RETRY,
        find: "WHERE c.transaction_id IS NULL AND c.evidence->>'reference' = t.id",
        replace: 'WHERE false',
      },
    ],
    test: TEST,
    notices: ['stays as it is where money went out under its reference after all'],
    holds: HOLDS,
  },
  {
    name: 'retry-late',
    mechanism: 'A late success keeps the new round from being paid',
    removed: 'the verdict on a row whose earlier try is doubted',
    edits: [{ file: 'src/payouts/bulk/work.ts', find: 'AND NOT (${RETRIABLE})) AS', replace: 'AND false) AS' }],
    test: TEST,
    notices: ['is not paid by its new round when the earlier one succeeds while that waits'],
    holds: HOLDS,
  },
  {
    name: 'csv-formula',
    mechanism: 'No cell of a file is a formula',
    removed: 'the apostrophe',
    edits: [{ file: 'src/csv.ts', find: "DANGEROUS.test(text) ? `'${text}` : text", replace: 'text' }],
    test: 'test/properties/csv.test.ts',
    notices: ['lines are read back cell by cell'],
    holds: 'a file’s name holds nothing that could end it or lead elsewhere',
  },
];
