// Whether an account exists and whose it is, as far as the provider can tell: never more than it said.
import type { Context } from '../context.ts';
import { ProviderRejected, Refused } from '../errors.ts';
import type { Method, Recipient } from '../provider/provider.ts';

/**
 * `verified`: it exists, under the name given. `name_mismatch`: it exists, under another name. `exists`: it exists, and there was
 * no name to compare. `not_found`: the provider knows no such account.
 */
export const VERIFICATIONS = ['verified', 'name_mismatch', 'exists', 'not_found'] as const;
export type Verification = (typeof VERIFICATIONS)[number];

export interface Verified {
  readonly status: Verification;
  /** The holder's name as the bank has it; null where the provider does not say. */
  readonly accountName: string | null;
}

/**
 * Asks the provider, as it is allowed for bank accounts and for Eversend wallets by phone or e-mail. Raises Refused
 * `verification_unsupported` for everything else, and ProviderUnavailable.
 */
export async function verifyAccount(
  ctx: Context,
  of: { readonly method: Method; readonly country: string | null; readonly recipient: Recipient },
): Promise<Verified> {
  const { method, country, recipient } = of;
  const { bankCode, accountNumber, phone, email } = recipient;
  if (method === 'bank' && country !== null && bankCode !== undefined && accountNumber !== undefined) {
    const accountName = await holderOf(ctx, { country, bankCode, accountNumber });
    if (accountName === null) return { status: 'not_found', accountName };
    const given = nameOf(recipient);
    if (given === null) return { status: 'exists', accountName };
    return { status: isSameName(given, accountName) ? 'verified' : 'name_mismatch', accountName };
  }
  if (method === 'eversend' && (phone !== undefined || email !== undefined)) {
    const named = { ...(phone === undefined ? {} : { phone }), ...(email === undefined ? {} : { email }) };
    return { status: (await ctx.provider.eversendAccountExists(named)) ? 'exists' : 'not_found', accountName: null };
  }
  const what = method === 'eversend' ? 'a wallet named by its tag' : 'mobile money';
  throw new Refused(
    'verification_unsupported',
    `Nobody can be asked about ${what}: only bank accounts, and Eversend wallets by phone or email, can be verified.`,
    method === 'eversend' ? 'recipient.tag' : 'method',
  );
}

async function holderOf(
  ctx: Context,
  account: { country: string; bankCode: string; accountNumber: string },
): Promise<string | null> {
  try {
    return (await ctx.provider.verifyBankAccount(account)).accountName;
  } catch (error) {
    if (error instanceof ProviderRejected) return null;
    throw error;
  }
}

function nameOf({ accountName, firstName, lastName }: Recipient): string | null {
  return accountName ?? (firstName && lastName ? `${firstName} ${lastName}` : null);
}

const wordsOf = (name: string): ReadonlySet<string> =>
  new Set(
    name
      .normalize('NFD')
      .replaceAll(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [],
  );

/**
 * The same words in any order; or one name is the other with more words (a middle name, a title), as long as at least two agree.
 * Case, accents and punctuation say nothing.
 */
export function isSameName(a: string, b: string): boolean {
  const [fewer, more] = [wordsOf(a), wordsOf(b)].toSorted((one, other) => one.size - other.size);
  if (fewer === undefined || more === undefined || fewer.size === 0 || !fewer.isSubsetOf(more)) return false;
  return fewer.size === more.size || fewer.size >= 2;
}
