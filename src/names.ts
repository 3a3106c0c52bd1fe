// What a person's, a bank's or a firm's name may look like: visible text of a sane length, stored in one normal form.

/** Longest name, in code points. */
export const NAME_LENGTH = 100;

// Controls, surrogates and private use; and format characters (direction marks, zero-width spaces), which make two names look alike.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const WORD = /[\p{L}\p{N}]/u;

/** The name in NFC, or null when it is empty, too long, has no letter or digit, or holds characters that cannot be seen. */
export function cleanName(text: string): string | null {
  // Cheap before exact: a code point takes at most two units, and no name in use shrinks to less than a quarter by NFC.
  if (text.length > 8 * NAME_LENGTH) return null;
  const name = text.normalize('NFC');
  return [...name].length <= NAME_LENGTH && WORD.test(name) && !INVISIBLE.test(name) ? name : null;
}
