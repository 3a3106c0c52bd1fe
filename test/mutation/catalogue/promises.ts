// Promises about single payouts: approved before it is sent, not sent before its time, and never more given back than came in.
import type { Mutation } from '../mutation.ts';

const ACCEPTING = 'migrations/20261101000013_acceptance.ts';
const APPROVAL_TEST = 'test/payouts/approval.test.ts';
const AWAITS = 'awaits approval with its money held, rings nobody, and is answered so, again too';
const REFUND_TEST = 'test/payouts/refund.test.ts';
const REFUNDS = 'names somebody where the payer’s name is unknown';
const SCHEDULE_TEST = 'test/payouts/schedule.test.ts';
const SCHEDULED = 'is rung and sent once its time has come, by the database’s clock';
const STEPS = 'migrations/20261101000014_steps.ts';
const STAMP = {
  file: STEPS,
  find: 's.opens IS NOT TRUE OR t.scheduled_at IS NULL',
  replace: 'true OR t.scheduled_at IS NULL',
};

export const PROMISES: readonly Mutation[] = [
  {
    name: 'approval-limit',
    mechanism: 'A payout above the limit awaits approval',
    removed: 'what the same account got within the day',
    edits: [{ file: ACCEPTING, find: 'coalesce(j.paid_minor, 0) + j.erased_minor', replace: '0' }],
    test: APPROVAL_TEST,
    notices: ['is one whose amount alone, or with what the same account got within a day, exceeds it'],
    holds: AWAITS,
  },
  {
    name: 'approval-day',
    mechanism: 'Payouts of a day above the daily limit await approval',
    removed: 'what the merchant paid within the day',
    edits: [{ file: ACCEPTING, find: 'j.day_minor + j.in_all', replace: '0 * j.day_minor + j.in_all' }],
    test: APPROVAL_TEST,
    notices: ['is one that with all of the merchant’s payouts within a day exceeds the daily limit'],
    holds: AWAITS,
  },
  {
    name: 'approval-batch',
    mechanism: 'Payouts of one commit count against the limit together',
    removed: 'the others of the batch',
    edits: [
      {
        file: ACCEPTING,
        find: 'OVER (PARTITION BY i.merchant, i.currency, i.account ORDER BY i.n) AS to_account',
        replace: 'OVER (PARTITION BY i.merchant, i.currency, i.account, i.n) AS to_account',
      },
    ],
    test: APPROVAL_TEST,
    notices: ['of one process never pass the limit together'],
    holds: AWAITS,
  },
  {
    name: 'approval-race',
    mechanism: 'Processes that race are judged one after the other',
    removed: 'the lock on the limit',
    edits: [{ file: ACCEPTING, find: ' FOR NO KEY UPDATE OF l) locked', replace: ') locked' }],
    test: APPROVAL_TEST,
    notices: ['of many processes cannot be split under the limit'],
    holds: AWAITS,
  },
  {
    name: 'approval-other-key',
    mechanism: 'A second pair of eyes approves',
    removed: 'the comparison with whoever asked',
    edits: [{ file: 'src/payouts/approve.ts', find: 'await areOneHand(ctx.db, creator, actor)', replace: 'false' }],
    test: APPROVAL_TEST,
    notices: ['never comes from the key that asked for it'],
    holds: AWAITS,
  },
  {
    name: 'approval-end',
    mechanism: 'A failing bell does not end an approval’s time',
    removed: 'the exception for what is not due',
    edits: [
      {
        file: 'src/transactions/stumble.ts',
        find: "transaction.state === 'awaiting_approval' && !isDue",
        replace: 'false && !isDue',
      },
    ],
    test: APPROVAL_TEST,
    notices: ['keeps its time when a bell fails'],
    holds: AWAITS,
  },
  {
    name: 'not-before-bell',
    mechanism: 'Nothing is sent before its scheduled time, whatever rings',
    removed: 'the scheduled time, from the reading and from the stamp',
    edits: [
      {
        file: 'src/transactions/transaction.ts',
        find: "t.state <> 'accepted' OR t.scheduled_at IS NULL",
        replace: 'true OR t.scheduled_at IS NULL',
      },
      STAMP,
    ],
    test: SCHEDULE_TEST,
    notices: ['is not sent before its time by any bell'],
    holds: SCHEDULED,
  },
  {
    name: 'not-before-stamp',
    mechanism: 'The database opens no attempt before the scheduled time',
    removed: 'the scheduled time in the guard of the stamp',
    edits: [STAMP],
    test: SCHEDULE_TEST,
    notices: ['gets no attempt before its time, whatever a process believes'],
    holds: SCHEDULED,
  },
  {
    name: 'not-before-date',
    mechanism: 'No wait of a scheduled payout ends before its time',
    removed: 'the scheduled time in the next date',
    edits: [
      {
        file: STEPS,
        find: "greatest(now() + s.due_in_ms * interval '1 millisecond', t.scheduled_at)",
        replace: "now() + s.due_in_ms * interval '1 millisecond'",
      },
    ],
    test: SCHEDULE_TEST,
    notices: ['keeps its time when a worker fails on it again and again'],
    holds: SCHEDULED,
  },
  {
    name: 'refund-cap',
    mechanism: 'Refunds come to no more than was collected',
    removed: 'what was refunded before',
    edits: [
      {
        file: ACCEPTING,
        find: 't.amount_minor - coalesce((SELECT sum(b.amount_minor)',
        replace: 't.amount_minor - 0 * coalesce((SELECT sum(b.amount_minor)',
      },
    ],
    test: REFUND_TEST,
    notices: ['of a part leaves the rest', 'come to no more than was collected, all together'],
    holds: REFUNDS,
  },
  {
    name: 'refund-gone-back',
    mechanism: 'What went back to the payer by itself is not refunded too',
    removed: 'the look at the collection before each sending',
    edits: [
      {
        file: 'src/payouts/flow.ts',
        find: 'if (transaction.refundOf !== null && (await',
        replace: 'if (false && (await',
      },
    ],
    test: REFUND_TEST,
    notices: ['is not sent any more once its collection went back'],
    holds: REFUNDS,
  },
  {
    name: 'refund-batch',
    mechanism: 'Refunds of one commit are counted together',
    removed: 'the others of the batch',
    edits: [{ file: ACCEPTING, find: "WHEN r.together > r.rest THEN 'again'", replace: "WHEN false THEN 'again'" }],
    test: REFUND_TEST,
    notices: ['come to no more than was collected, all together'],
    holds: REFUNDS,
  },
  {
    name: 'refund-race',
    mechanism: 'Refunds of processes that race are judged one after the other',
    removed: 'the lock on the collection',
    edits: [
      {
        file: ACCEPTING,
        find: 'PERFORM id FROM transactions WHERE id = ANY(refund_ofs) ORDER BY id FOR NO KEY UPDATE;',
        replace: 'NULL;',
      },
    ],
    test: REFUND_TEST,
    notices: ['are judged one after the other by many processes'],
    holds: REFUNDS,
  },
  {
    name: 'refund-settled',
    mechanism: 'Only what came in, and stayed, is given back',
    removed: 'the state of the collection at acceptance',
    edits: [{ file: ACCEPTING, find: "r.state IS DISTINCT FROM 'settled'", replace: 'r.state IS NULL' }],
    test: REFUND_TEST,
    notices: ['is only for a collection of one’s own that is settled'],
    holds: REFUNDS,
  },
];
