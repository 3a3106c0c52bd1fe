// Clients that move money between wallets through the product's own post(), and remember what became of every transfer.
import { setTimeout as wait } from 'node:timers/promises';
import { type Db, inTransaction, isConnectionLoss } from '../../../src/db/knex.ts';
import { Refused, StaleState } from '../../../src/errors.ts';
import { newId } from '../../../src/ids.ts';
import { entry } from '../../../src/ledger/journal.ts';
import { availableAccount } from '../../../src/ledger/ledger-account.ts';
import { post } from '../../../src/ledger/post.ts';

export const TRANSFER = 'transfer';
const PAUSE_MS = 50;

export interface BankWallet {
  readonly id: string;
  readonly currency: string;
}

/** `unknown`: a connection was lost, and the last word after that was a refusal. It is in the book or it is not, but whole. */
export type Fate = 'acknowledged' | 'refused' | 'unknown';

export interface Transfer {
  readonly reference: string;
  readonly from: BankWallet;
  readonly to: BankWallet;
  readonly amountMinor: bigint;
  fate: Fate;
}

export interface Transfers {
  readonly all: readonly Transfer[];
  readonly acknowledged: number;
  /** Calls after which nobody knew whether the transfer had been booked; each was made again under its reference. */
  readonly unheard: number;
  /** Sentences about errors that no caller should ever see. */
  readonly problems: readonly string[];
  /** One client: one transfer after the other on `db`, until the signal. */
  client(db: Db, signal: AbortSignal): Promise<void>;
}

/** Amounts go up to `mostMinor`: large against what the wallets hold, so that many must be refused. */
export function transfersBetween(wallets: readonly BankWallet[], mostMinor: number): Transfers {
  const all: Transfer[] = [];
  const problems: string[] = [];
  let acknowledged = 0;
  let unheard = 0;

  function next(): Transfer {
    const from = anyOf(wallets);
    const to = anyOf(wallets.filter((other) => other.currency === from.currency && other !== from));
    const amountMinor = BigInt(1 + Math.floor(Math.random() * mostMinor));
    const transfer: Transfer = {
      reference: `${TRANSFER}:${newId('journalEntry')}`,
      from,
      to,
      amountMinor,
      fate: 'unknown',
    };
    all.push(transfer);
    return transfer;
  }

  async function make(db: Db, transfer: Transfer): Promise<void> {
    const { reference, from, to, amountMinor } = transfer;
    const moves = [{ from: availableAccount(from.id), to: availableAccount(to.id), amountMinor }];
    for (let lost = false; ; lost = true) {
      try {
        const booking = entry({ reference, kind: TRANSFER, currency: from.currency, actor: 'client', moves });
        await inTransaction(db, (trx) => post(trx, [booking]));
        transfer.fate = 'acknowledged';
      } catch (error) {
        if (isConnectionLoss(error)) {
          unheard += 1;
          await wait(PAUSE_MS * Math.random());
          continue;
        }
        // Posted before: so the COMMIT that was not heard of had gone through.
        if (error instanceof StaleState && lost) transfer.fate = 'acknowledged';
        else if (error instanceof Refused) transfer.fate = lost ? 'unknown' : 'refused';
        else problems.push(`${reference} met ${String(error)}`);
      }
      if (transfer.fate === 'acknowledged') acknowledged += 1;
      return;
    }
  }

  return {
    all,
    problems,
    get acknowledged() {
      return acknowledged;
    },
    get unheard() {
      return unheard;
    },
    async client(db, signal) {
      while (!signal.aborted) await make(db, next());
    },
  };
}

function anyOf<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)] as T;
}
