// Doubt: what silence, errors and other answers prove, and what they do not.
import type { Mutation } from '../mutation.ts';

const PAYOUT = 'test/payouts/payout.test.ts';
const SETTLES = 'sets amount and fee aside at acceptance, and settles once the provider says so';
const COLLECTION = 'test/collections/collection.test.ts';
const CREDITS = 'credits the owner with the amount less the fee, once, when the provider says it is paid';
const CLIENT_TEST = 'test/provider/submit.test.ts';
const AGREES = 'a collection is sent as documented and accepted';
const ATTEMPT = 'src/transactions/attempt.ts';
const LOOK = 'src/transactions/look.ts';
const STEP = 'migrations/20261101000014_steps.ts';
const FLOW = 'src/payouts/flow.ts';
const ANSWERS = 'src/provider/eversend/answers.ts';

export const DOUBT: readonly Mutation[] = [
  {
    name: 'silence-fence',
    mechanism: 'Silence counts only after the stated expiry',
    removed: 'the fence in the rule, in the count and in the database',
    edits: [
      { file: ATTEMPT, find: 'attempt.isFenced === true && ', replace: '' },
      { file: LOOK, find: 'const negative = attempt.isFenced === true;', replace: 'const negative = true;' },
      { file: STEP, find: '(change.negative AND a.fence_at <= now())::int', replace: 'change.negative::int' },
      {
        file: STEP,
        find: 'CASE WHEN change.negative AND a.fence_at <= now() THEN',
        replace: 'CASE WHEN change.negative THEN',
      },
      {
        file: 'migrations/20261101000004_transactions.ts',
        find: ' AND fence_at IS NOT NULL AND first_negative_at >= fence_at',
        replace: '',
      },
    ],
    test: PAYOUT,
    notices: ['is not sent again before the quotation has expired'],
    holds: SETTLES,
  },
  {
    name: 'silence-look-ups',
    mechanism: 'Silence counts only after so many look-ups',
    removed: 'the count',
    edits: [{ file: ATTEMPT, find: 'attempt.negatives + 1 >= rule.lookUps', replace: 'rule.lookUps > 0' }],
    test: PAYOUT,
    notices: ['is sent again under the same reference after the stated expiry and three look-ups'],
    holds: SETTLES,
  },
  {
    name: 'silence-span',
    mechanism: 'Silence counts only over so long a time',
    removed: 'the span',
    edits: [{ file: ATTEMPT, find: 'attempt.negativeSpanMs >= rule.spanMs', replace: 'rule.spanMs > 0' }],
    test: PAYOUT,
    notices: ['is not sent again on look-ups that lie too near together'],
    holds: SETTLES,
  },
  {
    name: 'silence-evidence',
    mechanism: 'No verdict of silence without its evidence, in the database itself',
    removed: 'the CHECK on the verdict not_executed',
    edits: [
      {
        file: 'migrations/20261101000004_transactions.ts',
        find: "verdict <> 'not_executed' OR (",
        replace: "verdict <> 'not_executed' OR true OR (",
      },
    ],
    test: PAYOUT,
    notices: ['is given no second permission by the database while the first is open'],
    holds: SETTLES,
  },
  {
    name: 'no-answer-no-evidence',
    mechanism: 'A look-up that could not be made proves nothing',
    removed: 'the difference between not found and not asked',
    edits: [
      {
        file: LOOK,
        find: 'return unavailable(ctx, flow, loaded, ring, answer);',
        replace: 'return notFound(ctx, flow, loaded, ring);',
      },
    ],
    test: PAYOUT,
    notices: ['proves nothing by look-ups that could not be made'],
    holds: SETTLES,
  },
  {
    name: 'resend-never',
    mechanism: 'PAYOUT_RESEND_POLICY=never',
    removed: 'the policy',
    edits: [{ file: FLOW, find: "config.PAYOUT_RESEND_POLICY === 'never' || ", replace: '' }],
    test: PAYOUT,
    notices: ['ends with a person, the money still held, when the policy forbids sending again'],
    holds: SETTLES,
  },
  {
    name: 'guessed-expiry',
    mechanism: 'A guessed expiry never permits sending again',
    removed: 'the difference between stated and guessed',
    edits: [{ file: FLOW, find: ' || !quotation.expiryStated', replace: '' }],
    test: PAYOUT,
    notices: ['ends with a person, the money still held, when the provider never stated an expiry'],
    holds: SETTLES,
  },
  {
    name: 'third-prompt',
    mechanism: 'A payer is prompted twice at most',
    removed: 'the end after the second prompt',
    edits: [{ file: 'src/collections/flow.ts', find: 'silentAttempts === 0 ?', replace: 'silentAttempts >= 0 ?' }],
    test: COLLECTION,
    notices: ['prompts once more after the payer’s window and three look-ups, and then never again'],
    holds: CREDITS,
  },
  {
    name: 'amount-agrees',
    mechanism: 'Only the amount that was asked for settles',
    removed: 'the comparison of amount and currency',
    edits: [
      {
        file: LOOK,
        find: 'answer.currency !== transaction.currency || answer.amountMinor !== transaction.amountMinor',
        replace: 'answer.amountMinor < 0n',
      },
    ],
    test: COLLECTION,
    notices: ['puts another amount than asked into suspense and credits nobody'],
    holds: CREDITS,
  },
  {
    name: 'late-amount-agrees',
    mechanism: 'A late success of another amount is a contradiction, not a settlement',
    removed: 'the comparison of the late amount',
    edits: [
      { file: 'src/transactions/recheck.ts', find: 'if (!agrees) return', replace: 'if (found === null) return' },
    ],
    test: PAYOUT,
    notices: ['keeps its end, with one case, when the provider contradicts itself'],
    holds: SETTLES,
  },
  {
    name: 'server-error-is-doubt',
    mechanism: 'A 5xx proves nothing',
    removed: 'its doubt: it counts as not sent',
    edits: [
      {
        file: ANSWERS,
        find: "if (status >= 500) return unknown('server_error'",
        replace: "if (status >= 500) return notSent('forbidden'",
      },
    ],
    test: CLIENT_TEST,
    notices: ['a collection answered 500'],
    holds: AGREES,
  },
  {
    name: 'payment-required-is-doubt',
    mechanism: 'A 402 is a refusal only after look-ups',
    removed: 'its doubt: it counts as not sent',
    edits: [
      {
        file: ANSWERS,
        find: "if (status === 402) return unknown('payment_required'",
        replace: "if (status === 402) return notSent('forbidden'",
      },
    ],
    test: CLIENT_TEST,
    notices: ['a collection answered 402'],
    holds: AGREES,
  },
  {
    name: 'taken-is-doubt',
    mechanism: '“Already exists” means that an earlier sending arrived',
    removed: 'the recognition of such words',
    edits: [{ file: ANSWERS, find: 'if (TAKEN.test(words)) return', replace: 'if (words === TAKEN.source) return' }],
    test: CLIENT_TEST,
    notices: ['a collection answered 400 "transaction already exists"'],
    holds: AGREES,
  },
  {
    name: 'answer-agrees',
    mechanism: 'A success that speaks of something else is never believed',
    removed: 'the comparison of a payout’s amount',
    edits: [
      {
        file: 'src/provider/eversend/payouts.ts',
        find: 'transaction.amountMinor !== quotation.sourceAmountMinor ||',
        replace: '',
      },
    ],
    test: CLIENT_TEST,
    notices: ['the destination amount as amount in a payout', 'an amount beyond what floats can hold'],
    holds: AGREES,
  },
  {
    name: 'search-cut-short',
    mechanism: 'A search with more pages proves nothing',
    removed: 'the look at its length',
    edits: [{ file: 'src/provider/eversend/look-up.ts', find: 'isCutShort(list.data) ?', replace: 'list.error ?' }],
    test: 'test/provider/look-up.test.ts',
    notices: ['the search has another page', 'the search fills its page'],
    holds: '404 and an empty search',
  },
];
