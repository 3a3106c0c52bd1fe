// How an operation goes on after it was accepted: its planned steps, the money each moves, and the webhook it sends.
import type { Operation, Status } from './operation.ts';
import type { Settings } from './switches.ts';
import type { World } from './world.ts';

export interface Turn {
  readonly status: Status;
  readonly isRefunded: boolean;
  readonly reason: string | null;
  readonly amountMinor: bigint;
}

/** Plans the next step of an operation, if there is one. Also used for every operation found in a state file. */
export function plan(world: World, operation: Operation): void {
  const next = nextTurn(operation, world.faults.settings);
  if (next === null) return;
  const { changes } = operation;
  const waitMs = Math.max(0, operation.updatedMs + next.afterMs - world.now());
  world.timers.after(waitMs, () => {
    if (operation.changes === changes) void advance(world, operation, next.turn);
  });
}

/** The next turn at once: for webhooks that overtake the answer and for operations that end in it. */
export function advanceNow(world: World, operation: Operation): Promise<void> {
  const next = nextTurn(operation, world.faults.settings);
  return next === null ? Promise.resolve() : advance(world, operation, next.turn);
}

/** Books a turn, plans what follows, and resolves when its webhook is delivered or given up for now. */
async function advance(world: World, operation: Operation, turn: Turn): Promise<void> {
  book(world, operation, turn, 'life');
  plan(world, operation);
  await world.webhooks.announce(operation, operation.status);
}

/** Writes a change of status and the money it moves. */
export function book(world: World, operation: Operation, turn: Turn, by: 'life' | 'control'): void {
  const movedMinor = walletEffect(operation, turn, world.faults.settings);
  world.book.change(operation, { ...turn, movedMinor, by });
  world.log.add('book', operation.key, turn.status, { isRefunded: turn.isRefunded, by });
}

function nextTurn(operation: Operation, settings: Settings): { readonly afterMs: number; readonly turn: Turn } | null {
  const { status, outcome, type } = operation;
  const turn = (to: Status, reason: string | null = null): Turn => ({
    status: to,
    reason,
    isRefunded: false,
    amountMinor: operation.amountMinor,
  });
  if (operation.forced || type === 'exchange') return null;
  if (status === 'pending') {
    if (outcome === 'stays_pending') {
      const expiryMs = settings['settle.collectionExpiryMs'];
      if (type !== 'collection' || expiryMs === null) return null;
      return { afterMs: expiryMs, turn: turn('failed', 'Expired') };
    }
    if (operation.settleMs === null) return null;
    const afterMs = operation.settleMs;
    if (outcome === 'fails' || outcome === 'late_success' || outcome === 'fails_unrefunded') {
      const reason = type === 'collection' ? 'Payer declined' : 'Recipient could not be credited';
      const isRefunded = type === 'payout' && outcome !== 'fails_unrefunded';
      return { afterMs, turn: { ...turn('failed', reason), isRefunded } };
    }
    if (outcome === 'other_amount' && operation.amountMinor > 100n) {
      return { afterMs, turn: { ...turn('successful'), amountMinor: operation.amountMinor - 100n } };
    }
    return { afterMs, turn: turn('successful') };
  }
  if (status === 'failed' && outcome === 'late_success') {
    return { afterMs: settings['settle.lateMs'], turn: turn('successful') };
  }
  if (status === 'successful' && !operation.isRefunded) {
    const afterMs = settings['settle.refundMs'];
    if (outcome === 'refunded') return { afterMs, turn: { ...turn('successful', 'Refunded'), isRefunded: true } };
    if (outcome === 'reversed') return { afterMs, turn: { ...turn('failed', 'Reversed'), isRefunded: true } };
  }
  return null;
}

/** What an operation in that state has done to its wallet altogether, in hundredths. */
function walletEffect(operation: Operation, turn: Turn, settings: Settings): bigint {
  if (operation.type === 'exchange') return operation.movedMinor;
  if (operation.type === 'payout') {
    const spent = -(turn.amountMinor + operation.feesMinor);
    if (!turn.isRefunded) return spent;
    return turn.status === 'failed' || settings.refund_returns_charge ? 0n : -operation.feesMinor;
  }
  if (turn.status !== 'successful' || turn.isRefunded) return 0n;
  return settings.deduct_collection_charge ? turn.amountMinor - operation.feesMinor : turn.amountMinor;
}
