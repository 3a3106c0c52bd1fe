// Finds operations of the book: in order, by reference, by id, and what follows from them all.
import type { Operation, OperationType } from './operation.ts';

export class BookIndex {
  /** In order of acceptance; an operation's number is its place, counted from 1. */
  readonly operations: Operation[] = [];
  readonly #byReference = new Map<string, Operation[]>();
  readonly #byId = new Map<string, Operation>();
  readonly #usedQuotations = new Set<string>();
  readonly #accepted = new Map<string, bigint>();
  readonly #nameless = new Map<string, number>();

  add(operation: Operation): void {
    this.operations.push(operation);
    const { reference, key, transactionId, quotationId, type, currency } = operation;
    // Two operations with one id (a fault) are told apart by their references; the id finds the first.
    if (!this.#byId.has(transactionId)) this.#byId.set(transactionId, operation);
    if (quotationId !== null) this.#usedQuotations.add(quotationId);
    this.#accepted.set(`${type} ${currency}`, this.acceptedMinor(type, currency) + operation.askedMinor);
    if (reference === null) {
      const name = key.slice(0, key.lastIndexOf(' #'));
      this.#nameless.set(name, this.nameless(name) + 1);
      return;
    }
    const same = this.#byReference.get(reference);
    if (same === undefined) this.#byReference.set(reference, [operation]);
    else same.push(operation);
  }

  numbered(number: number | null): Operation | undefined {
    return number === null ? undefined : this.operations[number - 1];
  }

  withReference(reference: string): readonly Operation[] {
    return this.#byReference.get(reference) ?? [];
  }

  withId(transactionId: string): Operation | undefined {
    return this.#byId.get(transactionId);
  }

  isUsed(quotationId: string): boolean {
    return this.#usedQuotations.has(quotationId);
  }

  /** Everything of a type that was ever accepted in a currency, whatever became of it. */
  acceptedMinor(type: OperationType, currency: string): bigint {
    return this.#accepted.get(`${type} ${currency}`) ?? 0n;
  }

  /** How many operations came without a reference under that name. */
  nameless(name: string): number {
    return this.#nameless.get(name) ?? 0;
  }
}
