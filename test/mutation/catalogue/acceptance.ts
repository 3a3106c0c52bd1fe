// Acceptance: one key, one payment; never more set aside than there is.
import type { Mutation } from '../mutation.ts';

const TEST = 'test/transactions/accept.test.ts';
const HOLDS = 'gives the first answer again, byte for byte';
const STORED = 'src/transactions/stored-answer.ts';
const ACCEPTING = 'migrations/20261101000013_acceptance.ts';

export const ACCEPTANCE: readonly Mutation[] = [
  {
    name: 'idempotency-key',
    mechanism: 'One row per idempotency key',
    removed: 'the primary key of idempotency_keys',
    edits: [
      {
        file: 'migrations/20261101000008_idempotency_keys.ts',
        find: 'now(),\n      PRIMARY KEY (merchant_id, route, key)',
        replace: 'now()',
      },
    ],
    test: TEST,
    notices: ['has one row in the database, whoever writes'],
    holds: HOLDS,
  },
  {
    name: 'idempotency-lock',
    mechanism: 'Twins are told to come back, and neither waits',
    removed: 'the advisory lock of a key',
    edits: [{ file: ACCEPTING, find: "WHEN NOT d.mine THEN 'running'", replace: "WHEN false THEN 'running'" }],
    test: TEST,
    notices: ['is told to come back while its twin is being accepted, and does not wait for it'],
    holds: HOLDS,
  },
  {
    name: 'twin-again',
    mechanism: 'A twin that was faster than our look is seen at the second',
    removed: 'the second look',
    edits: [{ file: ACCEPTING, find: "verdicts[i] := 'again'", replace: "verdicts[i] := 'insufficient_funds'" }],
    test: TEST,
    notices: ['is looked at again when a twin’s commit fell between our look at it and our lock'],
    holds: HOLDS,
  },
  {
    name: 'graceful-stop',
    mechanism: 'A stopping API answers what it has accepted',
    removed: 'the grace for what runs',
    edits: [
      { file: 'src/server.ts', find: 'listening.close(config.SHUTDOWN_GRACE_MS)', replace: 'listening.close(0)' },
    ],
    test: 'test/http/server.test.ts',
    notices: ['what it has accepted when it is asked to stop is answered, and nothing else is accepted'],
    holds: 'it says when it is ready, serves, and ends with 0 when asked to',
  },
  {
    name: 'request-hash',
    mechanism: 'A key stands for one body',
    removed: 'the comparison of the request with the first one',
    edits: [
      {
        file: STORED,
        find: 'opened.requestHash !== request.requestHash',
        replace: 'opened.requestHash.length === 0',
      },
    ],
    test: TEST,
    notices: ['is refused with another body'],
    holds: HOLDS,
  },
  {
    name: 'frozen-wallet',
    mechanism: 'A frozen wallet gives nothing',
    removed: 'the refusal at acceptance',
    edits: [{ file: ACCEPTING, find: 'WHEN d.frozen THEN', replace: 'WHEN false THEN' }],
    test: TEST,
    notices: ['is not taken from a frozen wallet'],
    holds: HOLDS,
  },
  {
    name: 'young-tables',
    mechanism: 'What a batch reads does not grow with the tables',
    removed: 'the setting by which nobody reads a whole index into memory',
    edits: [{ file: 'src/db/knex.ts', find: "  'SET enable_material = off',\n", replace: '' }],
    test: 'test/db/plans.test.ts',
    notices: ['accepting asks for the keys of its batch, not for all that were ever used'],
    holds: 'a step asks for the attempts of its batch, not for all that are open',
  },
  {
    name: 'open-attempts',
    mechanism: 'What a batch reads does not grow with the tables',
    removed: 'changing attempts one by one, by their keys',
    edits: [
      {
        file: 'migrations/20261101000014_steps.ts',
        find: 'WHERE a.transaction_id = change.id AND a.number = change.number AND a.verdict IS NULL;',
        replace:
          'FROM jsonb_to_recordset(changed) AS c(id text, number integer) WHERE a.transaction_id = c.id AND a.number = c.number AND a.verdict IS NULL;',
      },
    ],
    test: 'test/db/plans.test.ts',
    notices: ['a step asks for the attempts of its batch, not for all that are open'],
    holds: 'accepting asks for the keys of its batch, not for all that were ever used',
  },
  {
    name: 'balance-guard',
    mechanism: 'No wallet goes below zero',
    removed: 'both CHECKs behind the guard of the write',
    edits: [
      {
        file: 'migrations/20261101000005_ledger.ts',
        find: 'balance any_minor,',
        replace: 'balance bigint,',
      },
      {
        file: 'migrations/20261101000005_ledger.ts',
        find: ' CONSTRAINT wallets_cover_their_debits CHECK (balance_after >= 0)',
        replace: '',
      },
    ],
    test: TEST,
    notices: ['is guarded by the ledger itself when many processes race for it'],
    holds: HOLDS,
  },
];
