// The provider's wallets as last read: whether one covers a payout, asked before anything is sent.
import { type Context, perContext } from '../context.ts';

interface Reading {
  readonly balances: ReadonlyMap<string, bigint>;
  readonly readAt: number;
}

const reader = perContext((ctx) => {
  let last: Reading | null = null;
  let reading: Promise<Reading> | null = null;
  const read = async (): Promise<Reading> => {
    const wallets = await ctx.provider.wallets();
    last = {
      balances: new Map(wallets.map((w) => [w.currency, w.enabled ? w.balanceMinor : 0n])),
      readAt: performance.now(),
    };
    return last;
  };
  return async (maxAgeMs: number): Promise<Reading> => {
    if (last !== null && performance.now() - last.readAt < maxAgeMs) return last;
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
});

/**
 * Whether the provider's wallet in `currency` covers `totalMinor`, as read at most PROVIDER_BALANCE_TTL_MS ago; a reading that
 * says no is taken again before it is believed. It spares a refusal; it guards nothing (the provider refuses by itself).
 * Raises what the provider's `wallets` raises.
 */
export async function providerCovers(ctx: Context, currency: string, totalMinor: bigint): Promise<boolean> {
  const covers = (reading: Reading) => (reading.balances.get(currency) ?? 0n) >= totalMinor;
  const ttl = ctx.config.PROVIDER_BALANCE_TTL_MS;
  if (covers(await reader(ctx)(ttl))) return true;
  return covers(await reader(ctx)(Math.min(ttl, 250)));
}
