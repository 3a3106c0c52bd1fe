// Accepts an operation into the book: reference rules, ids made from the seed, and the first step of its life.

import { advanceNow, book, plan } from './life.ts';
import type { Accepted, Operation, OperationType } from './operation.ts';
import { Refusal, type Reply } from './reply.ts';
import type { World } from './world.ts';

export interface Order
  extends Pick<Accepted, 'reference' | 'key' | 'type' | 'currency' | 'askedMinor' | 'feesMinor' | 'account'> {
  readonly destinationCurrency?: string;
  readonly destinationAmount?: string;
  readonly destinationCountry?: string | null;
  readonly rail?: Accepted['rail'];
  readonly recipient?: Accepted['recipient'];
  readonly customer?: unknown;
  readonly redirectUrl?: string | null;
  readonly quotationId?: string;
}

/** Raises Refusal 400 for a reference that some operation of the account already carries. */
export function checkReference(world: World, reference: string | null): void {
  if (reference === null || world.faults.settings.accept_duplicate_references) return;
  if (world.book.index.withReference(reference).length > 0) throw new Refusal(400, 'transaction already exists');
}

/** The reference; without one, a name made of what is known, numbered among its likes. */
export function operationKey(world: World, type: OperationType, reference: string | null, account: string): string {
  if (reference !== null) return reference;
  const name = `${type} ${account}`;
  return `${name} #${world.book.index.nameless(name) + 1}`;
}

/** Books the operation, starts its life, and answers with what `present` shows of it. */
export function accept(
  world: World,
  order: Order,
  movements: readonly { readonly currency: string; readonly deltaMinor: bigint }[],
  present: (operation: Operation) => Reply,
): Reply {
  const { type, key, account } = order;
  const course = type === 'exchange' ? { outcome: null, settleMs: null } : world.faults.course(key, account);
  const operation = world.book.accept(
    {
      destinationCurrency: null,
      destinationAmount: null,
      destinationCountry: null,
      rail: null,
      recipient: null,
      customer: null,
      redirectUrl: null,
      quotationId: null,
      ...order,
      ...course,
      transactionId: freshId(world, type, key, course.outcome === 'same_id'),
      createdMs: world.now(),
    },
    movements,
  );
  world.log.add('book', key, 'accepted', { type, transactionId: operation.transactionId, outcome: course.outcome });
  return begin(world, operation, present);
}

function begin(world: World, operation: Operation, present: (operation: Operation) => Reply): Reply {
  const { settings } = world.faults;
  if (operation.type === 'exchange') {
    const { amountMinor } = operation;
    book(world, operation, { status: 'successful', isRefunded: false, reason: null, amountMinor }, 'life');
    return present(operation);
  }
  if (operation.outcome === 'instant') {
    void advanceNow(world, operation);
    return present(operation);
  }
  const reply = present(operation);
  if (settings['webhook.pendingEvents']) void world.webhooks.announce(operation, 'pending');
  if (world.faults.webhook(operation.key, operation.account, 1).has('before_answer')) {
    return { ...reply, hold: delivered(world, operation, settings['webhook.timeoutMs']) };
  }
  plan(world, operation);
  return reply;
}

/** Resolves when the operation's webhook was delivered, or the answer has waited long enough for that. */
function delivered(world: World, operation: Operation, mostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const callOff = world.timers.after(mostMs, resolve);
    void advanceNow(world, operation).then(() => {
      callOff();
      resolve();
    });
  });
}

/** An id that no other operation has; with `shared`, one that all such operations share. */
function freshId(world: World, type: OperationType, key: string, shared: boolean): string {
  if (shared) return transactionIdOf(world, type, 'same_id', 0);
  for (let attempt = 0; ; attempt += 1) {
    const id = transactionIdOf(world, type, key, attempt);
    if (world.book.index.withId(id) === undefined) return id;
  }
}

/** Two letters, the account's number and 13 digits, as the provider's ids look; made from the seed, not from the clock. */
function transactionIdOf(world: World, type: OperationType, key: string, attempt: number): string {
  const digits = 1_000_000_000_000 + world.seed.below(9_000_000_000_000, 'transaction', key, attempt);
  return `${type === 'payout' ? 'BP' : 'BE'}${world.accountId}${digits}`;
}
