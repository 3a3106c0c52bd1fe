// What waits in suspense or is receivable, and the entry by which a person's decision ends it.
import { type Db, runAlone } from '../db/knex.ts';
import { Refused } from '../errors.ts';
import { entry, type Move, type NewEntry } from '../ledger/journal.ts';
import { availableAccount, systemAccount } from '../ledger/ledger-account.ts';
import type { Decision } from './decisions.ts';

const POSTED = {
  name: 'suspense_posted',
  text: `
    SELECT e.currency, p.account_id AS account, p.amount FROM journal_entries e JOIN postings p ON p.entry_id = e.id
    WHERE e.reference = $1 ORDER BY p.line`,
};

export interface Posted {
  readonly currency: string;
  readonly postings: readonly (readonly [account: string, amountMinor: bigint])[];
}

/** An entry's postings by its reference; null when it was never posted. */
export async function postedUnder(db: Db, reference: string): Promise<Posted | null> {
  const rows = await runAlone<{ currency: string; account: string; amount: bigint }>(db, POSTED, [reference]);
  const [first] = rows;
  return first === undefined
    ? null
    : { currency: first.currency, postings: rows.map((row) => [row.account, row.amount] as const) };
}

/** The same entry the other way round. */
export function turnedRound(posted: Posted, of: { reference: string; transactionId: string; actor: string }): NewEntry {
  const suspense = systemAccount('suspense', posted.currency);
  const moves = posted.postings
    .filter(([account]) => account !== suspense)
    .map(([account, amountMinor]): Move => {
      const out = amountMinor < 0n;
      return {
        from: out ? suspense : account,
        to: out ? account : suspense,
        amountMinor: out ? -amountMinor : amountMinor,
      };
    });
  return entry({ ...of, kind: 'unsuspend', currency: posted.currency, moves });
}

/** What is in suspense by that entry: above zero money that came in, below zero money that went out. */
export function inSuspense(posted: Posted | NewEntry): bigint {
  const suspense = systemAccount('suspense', posted.currency);
  return posted.postings.reduce((sum, [account, amount]) => (account === suspense ? sum + amount : sum), 0n);
}

interface Ending {
  readonly reference: string;
  readonly currency: string;
  readonly actor: string;
  readonly reason: string;
  readonly walletId: string | null;
}

/** Ends what is in suspense. Raises Refused for a decision that does not fit money that came in (or went out), or lacks its wallet. */
export function endSuspense(decision: Decision, amountMinor: bigint, of: Ending): NewEntry {
  const { currency, walletId } = of;
  const suspense = systemAccount('suspense', currency);
  const wallet = () => {
    if (walletId === null)
      throw new Refused('wallet_missing', `Say whose it is: ${decision} needs --wallet.`, '--wallet');
    return availableAccount(walletId);
  };
  const others: Partial<Record<Decision, () => string>> =
    amountMinor > 0n
      ? {
          credited: wallet,
          kept: () => systemAccount('capital', currency),
          returned: () => systemAccount('provider', currency),
        }
      : {
          charged: wallet,
          written_off: () => systemAccount('capital', currency),
          returned: () => systemAccount('provider', currency),
        };
  const other = others[decision]?.();
  if (other === undefined) {
    const way = amountMinor > 0n ? 'came in' : 'went out';
    throw new Refused('does_not_fit', `Money ${way}: decide ${Object.keys(others).join(', ')}.`);
  }
  const move =
    amountMinor > 0n
      ? { from: suspense, to: other, amountMinor }
      : { from: other, to: suspense, amountMinor: -amountMinor };
  return entry({ ...pick(of), kind: 'resolve', moves: [move] });
}

/** What a wallet was short of: taken from it now, or borne by us. */
export function endShortfall(decision: Decision, amountMinor: bigint, of: Ending): NewEntry {
  const from =
    decision === 'collected' && of.walletId !== null
      ? availableAccount(of.walletId)
      : systemAccount('capital', of.currency);
  const moves = [{ from, to: systemAccount('receivable', of.currency), amountMinor }];
  return entry({ ...pick(of), kind: 'resolve', moves });
}

const pick = ({ reference, currency, actor, reason }: Ending) => ({ reference, currency, actor, reason });
