// The queues: whatever they lose, forget or bury is found again, and their word moves nothing.
import type { Mutation } from '../mutation.ts';

const TEST = 'test/workers/sweep.test.ts';
const HOLDS = 'rings at once for a date that has come, and not before';
const SWEEP = 'workers/sweep.ts';

export const QUEUES: readonly Mutation[] = [
  {
    name: 'sweep',
    mechanism: 'What the queue lost is rung again',
    removed: 'the question whether a bell is gone',
    edits: [{ file: SWEEP, find: 'asked.length === 0 ? []', replace: 'asked.length >= 0 ? []' }],
    test: TEST,
    notices: ['rings again, under a new generation, for what was rung and is gone from the queue'],
    holds: 'leaves a row alone whose job still hangs in the queue',
  },
  {
    name: 'sweeper',
    mechanism: 'Every worker process sweeps',
    removed: 'the daemon that does it',
    edits: [
      { file: 'workers/main.ts', find: 'runOnce: () => sweepOnce(ctx)', replace: 'runOnce: async () => sweepOnce' },
    ],
    test: 'test/scenarios/queues.test.ts',
    notices: ['pays what the queue has lost'],
    holds: 'pays what was rung',
  },
  {
    name: 'sweep-generation',
    mechanism: 'Of many sweeps at once one rings',
    removed: 'the generation in its guard',
    edits: [{ file: SWEEP, find: 'WHERE t.generation = b.generation AND', replace: 'WHERE' }],
    test: TEST,
    notices: ['rings once for a row when many processes sweep at the same moment'],
    holds: HOLDS,
  },
  {
    name: 'job-generation',
    mechanism: 'A job id is never used twice',
    removed: 'the generation in the job’s id',
    edits: [{ file: 'src/queue/bullmq.ts', find: 'bell.generation}', replace: '1}' }],
    test: 'test/queue/bullmq.test.ts',
    notices: ['the same bell again adds nothing; the next generation always does'],
    holds: 'a bell is a job that carries its id and nothing else',
  },
  {
    name: 'other-queue',
    mechanism: 'The row says whether it is a payout or a collection, not the queue',
    removed: 'the comparison of the row with the queue’s flow',
    edits: [
      { file: 'src/transactions/advance.ts', find: 'loaded.transaction.type !== flow.type', replace: 'flow === null' },
    ],
    test: TEST,
    notices: ['leaves a payout alone that somebody put into the queue of collections'],
    holds: HOLDS,
  },
  {
    name: 'poison',
    mechanism: 'What our own code fails on again and again goes to a person',
    removed: 'the end of trying',
    edits: [{ file: 'src/transactions/stumble.ts', find: 'const STUCK_AFTER = 8', replace: 'const STUCK_AFTER = 8e9' }],
    test: TEST,
    notices: ['hands a row on which our own code always fails to a person, and the others go on'],
    holds: HOLDS,
  },
  {
    name: 'clean-end',
    mechanism: 'A process in an unknown state ends, and its leases with it',
    removed: 'the end on an error nobody caught',
    edits: [
      {
        file: 'src/process.ts',
        find: "process.on('uncaughtException', onBug)",
        replace: "process.on('uncaughtException', () => {})",
      },
    ],
    test: 'test/process.test.ts',
    notices: ['in which an error is thrown in a timer says so once and ends with 1'],
    holds: 'that cannot close what it opened ends with 1 all the same',
    mayHang: true,
  },
  {
    name: 'due-date',
    mechanism: 'Nothing unfinished is without a date',
    removed: 'the CHECK on due_at',
    edits: [
      {
        file: 'migrations/20261101000004_transactions.ts',
        find: '= (due_at IS NULL))',
        replace: '= (due_at IS NULL) OR true)',
      },
    ],
    test: TEST,
    notices: ['finds every unfinished row, since the database takes none without a date'],
    holds: HOLDS,
  },
];
