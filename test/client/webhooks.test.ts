// Taking events with the client: what the service signs is taken, from either kind of headers; everything else is refused.
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { verifyEvent, WebhookVerificationError } from '../../src/client/webhooks.ts';

const SECRET = `whsec_${Buffer.from('a secret of twenty-four!').toString('base64')}`;
const body = JSON.stringify({ id: 'ev1', type: 'payout.settled', sequence: 3, data: { reference: 'Zoë' } });

function signed(at: Date) {
  return {
    'webhook-id': 'ev1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign('ev1', at, body),
  };
}

it('takes what is signed, as text or bytes, with headers of either kind', () => {
  const headers = signed(new Date());
  const loud = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
  for (const given of [headers, loud, new Headers(headers)]) {
    for (const raw of [body, new TextEncoder().encode(body)])
      expect(verifyEvent({ secret: SECRET, body: raw, headers: given })).toEqual(JSON.parse(body));
  }
});

it('refuses what is changed, old, unsigned or signed with another secret', () => {
  const headers = signed(new Date());
  const old = signed(new Date(Date.now() - 6 * 60_000));
  for (const of of [
    { secret: SECRET, body: body.replace('3', '4'), headers },
    { secret: SECRET, body, headers: old },
    { secret: SECRET, body, headers: {} },
    { secret: `${SECRET.slice(0, -4)}AAAA`, body, headers },
  ])
    expect(() => verifyEvent(of)).toThrow(WebhookVerificationError);
});
