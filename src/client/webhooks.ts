// Taking what the service tells you: the Standard Webhooks library verifies the signature, and the event is typed.
import { Webhook } from 'standardwebhooks';
import type { Event } from './generated/description.ts';

export { WebhookVerificationError } from 'standardwebhooks';
export type { Event } from './generated/description.ts';

/** As `fetch` or as Node's own server gives them. */
export type AnyHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The event, if it is ours, unchanged and younger than five minutes. `body` is what arrived, byte for byte: parsed and written anew it
 * would be another. `secret` is the endpoint's, `whsec_…`. Raises WebhookVerificationError: answer 400 and do nothing.
 */
export function verifyEvent(of: { secret: string; body: string | Uint8Array; headers: AnyHeaders }): Event {
  const { secret, body, headers } = of;
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const given = headers instanceof Headers ? [...headers] : Object.entries(headers);
  const named = given.map(([name, value]) => [name.toLowerCase(), String(value ?? '')] as const);
  return new Webhook(secret).verify(text, Object.fromEntries(named)) as Event;
}
