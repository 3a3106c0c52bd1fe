// The beginning of what an endpoint answered, as it may be kept and shown: without the person, and without anything but plain characters.
import type { Context } from '../context.ts';
import { withoutNumbers, withoutPerson } from '../transactions/discreet.ts';

const MOST = 1000;
/** What is no printable ASCII, and all that means something to markup or a terminal. */
const HARMFUL = /[^\x20-\x7e]|[<>&"'`\\]/gu;

/** `about`: the transaction that the event was about, null without one. Null when nothing was answered. */
export function excerptOf(
  ctx: Context,
  about: { readonly sealed: Buffer | null } | null,
  answer: string | null,
): string | null {
  if (answer === null) return null;
  const discreet = about === null ? withoutNumbers(answer) : withoutPerson(ctx, about, answer);
  const plain = discreet.replaceAll(HARMFUL, (one) => {
    const code = one.codePointAt(0) ?? 0;
    return one === '…' ? '...' : code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
  return plain.slice(0, MOST);
}
