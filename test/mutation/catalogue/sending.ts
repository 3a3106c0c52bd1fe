// Sending: once per permission, by whoever won it, and not after it has expired.
import type { Mutation } from '../mutation.ts';

const PAYOUT = 'test/payouts/payout.test.ts';
const SETTLES = 'sets amount and fee aside at acceptance, and settles once the provider says so';
const SUBMIT = 'src/transactions/submit.ts';
const STEP = 'migrations/20261101000014_steps.ts';
const CLIENT_TEST = 'test/provider/submit.test.ts';
const AGREES = 'a collection is sent as documented and accepted';

export const SENDING: readonly Mutation[] = [
  {
    name: 'fencing-state',
    mechanism: 'A step is written only where it was decided: by state',
    removed: 'the state in the guard of the move',
    edits: [{ file: STEP, find: ' AND t.state = s."from"', replace: '' }],
    test: PAYOUT,
    notices: ['is not sent when it was cancelled while it was being priced'],
    holds: SETTLES,
  },
  {
    name: 'fencing-attempt',
    mechanism: 'A step is written only where it was decided: by attempt',
    removed: 'the attempt number in the guard of the move',
    edits: [{ file: STEP, find: ' AND t.attempt_no = s.attempt_no', replace: '' }],
    test: PAYOUT,
    notices: ['is not called failed by what an earlier sending comes back with'],
    holds: SETTLES,
  },
  {
    name: 'intent-commit',
    mechanism: 'The attempt is committed before anything is sent',
    removed: 'the order: it is sent first and stamped afterwards',
    edits: [
      {
        file: SUBMIT,
        find: 'prepared.send({ sendBefore: stampedFrom + ctx.config.SEND_WINDOW_MS })',
        replace: 'Promise.resolve(early)',
      },
      {
        file: SUBMIT,
        find: 'const stampedFrom = performance.now();',
        replace: 'const early = await prepared.send({ sendBefore: performance.now() + ctx.config.SEND_WINDOW_MS });',
      },
    ],
    test: PAYOUT,
    notices: [
      'is committed as an attempt before a byte of it leaves',
      'is sent once by ten workers at the same moment',
    ],
    holds: SETTLES,
  },
  {
    name: 'lookup-first',
    mechanism: 'An open attempt is looked up, never sent again',
    removed: 'the look-up, the stamp only from accepted, the machine that knows no such move, and the one open attempt',
    edits: [
      {
        file: 'src/transactions/advance.ts',
        find: "    case 'accepted':",
        replace: "    case 'accepted':\n    case 'submitting':",
      },
      { file: SUBMIT, find: "from: 'accepted',", replace: 'from: transaction.state,' },
      {
        file: 'src/transactions/states.ts',
        find: "to: ['submitted', 'accepted', 'failed', 'in_review']",
        replace: "to: ['submitting', 'submitted', 'accepted', 'failed', 'in_review']",
      },
      {
        file: 'migrations/20261101000004_transactions.ts',
        find: 'CREATE UNIQUE INDEX attempts_one_open',
        replace: 'CREATE INDEX attempts_one_open',
      },
    ],
    test: PAYOUT,
    notices: ['is looked up and adopted, and never sent again'],
    holds: SETTLES,
  },
  {
    name: 'one-open-attempt',
    mechanism: 'One open attempt per payment, in the database itself',
    removed: 'the unique index on attempts without a verdict',
    edits: [
      {
        file: 'migrations/20261101000004_transactions.ts',
        find: 'CREATE UNIQUE INDEX attempts_one_open',
        replace: 'CREATE INDEX attempts_one_open',
      },
    ],
    test: PAYOUT,
    notices: ['is given no second permission by the database while the first is open'],
    holds: SETTLES,
  },
  {
    name: 'send-window',
    mechanism: 'Permission to send expires',
    removed: 'the end of the send window',
    edits: [
      {
        file: SUBMIT,
        find: 'stampedFrom + ctx.config.SEND_WINDOW_MS',
        replace: 'Number.POSITIVE_INFINITY',
      },
    ],
    test: PAYOUT,
    notices: ['is refused by the client when the stamp was committed too long ago'],
    holds: SETTLES,
  },
  {
    name: 'last-moment',
    mechanism: 'The client looks at the permission before the first byte',
    removed: 'its look at the clock',
    edits: [
      {
        file: 'src/provider/eversend/client.ts',
        find: 'performance.now() > request.sendBefore',
        replace: 'performance.now() < 0',
      },
    ],
    test: CLIENT_TEST,
    notices: ['not a byte is written after it', 'it is asked again at the last moment'],
    holds: AGREES,
  },
  {
    name: 'quotation-end',
    mechanism: 'A quotation near its end is not used',
    removed: 'the quotation’s end in the permission',
    edits: [
      {
        file: 'src/provider/eversend/adapter.ts',
        find: 'Math.min(permission.sendBefore, ends - config.QUOTATION_MARGIN_MS)',
        replace: 'permission.sendBefore',
      },
    ],
    test: CLIENT_TEST,
    notices: ['a quotation near its end is not used'],
    holds: AGREES,
  },
  {
    name: 'lease',
    mechanism: 'Nobody looks up what its sender still owns',
    removed: 'the date in the way of a look-up',
    edits: [
      {
        file: 'src/transactions/advance.ts',
        find: 'loaded.isDue || ring.insists ? look',
        replace: 'loaded.transaction.id ? look',
      },
    ],
    test: PAYOUT,
    notices: ['is not looked up while its sender still has the lease'],
    holds: SETTLES,
  },
  {
    name: 'lease-renewal',
    mechanism: 'A slow call keeps its lease',
    removed: 'the renewal',
    edits: [{ file: SUBMIT, find: 'ctx.config.LEASE_MS / 2', replace: '2 ** 30' }],
    test: PAYOUT,
    notices: ['keeps its sender’s lease for as long as the call is open'],
    holds: SETTLES,
  },
  {
    name: 'retry-after',
    mechanism: 'Nobody sends earlier than the provider asked',
    removed: 'the wait it asked for',
    edits: [
      {
        file: SUBMIT,
        find: 'return Math.max(wait, retryAfterMs ?? 0);',
        replace: 'return wait + 0 * (retryAfterMs ?? 0);',
      },
    ],
    test: PAYOUT,
    notices: ['waits for as long as the provider asks, and a quotation that cannot be had uses no attempt'],
    holds: SETTLES,
  },
  {
    name: 'provider-float',
    mechanism: 'A payout the provider’s wallet does not cover is not sent',
    removed: 'the look at the provider’s wallet',
    edits: [
      { file: 'src/payouts/flow.ts', find: '!(await providerCovers(', replace: '!(await ((..._: unknown[]) => true)(' },
    ],
    test: PAYOUT,
    notices: ['waits, and goes to a person when patience is spent'],
    holds: SETTLES,
  },
  {
    name: 'recovery-switch',
    mechanism: 'Nothing is sent while a recovery is open, whatever a process believes',
    removed: 'the trigger that refuses the attempt',
    edits: [
      {
        file: 'migrations/20261101000015_recoveries.ts',
        find: 'IF EXISTS (SELECT 1 FROM public.recoveries WHERE finished_at IS NULL)',
        replace: 'IF false',
      },
    ],
    test: 'test/reconciliation/recovery.test.ts',
    notices: ['nothing is sent, even by a process that has not noticed yet'],
    holds: 'a payout cannot be cancelled: it may have been paid',
  },
];
