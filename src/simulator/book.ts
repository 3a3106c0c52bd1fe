// The provider's append-only book: every accepted operation, status change and wallet movement in order; the ground truth of proofs.
import { formatAmount } from '../money.ts';
import type { Beneficiary, BookEntry, Cause, Change, Entry, Wallet } from './book-entries.ts';
import { BookIndex } from './book-index.ts';
import { type Accepted, acceptedFromJson, acceptedToJson, type Operation, pending, readMinor } from './operation.ts';
import { openStateFile, type StateFile } from './state-file.ts';

interface Movement {
  readonly currency: string;
  readonly deltaMinor: bigint;
}

export class Book {
  entries: BookEntry[] = [];
  index = new BookIndex();
  readonly wallets = new Map<string, Wallet>();
  readonly beneficiaries = new Map<number, Beneficiary>();
  readonly #now: () => number;
  #file: StateFile | null;

  /** Reads the file's entries back, when one is given. Raises an Error with one clear sentence when that fails. */
  constructor(stateFile: string | null, now: () => number) {
    this.#now = now;
    this.#file =
      stateFile === null
        ? null
        : openStateFile(stateFile, (entry) => {
            this.entries.push(entry as BookEntry);
            this.#apply(entry as BookEntry, null);
          });
  }

  /** Books an operation as pending, with what it does to wallets at once. */
  accept(accepted: Omit<Accepted, 'number'>, movements: readonly Movement[]): Operation {
    const operation = pending({ ...accepted, number: this.index.operations.length + 1 });
    const entry: Entry = { kind: 'operation', operation: acceptedToJson(operation) };
    const moved = movements.map((movement) => this.#movement(operation, movement, operation.type));
    this.#write([entry, ...moved], operation);
    return operation;
  }

  /** Books a change of status together with the wallet movement it brings. */
  change(operation: Operation, change: Change): void {
    const { movedMinor, amountMinor, status: to, ...rest } = change;
    const { number, reference, currency, status: from } = operation;
    const amount = formatAmount(amountMinor);
    const entry: Entry = { kind: 'status', operation: number, reference, from, to, amount, ...rest };
    const deltaMinor = movedMinor - operation.movedMinor;
    const cause = operation.type === 'collection' && deltaMinor > 0n ? 'collection' : 'return';
    const moved = deltaMinor === 0n ? [] : [this.#movement(operation, { currency, deltaMinor }, cause)];
    this.#write([entry, ...moved], null);
  }

  /** Sets a balance, opening the wallet where there is none. */
  setBalance(currency: string, balanceMinor: bigint, cause: 'opening' | 'control'): void {
    const deltaMinor = balanceMinor - (this.wallets.get(currency)?.balanceMinor ?? 0n);
    this.#write([this.#movement(null, { currency, deltaMinor }, cause)], null);
  }

  /** Books a switched wallet, a saved beneficiary or a removed one. */
  record(entry: Extract<Entry, { kind: 'wallet_switch' | 'beneficiary' | 'beneficiary_removed' }>): void {
    this.#write([entry], null);
  }

  /** Forgets everything, on disk too. */
  empty(): void {
    this.entries = [];
    this.index = new BookIndex();
    this.wallets.clear();
    this.beneficiaries.clear();
    this.#file?.empty();
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #movement(operation: Operation | null, { currency, deltaMinor }: Movement, cause: Cause): Entry {
    const balanceMinor = (this.wallets.get(currency)?.balanceMinor ?? 0n) + deltaMinor;
    return {
      kind: 'wallet',
      currency,
      delta: formatAmount(deltaMinor),
      balance: formatAmount(balanceMinor),
      cause,
      operation: operation?.number ?? null,
      reference: operation?.reference ?? null,
    };
  }

  /** Writes entries as one piece: what is answered afterwards is already in the book, on disk if there is a file. */
  #write(entries: readonly Entry[], operation: Operation | null): void {
    const at = this.#now();
    let lines = '';
    for (const entry of entries) {
      const numbered = { n: this.entries.length + 1, at, ...entry };
      this.entries.push(numbered);
      this.#apply(numbered, operation);
      if (this.#file !== null) lines += `${JSON.stringify(numbered)}\n`;
    }
    this.#file?.append(lines);
  }

  /** What an entry means, live and when read back: there is no other way to change the book. */
  #apply(entry: BookEntry, live: Operation | null): void {
    switch (entry.kind) {
      case 'operation':
        this.index.add(live ?? pending(acceptedFromJson(entry.operation)));
        break;
      case 'status':
        this.#applyStatus(entry);
        break;
      case 'wallet':
        this.#applyMovement(entry);
        break;
      case 'wallet_switch':
        this.#wallet(entry.currency).enabled = entry.enabled;
        break;
      case 'beneficiary':
        this.beneficiaries.set(entry.beneficiary.id, entry.beneficiary);
        break;
      case 'beneficiary_removed':
        this.beneficiaries.delete(entry.id);
        break;
    }
  }

  #applyStatus(entry: Extract<BookEntry, { kind: 'status' }>): void {
    const operation = this.index.numbered(entry.operation);
    if (operation === undefined) throw new RangeError(`operation ${entry.operation} is not in the book`);
    operation.status = entry.to;
    operation.amountMinor = readMinor(entry.amount);
    operation.isRefunded = entry.isRefunded;
    operation.reason = entry.reason;
    operation.updatedMs = entry.at;
    operation.changes += 1;
    operation.forced = operation.forced || entry.by === 'control';
  }

  #applyMovement(entry: Extract<BookEntry, { kind: 'wallet' }>): void {
    const wallet = this.#wallet(entry.currency);
    const before = wallet.balanceMinor;
    wallet.balanceMinor = readMinor(entry.balance);
    const operation = this.index.numbered(entry.operation);
    if (operation === undefined || operation.currency !== entry.currency) return;
    operation.movedMinor += readMinor(entry.delta);
    operation.balanceBeforeMinor = before;
    operation.balanceAfterMinor = wallet.balanceMinor;
  }

  #wallet(currency: string): Wallet {
    let wallet = this.wallets.get(currency);
    if (wallet === undefined) {
      wallet = { currency, balanceMinor: 0n, enabled: true };
      this.wallets.set(currency, wallet);
    }
    return wallet;
  }
}
