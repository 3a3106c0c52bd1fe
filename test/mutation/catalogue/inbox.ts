// The inbox: authentic bytes, stored once, believed in nothing.
import type { Mutation } from '../mutation.ts';

const TEST = 'test/webhooks/inbox.test.ts';
const HOLDS = 'stores an authentic event byte for byte';
const RECEIVE = 'src/webhooks/receive.ts';

export const INBOX: readonly Mutation[] = [
  {
    name: 'signature',
    mechanism: 'Only signed events are stored',
    removed: 'the refusal of a wrong signature',
    edits: [{ file: RECEIVE, find: "if (verdict !== 'valid') {", replace: "if (verdict === 'absent') {" }],
    test: TEST,
    notices: ['refuses no signature and stores nothing', 'refuses a signature of another body and stores nothing'],
    holds: HOLDS,
  },
  {
    name: 'unkeyed-digest',
    mechanism: 'A digest without a key is no signature',
    removed: 'its refusal',
    edits: [
      { file: 'src/provider/eversend/signature.ts', find: "? 'unkeyed' : 'invalid'", replace: "? 'valid' : 'invalid'" },
    ],
    test: TEST,
    notices: ['refuses the unkeyed digest of the published sample and stores nothing'],
    holds: HOLDS,
  },
  {
    name: 'event-digest',
    mechanism: 'An event is stored once',
    removed: 'the unique digest',
    edits: [
      {
        file: 'migrations/20261101000007_webhook_events.ts',
        find: 'digest bytea NOT NULL UNIQUE CHECK',
        replace: 'digest bytea NOT NULL CHECK',
      },
      { file: RECEIVE, find: 'ON CONFLICT (digest) DO NOTHING', replace: '' },
    ],
    test: TEST,
    notices: ['stores a hundred copies of one event once and rings once'],
    holds: HOLDS,
  },
  {
    name: 'webhook-confirm',
    mechanism: 'An event makes us look and is never believed',
    removed: 'the provider’s word: the event’s own status is taken for it',
    edits: [
      {
        file: 'src/webhooks/apply.ts',
        find: 'const ending = await advance(ctx, flows',
        replace: `const lookUp = async (asked) => {
    const answer = await ctx.provider.lookUp(asked);
    if (answer.kind !== 'found') return answer;
    return { kind: 'found', transaction: { ...answer.transaction, status: event.claimedStatus } };
  };
  const ending = await advance({ ...ctx, provider: { ...ctx.provider, lookUp } }, flows`,
      },
    ],
    test: TEST,
    notices: [
      'moves no money on a correctly signed lie',
      'gives one end for success and failure in either order: the provider’s',
    ],
    holds: HOLDS,
  },
  {
    name: 'bounded-strangers',
    mechanism: 'An event about nothing of ours costs a bounded number of look-ups',
    removed: 'the bound',
    edits: [{ file: 'src/webhooks/apply.ts', find: 'const MAX_LOOK_UPS = 3', replace: 'const MAX_LOOK_UPS = 3000' }],
    test: TEST,
    notices: ['looks a stranger up a bounded number of times'],
    holds: HOLDS,
  },
  {
    name: 'suspense-once',
    mechanism: 'Money nobody asked for is booked once',
    removed: 'the reference made of the provider’s id',
    edits: [
      {
        file: 'src/transactions/stranger.ts',
        find: 'providerTransactionId}:suspend',
        replace: 'providerTransactionId + Math.random()}:suspend',
      },
    ],
    test: TEST,
    notices: ['puts money nobody asked for into suspense, once, with a case'],
    holds: HOLDS,
  },
];
