// Deciding cases: what a decision would post is asked of the provider, shown, and written only while it still is so.
import type { Context } from '../../context.ts';
import { InvalidRequest, StaleState } from '../../errors.ts';
import { ANSWERS, DECISION_NAMES, DECISIONS, kindOf } from '../../transactions/decisions.ts';
import { type Proposal, propose } from '../../transactions/propose.ts';
import { resolve } from '../../transactions/resolve.ts';
import { text } from '../panels/cell.ts';
import { stateOf } from '../panels/vocabulary.ts';
import { beside } from '../proposals/record.ts';
import type { Action, Ordered, Outline } from './action.ts';
import { flows } from './payments.ts';
import { isSame, movedBy, pinned } from './pinned.ts';

function proposed(ctx: Context, of: Ordered): Promise<Proposal> {
  const decision = DECISION_NAMES.find((one) => one === of.input['as']);
  if (decision === undefined) throw InvalidRequest.field('as', 'unknown_decision', 'Choose one of the decisions.');
  const walletId = of.input['wallet'];
  const needsWallet = decision === 'credited' || decision === 'charged';
  if (needsWallet && !/^wa[0-9A-Z]{26}$/.test(walletId ?? ''))
    throw InvalidRequest.field('wallet', 'not_a_wallet', 'Give the id of the wallet: wa01J….');
  const named = needsWallet && walletId !== undefined ? { walletId } : {};
  return propose(ctx, flows, { caseId: String(of.row['id']), decision, actor: of.actor.actor, ...named });
}

const what = ({ question }: Proposal) => DECISIONS[question.decision].replace(' (--wallet)', '');
const words = (kinds: readonly { readonly kind: string }[]) =>
  kinds.map((one) => one.kind.replaceAll('_', ' ')).join(', ');

function outlineOf(of: Proposal): Outline {
  return {
    'The provider says': of.said ?? 'nothing',
    'Against it': of.against ?? 'nothing',
    'State now': of.from ?? 'none',
    'State then': of.to ?? 'none',
    Opens: words(of.opens),
    ...pinned(of.entries),
  };
}

/** Sending after all posts nothing, but it is that payment's money which then goes out. */
function moves({ question, transaction, entries }: Proposal): ReadonlyMap<string, bigint> {
  if (question.decision !== 'accepted' || transaction === null) return movedBy(entries);
  return new Map([[transaction.currency, transaction.amountMinor ?? transaction.maxAmountMinor ?? 0n]]);
}

export const resolveCase: Action = {
  name: 'resolve',
  panel: 'cases',
  label: 'Decide',
  permission: 'cases.resolve',
  isGrave: true,
  fits: (row) => row['resolvedAt'] === null,
  fields(row) {
    const kind = kindOf(String(row['kind']));
    const fitting = kind === null ? [] : [...new Set([...ANSWERS[kind], 'acknowledged' as const])];
    const options = fitting.map(
      (one) => [one, `${one.replaceAll('_', ' ')}: ${DECISIONS[one]}`.replace(' (--wallet)', '')] as const,
    );
    const asks = fitting.includes('credited') || fitting.includes('charged');
    return [
      { name: 'as', label: 'Decision', required: true, options },
      ...(asks ? [{ name: 'wallet', label: 'Wallet', hint: 'whose money it is, for credited and charged' }] : []),
    ];
  },
  async preview(ctx, of) {
    const proposal = await proposed(ctx, of);
    const { question, said, against, from, to, entries, opens } = proposal;
    return {
      sentences: [`Decided ${question.decision.replaceAll('_', ' ')}: ${what(proposal)}.`],
      facts: [
        ['The provider says', text(said === null ? 'nothing: it has no say here' : said.replaceAll('_', ' '))],
        ['State now', from === null ? null : stateOf(from)],
        ['State then', to === null ? null : stateOf(to)],
        ['Opens', text(words(opens) || 'no other case')],
      ],
      entries,
      against,
      outline: outlineOf(proposal),
      moves: moves(proposal),
    };
  },
  async carryOut(ctx, of) {
    // Whoever reads takes time: the provider and the row are asked again, and nothing else than what was shown is written.
    const proposal = await proposed(ctx, of);
    if (!isSame(outlineOf(proposal), of.outline))
      throw new StaleState('It has changed while it was shown. Look at it again.');
    await resolve(ctx, proposal, {
      reason: of.reason,
      againstTheProvider: of.nevertheless,
      clientAddress: of.actor.clientAddress,
      beside: (trx) => beside(trx, resolveCase, of),
    });
    return { sentence: 'The case is resolved.' };
  },
};
