// Persons and keys: what keeps secrets secret, and each merchant to itself.
import type { Mutation } from '../mutation.ts';

const ERASE = 'test/personal-data/erase.test.ts';
const RESEAL = 'test/personal-data/reseal.test.ts';
const KEYS = 'test/http/api-keys.test.ts';
const ABUSE = 'test/http/abuse.test.ts';

export const PERSONS: readonly Mutation[] = [
  {
    name: 'erase-waits',
    mechanism: 'Nobody is erased from a payment whose money may still move',
    removed: 'the question whether the transaction has ended',
    edits: [
      {
        file: 'src/personal-data/erase.ts',
        find: 'STATE_NAMES.filter((state) => STATES[state].final)',
        replace: 'STATE_NAMES.filter((state) => STATES[state])',
      },
    ],
    test: ERASE,
    notices: ['while money may move the erasure waits'],
    holds: 'two who erase at once and many rows end with everything erased once',
  },
  {
    name: 'erased-answers',
    mechanism: 'Stored answers forget an erased person',
    removed: 'the answers from an erasure',
    edits: [
      {
        file: 'src/personal-data/erase.ts',
        find: 'await eraseFromAnswers(trx, vault, row, names);',
        replace: 'void eraseFromAnswers;',
      },
    ],
    test: ERASE,
    notices: ['a person is erased from payments, beneficiaries, answers'],
    holds: 'two who erase at once and many rows end with everything erased once',
  },
  {
    name: 'reseal-compares',
    mechanism: 'Sealing anew writes over nothing that has changed meanwhile',
    removed: 'the comparison with the value that was read',
    edits: [{ file: 'src/personal-data/reseal.ts', find: 'same.push(', replace: 'void (' }],
    test: RESEAL,
    notices: ['a rotation that is cut short is simply run again'],
    holds: 'no sealed column of the database is missing from the rotation',
  },
  {
    name: 'data-key-check',
    mechanism: 'Nothing starts without a key that sealed stored data',
    removed: 'the refusal',
    edits: [
      {
        file: 'src/personal-data/data-keys.ts',
        find: 'if (needed.length > 0 || !opens) {',
        replace: 'if (needed.length < 0 && !opens) {',
      },
    ],
    test: RESEAL,
    notices: ['a start without a key that sealed something is refused'],
    holds: 'a rotation leaves nothing that needs the old key',
  },
  {
    name: 'key-powers',
    mechanism: 'A key cannot give itself powers by rotating another',
    removed: 'the comparison of their powers',
    edits: [
      {
        file: 'src/http/routes/api-keys.ts',
        find: 'return (\n    other.scopes',
        replace: 'return true || (\n    other.scopes',
      },
    ],
    test: KEYS,
    notices: ['a key rotates another only if that gains its holder nothing'],
    holds: 'no key of the usual scopes sees or changes keys',
  },
  {
    name: 'second-hand',
    mechanism: 'A key that asks and approves cannot rotate itself a second pair of eyes',
    removed: 'the refusal of other keys that ask or approve',
    edits: [
      {
        file: 'src/http/routes/api-keys.ts',
        find: '!isSecondHand(other, holder)',
        replace: '(!isSecondHand(other, holder) || true)',
      },
    ],
    test: KEYS,
    notices: ['a key that asks for payouts and approves them rotates no second hand'],
    holds: 'no key of the usual scopes sees or changes keys',
  },
  {
    name: 'key-tenant',
    mechanism: "A merchant's keys are its own",
    removed: 'the merchant from the look-up',
    edits: [
      {
        file: 'src/http/routes/api-keys.ts',
        find: 'findOne({ id, merchant_id: caller.merchantId })',
        replace: 'findOne({ id })',
      },
    ],
    test: KEYS,
    notices: ['keys of other merchants are not there'],
    holds: 'no key of the usual scopes sees or changes keys',
  },
  {
    name: 'webhook-addresses',
    mechanism: 'Where addresses are listed, the callback is taken from those alone',
    removed: 'the look at the address',
    edits: [
      {
        file: 'src/http/routes/webhooks.ts',
        find: 'if (!isAllowed(ctx)(clientAddress)) {',
        replace: 'if (!isAllowed(ctx)) {',
      },
    ],
    test: ABUSE,
    notices: ['is taken from listed addresses alone'],
    holds: 'Expect is answered without a handler having run for nobody',
  },
];
