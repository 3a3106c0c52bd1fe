// Calling: what the client does so that a lost answer is no second payment.
import type { Mutation } from '../mutation.ts';

const TEST = 'test/client/client.test.ts';
const HOLDS = 'gives every item of a list, page by page';
const CALL = 'src/client/call.ts';

export const CALLING: readonly Mutation[] = [
  {
    name: 'client-key',
    mechanism: 'The client repeats a call under the key of its first attempt',
    removed: 'the one key, for one made for each attempt',
    edits: [
      {
        file: CALL,
        find: "if (isKeyed && idempotencyKey !== null) headers['idempotency-key'] = idempotencyKey;",
        replace:
          "if (isKeyed) Object.defineProperty(headers, 'idempotency-key', { enumerable: true, get: () => newKey() });",
      },
    ],
    test: TEST,
    notices: ['is made once, under one key, however often its answer is lost'],
    holds: HOLDS,
  },
  {
    name: 'client-refusal',
    mechanism: 'The client takes a refusal for an answer',
    removed: 'the difference between a refusal and a passing trouble',
    edits: [{ file: CALL, find: 'const isFinal = !(', replace: 'const isFinal = status < 0 && !(' }],
    test: TEST,
    notices: ['of 422 insufficient_funds is never repeated', 'is told at once, typed, with every wrong field'],
    holds: HOLDS,
  },
  {
    name: 'client-cut-answer',
    mechanism: 'The client asks again when an answer was cut short',
    removed: 'the reading of the answer before it counts',
    edits: [
      {
        file: CALL,
        find: 'return { answer: JSON.parse(text) };',
        replace: "return { answer: text.endsWith('}') ? JSON.parse(text) : {} };",
      },
    ],
    test: TEST,
    notices: ['is made once, under one key, however often its answer is lost'],
    holds: HOLDS,
  },
];
