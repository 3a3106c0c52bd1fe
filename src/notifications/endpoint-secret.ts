// An endpoint's secrets: made by us, sealed in the row, shown once; and the signing of what is sent, by the Standard Webhooks scheme.
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Vault } from '../vault.ts';

/** The scheme asks for 24 to 64 bytes; 32 are as many as SHA-256 has. */
const SECRET_BYTES = 32;

/** A new secret as the merchant is shown it: `whsec_` and base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

export interface SealedSecrets {
  readonly secretSealed: Buffer;
  /** Null once the overlap of a rotation has ended. */
  readonly previousSealed: Buffer | null;
}

/** Headers for one try. Every secret signs, so that a receiver may know either of them during a rotation. */
export type Signer = (eventId: string, at: Date, body: string) => Record<string, string>;

/** Opens the secrets once for many signatures. */
export function signerOf(vault: Vault, { secretSealed, previousSealed }: SealedSecrets): Signer {
  const keys = [secretSealed, previousSealed].flatMap((sealed) =>
    sealed === null ? [] : [new Webhook(vault.open(sealed))],
  );
  return (eventId, at, body) => ({
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': keys.map((key) => key.sign(eventId, at, body)).join(' '),
  });
}
