// Asks the provider to send a payer a one-time pin. The pin comes back with the collection and is never stored in clear.
import type { Context } from '../context.ts';

/** Sends one message; never repeated by itself, since a second message would confuse the payer. Raises what the provider raises. */
export function requestOtp(ctx: Context, of: { phone: string }): Promise<{ readonly pinId: string }> {
  return ctx.provider.requestOtp(of.phone);
}
