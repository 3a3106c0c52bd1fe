// Dual control: money beyond a limit takes two people, and what the second one confirms is what the first one was shown.
import type { Mutation } from '../mutation.ts';

const PROPOSALS = 'test/admin/proposals.test.ts';
const DEEDS = 'test/admin/deeds.test.ts';
const LISTS = 'test/admin/lists.test.ts';
const LIMIT = 'src/admin/proposals/limit.ts';
const PROPOSAL = 'src/admin/proposals/proposal.ts';
const TWICE = 'is not made twice by one form';
const SECRET = 'of an endpoint is rotated';

export const DUAL_CONTROL: readonly Mutation[] = [
  {
    name: 'dual-control-limit',
    mechanism: 'What moves more than one person may takes a second one',
    removed: 'the comparison with the limit',
    edits: [
      {
        file: LIMIT,
        find: ': aloneMinor + minor > aboveMinor;',
        replace: ': aloneMinor + minor < 0n;',
      },
    ],
    test: PROPOSALS,
    notices: ['is done by one person alone up to the limit'],
    holds: TWICE,
  },
  {
    name: 'dual-control-sum',
    mechanism: 'What one person has moved alone within 24 hours counts',
    removed: 'the sum',
    edits: [
      {
        file: LIMIT,
        find: ': aloneMinor + minor > aboveMinor;',
        replace: ': 0n * aloneMinor + minor > aboveMinor;',
      },
    ],
    test: PROPOSALS,
    notices: ['is done by one person alone up to the limit'],
    holds: TWICE,
  },
  {
    name: 'dual-control-race',
    mechanism: 'Two deeds of one person at once are judged one after the other',
    removed: "the lock of the limit's row",
    edits: [
      {
        file: LIMIT,
        find: 'await run(trx, LOCK, [currencies]);\n  if (isBeyond',
        replace: 'void LOCK;\n  if (isBeyond',
      },
    ],
    test: PROPOSALS,
    notices: ['of two deeds of one person at once'],
    holds: TWICE,
  },
  {
    name: 'dual-control-always',
    mechanism: 'Funding and adjusting takes two people where no limit lets one',
    removed: 'the asking for the limit',
    edits: [
      {
        file: LIMIT,
        find: 'aboveMinor === null ? needsLimit :',
        replace: 'aboveMinor === null ? needsLimit === null :',
      },
    ],
    test: PROPOSALS,
    notices: ['is proposed: nothing is posted before somebody else confirms it'],
    holds: 'is the letting loose of a limit as well',
  },
  {
    name: 'limit-let-loose',
    mechanism: 'Letting a limit loose takes two people itself',
    removed: 'the difference between loose and tight',
    edits: [
      {
        file: 'src/admin/actions/limits.ts',
        find: '(then === null ? now !== null : then > (now ?? 0n));',
        replace: "(then === null ? now === then && String(now) === '' : then < 0n);",
      },
    ],
    test: PROPOSALS,
    notices: ['is the letting loose of a limit as well'],
    holds: TWICE,
  },
  {
    name: 'approval-let-loose',
    mechanism: "Letting a merchant's approval limit loose takes two people",
    removed: 'the difference between loose and tight',
    edits: [
      {
        file: 'src/admin/actions/limits.ts',
        find: 'before !== null && (after === null || after > before);',
        replace: 'before !== null && after === -1n;',
      },
    ],
    test: DEEDS,
    notices: ['is changed, set anew and, by two people, let loose'],
    holds: SECRET,
  },
  {
    name: 'approval-shown-key',
    mechanism: 'Whoever was shown a key does not approve what is asked for by it',
    removed: 'the look into the audit log',
    edits: [
      {
        file: 'src/merchants/rotate-key.ts',
        find: "l.action = 'keys.rotate' AND l.actor LIKE 'admin:%')",
        replace: "l.action = 'keys.rotate' AND l.actor = '')",
      },
    ],
    test: DEEDS,
    notices: ['of a program makes whoever was shown it no second hand'],
    holds: SECRET,
  },
  {
    name: 'second-person',
    mechanism: 'Whoever proposed it does not confirm it',
    removed: 'the refusal, and the constraint of the table',
    edits: [
      {
        file: PROPOSAL,
        find: "if (of.own) throw refuse('You proposed it yourself: somebody else has to confirm it.');",
        replace: '',
      },
      { file: PROPOSAL, find: 'if (of.sameMailbox)', replace: 'if (of.sameMailbox && !of.own)' },
      {
        file: 'migrations/20261101000023_proposals.ts',
        find: "CONSTRAINT two_people CHECK (state NOT IN ('executed', 'rejected') OR decided_by <> proposed_by)",
        replace: "CONSTRAINT two_people CHECK (state <> '')",
      },
    ],
    test: PROPOSALS,
    notices: ['is never the one who proposed it'],
    holds: TWICE,
  },
  {
    name: 'second-mailbox',
    mechanism: 'Another account with the same mailbox is no second person',
    removed: 'the comparison of mailboxes',
    edits: [{ file: PROPOSAL, find: 'if (of.sameMailbox)', replace: 'if (of.sameMailbox && of.own)' }],
    test: PROPOSALS,
    notices: ['is no other account with the same mailbox'],
    holds: TWICE,
  },
  {
    name: 'second-own-making',
    mechanism: 'An account whose role the proposer has just given is no second person',
    removed: 'the look into the audit log',
    edits: [{ file: PROPOSAL, find: 'if (of.ownMaking)', replace: 'if (of.ownMaking && of.own)' }],
    test: PROPOSALS,
    notices: ['is nobody whose role the first one has just given'],
    holds: TWICE,
  },
  {
    name: 'second-same-hand',
    mechanism: 'Accounts that one hand has just begun anew are one person',
    removed: 'the way back to the hand',
    edits: [{ file: PROPOSAL, find: 'if (of.sameHand)', replace: 'if (of.sameHand && of.own)' }],
    test: PROPOSALS,
    notices: ['is no account that the first one has begun anew'],
    holds: TWICE,
  },
  {
    name: 'second-permission',
    mechanism: 'Both people must be allowed to do what is proposed, when it is done',
    removed: 'the asking for the permission of either',
    edits: [
      { file: PROPOSAL, find: 'if (of.isOut || !may(of.role, permission))', replace: 'if (of.isOut)' },
      {
        file: PROPOSAL,
        find: 'if (of.proposerIsOut || !may(of.proposerRole, permission))',
        replace: 'if (of.proposerIsOut && !may(of.proposerRole, permission))',
      },
    ],
    test: PROPOSALS,
    notices: ['has the permission of the action as well'],
    holds: TWICE,
  },
  {
    name: 'proposal-pinned',
    mechanism: 'What is confirmed is what was shown when it was proposed',
    removed: 'holding the one against the other',
    edits: [
      {
        file: 'src/admin/actions/proposals.ts',
        find: 'if (changed.length === 0) return { action, order, effect };',
        replace: 'if (changed.length >= 0) return { action, order, effect };',
      },
    ],
    test: PROPOSALS,
    notices: ['is refused with what has changed'],
    holds: TWICE,
  },
  {
    name: 'decision-as-shown',
    mechanism: 'A decision about a case posts what was shown, or nothing',
    removed: "the comparison under the wallet's lock",
    edits: [
      {
        file: 'src/transactions/resolve.ts',
        find: 'if (linesOf(posted) !== linesOf(proposal.entries)) throw',
        replace: 'if (linesOf(posted) === undefined) throw',
      },
    ],
    test: 'test/transactions/resolve.test.ts',
    notices: ['is posted as it was shown, or not at all'],
    holds: 'less of a payout: what was not needed of the hold goes back',
  },
  {
    name: 'proposal-ends-once',
    mechanism: 'A proposal has one end',
    removed: 'the asking whether it is open, and the trigger that keeps ends',
    edits: [
      { file: PROPOSAL, find: 'if (end !== null) throw', replace: 'if (end !== null && end.length === 0) throw' },
      {
        file: 'src/admin/actions/proposals.ts',
        find: "row['state'] === 'open' && row['late'] === false;",
        replace: "row['state'] !== '' && row['late'] !== null;",
      },
      {
        file: 'migrations/20261101000023_proposals.ts',
        find: "IF OLD.state <> 'open' THEN",
        replace: "IF OLD.state = '' THEN",
      },
    ],
    test: PROPOSALS,
    notices: ['that was withdrawn, rejected, or is too old is confirmed no more'],
    holds: TWICE,
  },
  {
    name: 'proposal-one-commit',
    mechanism: 'A proposal ends in the commit that does what it proposes',
    removed: 'the one commit',
    edits: [
      {
        file: 'src/admin/actions/money.ts',
        find: 'await post(trx, [entry]);\n      await record(trx, fund',
        replace: 'await inTransaction(ctx.db, (own) => post(own, [entry]));\n      await record(trx, fund',
      },
    ],
    test: PROPOSALS,
    notices: ['is either done or still open, whatever dies'],
    holds: TWICE,
  },
  {
    name: 'held-by-hand',
    mechanism: 'No adjusting entry touches money that is set aside',
    removed: 'the refusal',
    edits: [
      {
        file: 'src/ledger/adjust.ts',
        find: "if (from.kind === 'wallet_held' || to.kind === 'wallet_held')",
        replace: "if (from.kind === 'wallet_held' && to.kind === 'wallet_held')",
      },
    ],
    test: DEEDS,
    notices: ['touches no money that is set aside'],
    holds: SECRET,
  },
  {
    name: 'cursor-of-its-order',
    mechanism: 'A page of one order is none of another',
    removed: "the order's name in it",
    edits: [{ file: 'src/admin/panels/read.ts', find: "name === (sort ?? '') &&", replace: 'name !== undefined &&' }],
    test: LISTS,
    notices: ['has no order but those'],
    holds: 'is exported in the order it is shown in',
  },
];
