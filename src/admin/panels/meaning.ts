// What a state or a case means to whoever opens it for the first time: what happened, where the money is, and what may be done.
import type { CaseKind } from '../../transactions/case.ts';
import type { State } from '../../transactions/states.ts';
import type { TransactionRow } from '../../transactions/transaction.ts';

type About = Pick<TransactionRow, 'type' | 'state' | 'failureMessage' | 'scheduledAt' | 'tries' | 'attemptNo'>;

const whole = (sentence: string | null) =>
  sentence === null ? '' : /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;

const TRYING = 'Nobody has to do anything: it is tried again by itself.';
const PAYOUT: Readonly<Record<State, (row: About) => string>> = {
  awaiting_approval: () =>
    'Nothing was sent. It is above what its merchant may pay without approval, and the money is set aside until somebody else than who asked for it approves it or cancels it.',
  accepted: ({ scheduledAt, tries }) =>
    scheduledAt !== null && scheduledAt > new Date()
      ? 'Nothing was sent. The money is set aside, and it is sent at its time. Until then it can be cancelled.'
      : `Nothing is known to have been sent. The money is set aside. ${tries > 0 ? `It was tried ${tries} ${tries === 1 ? 'time' : 'times'} in vain: see its attempts for what the provider said. ` : ''}${TRYING}`,
  submitting: () =>
    'It is being sent, or was sent and the answer was lost: that is being found out. The money stays set aside. Do not pay it in another way meanwhile. Nobody has to do anything yet.',
  submitted: () =>
    'The provider has it and has not said yet how it ended. The money stays set aside. It is asked again by itself; “Look again” asks at once.',
  in_review: () =>
    'Nobody knows for certain how it ended, so nothing is sent again and the money stays set aside. A person decides: open its case below.',
  settled: () => 'It arrived: the provider has confirmed it, and the money has left the wallet. Nothing is left to do.',
  failed: ({ failureMessage, attemptNo }) =>
    `It did not arrive: ${whole(failureMessage)} ${attemptNo === 0 ? 'Nothing was ever sent. ' : ''}What was set aside is back in the wallet. It is not tried again by itself: once the reason is gone, the merchant may ask for a new payout.`,
  cancelled: ({ failureMessage }) =>
    `It was ended before anything was sent. ${whole(failureMessage)} What was set aside is back in the wallet.`,
  reversed: () =>
    'It had settled, and the provider gave the money back. It is in the wallet again. The merchant may ask for a new payout.',
};
const COLLECTION: Readonly<Record<State, (row: About) => string>> = {
  ...PAYOUT,
  accepted: ({ tries }) =>
    `The payer is not known to have been asked yet. ${tries > 0 ? `It was tried ${tries} ${tries === 1 ? 'time' : 'times'} in vain: see its attempts for what the provider said. ` : ''}${TRYING}`,
  submitting: () =>
    'The payer is being asked, or was asked and the answer was lost: that is being found out. Nobody has to do anything yet.',
  submitted: () =>
    'The payer has been asked to confirm and the provider has not said yet how it ended. It is asked again by itself; “Look again” asks at once.',
  in_review: () =>
    'Nobody knows for certain how it ended, so the payer is not asked again and nothing is credited. A person decides: open its case below.',
  settled: () => 'It was collected: the provider has confirmed it, and the wallet holds it, less the fee.',
  failed: ({ failureMessage }) =>
    `Nothing was collected: ${whole(failureMessage)} The payer is not asked again by itself: the merchant may ask with a new collection.`,
  cancelled: ({ failureMessage }) => `It was ended before the payer was asked. ${whole(failureMessage)}`.trim(),
  reversed: () =>
    'It had been collected, and the money went back to the payer. It was taken from the wallet again, as far as that covered it.',
};

export function meaningOf(row: About): string {
  return (row.type === 'payout' ? PAYOUT : COLLECTION)[row.state](row).trim();
}

/** The question that each kind of case asks, as the end of a sentence; and how a person comes to an answer. */
export const CASES: Readonly<Record<CaseKind, { readonly question: string; readonly advice: string }>> = {
  outcome_unknown: {
    question: 'nobody knows whether it was executed',
    advice:
      'Look for the payment’s id in the provider’s own dashboard, or ask its support. Then decide: settled if it was executed, failed if it never will be.',
  },
  not_executable: {
    question: 'it cannot be priced or funded as asked',
    advice:
      'See in its attempts what the provider refuses. Fund the provider’s wallet or wait and let it be sent after all, or decide that it failed.',
  },
  no_final_answer: {
    question: 'the provider gives no final answer',
    advice: 'Ask the provider’s support how it ended. Then decide: settled or failed.',
  },
  amount_mismatch: {
    question: 'another amount moved than was asked',
    advice:
      'Compare the evidence with the provider’s dashboard. Settled books the amount that moved; failed turns that money into a question of its own.',
  },
  late_success: {
    question: 'it had failed, and the money moved after all',
    advice:
      'The book has been put right already. Tell the merchant, who may have asked for it anew meanwhile, and acknowledge.',
  },
  returned: {
    question: 'the provider gave the money back',
    advice: 'The book has been put right already. Tell the merchant, and acknowledge.',
  },
  shortfall: {
    question: 'a wallet does not cover what must be taken from it',
    advice: 'Collect it once the wallet is funded, or write it off.',
  },
  unexpected_money: {
    question: 'money came in that nobody asked for',
    advice:
      'Find out in the provider’s dashboard whose it is. Then credit it to a wallet, note that it was returned, or keep it.',
  },
  unknown_operation: {
    question: 'the provider executed what no row explains',
    advice:
      'Find out who did it: somebody in the provider’s dashboard, or another program with the same account. Then charge it to a wallet, note that it came back, or write it off.',
  },
  charge_mismatch: {
    question: 'another bore the charge than assumed',
    advice: 'Compare the charge in the evidence with the provider’s price list, and acknowledge.',
  },
  contradiction: {
    question: 'two answers of the provider contradict each other',
    advice: 'Ask the provider which of its answers holds, then decide by it.',
  },
  stuck: {
    question: 'our own code fails on it',
    advice:
      'The log names the error under the payment’s id. Once it is mended, accept it again; or decide how it ended if the provider says so.',
  },
};
