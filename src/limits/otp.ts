// One-time pins: each costs a message and can pester a person, so they are counted by phone, by range of phones, and by merchant.
import type { Context } from '../context.ts';
import type { Limit } from './limit.ts';
import { limitsOf } from './limits.ts';

/** Phones that differ in their last digits only are dialled one after the other by whoever tries them out. */
const LAST_DIGITS = 3;

/** Which limits one pin counts against, and as whom. Phones are told apart by fingerprint: the store learns none. */
export function otpLimits(
  ctx: Context,
  of: { merchantId: string; phone: string },
): readonly (readonly [Limit, string])[] {
  const { otpPhone, otpPrefix, otpMerchant } = limitsOf(ctx);
  const name = (text: string) => ctx.vault.fingerprint('phone', text).toString('base64url');
  return [
    [otpPhone, name(of.phone)],
    [otpPrefix, name(of.phone.slice(0, -LAST_DIGITS))],
    [otpMerchant, of.merchantId],
  ];
}
