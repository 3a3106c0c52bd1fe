// Signs and verifies webhook bodies: HMAC in hex over the raw bytes, compared in constant time.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type WebhookAlgorithm = 'sha512' | 'sha256';

/** As Node's HTTP parser spells it; Eversend writes `X-Eversend-Signature`. */
export const SIGNATURE_HEADER = 'x-eversend-signature';

const HEX_LENGTH = { sha512: 128, sha256: 64 } as const;

/** The lower-case hex HMAC of `rawBody` under `secret`. */
export function signWebhook(rawBody: Buffer, secret: string, algorithm: WebhookAlgorithm): string {
  return createHmac(algorithm, secret).update(rawBody).digest('hex');
}

/**
 * Judges the signature header of one webhook. Hex in either case, with or without a `sha512=` / `sha256=` prefix; any of
 * `secrets` may have signed (rotation). `unkeyed` means the header is the plain digest of the body, which the official
 * sample computes by mistake: anybody can make it, so it is refused like `invalid`, but operators must hear of it.
 */
export function verifySignature(of: {
  readonly rawBody: Buffer;
  readonly header: string | undefined;
  readonly secrets: readonly string[];
  readonly algorithm: WebhookAlgorithm;
}): 'valid' | 'invalid' | 'unkeyed' {
  const given = readHex(of.header);
  if (given === null) return 'invalid';
  if (given.length * 2 === HEX_LENGTH[of.algorithm]) {
    let matches = false;
    for (const secret of of.secrets) {
      // An empty secret would let everybody sign; every other one is tried, whichever matched, to keep the time constant.
      if (secret === '') continue;
      const expected = createHmac(of.algorithm, secret).update(of.rawBody).digest();
      matches = timingSafeEqual(expected, given) || matches;
    }
    if (matches) return 'valid';
  }
  // The page's sample is SHA-512 whatever we are configured for; SHA-256 would be the same mistake in the other algorithm.
  const plain = given.length * 2 === HEX_LENGTH.sha512 ? 'sha512' : 'sha256';
  return timingSafeEqual(createHash(plain).update(of.rawBody).digest(), given) ? 'unkeyed' : 'invalid';
}

/** The header's bytes when it is hex of one of the two digest lengths, else null: nothing is hashed for anything else. */
function readHex(header: string | undefined): Buffer | null {
  if (header === undefined || header.length > HEX_LENGTH.sha512 + 'sha512='.length) return null;
  const hex = header.replace(/^sha(?:512|256)=/i, '');
  if (hex.length !== HEX_LENGTH.sha512 && hex.length !== HEX_LENGTH.sha256) return null;
  return /^[0-9a-f]+$/i.test(hex) ? Buffer.from(hex, 'hex') : null;
}
