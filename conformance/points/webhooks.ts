// Callbacks: which are authentic, and what each claims to be about.
import { type Received, startListener } from '../bystanders.ts';
import type { Point } from '../point.ts';
import { type Stage, WEBHOOK_SECRET } from '../stage.ts';

const HEADER = 'x-eversend-signature';

/** The callback that the simulator sends when `act` has been done; null when none came. */
async function callback(stage: Stage, act: () => Promise<unknown>): Promise<Received> {
  const receiver = stage.use(await startListener());
  await stage.control('/webhook-url', { url: receiver.url });
  await act();
  for (let tries = 0; receiver.received.length === 0 && tries < 500; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [received] = receiver.received;
  if (received === undefined) throw new Error('the simulator sent no callback');
  return received;
}

const judge = (stage: Stage, { headers, body }: Received, secrets: readonly string[], algorithm: 'sha512' | 'sha256') =>
  stage.adapter.verifySignature?.({ rawBody: body, header: String(headers[HEADER] ?? ''), secrets, algorithm });

const SIGNED = { body: { transactionRef: 'po1', status: 'successful' } };

export const WEBHOOKS: readonly Point[] = [
  {
    id: 'signature',
    webhooks: true,
    expected: 'A callback signed with one of our secrets is valid, in the algorithm configured and no other.',
    async check(stage, see) {
      for (const algorithm of ['sha512', 'sha256'] as const) {
        await stage.order({ webhook: { algorithm, prefixed: algorithm === 'sha256' } });
        const received = await callback(stage, () => stage.control('/webhooks', SIGNED));
        see(`signed by ${algorithm}`, judge(stage, received, [WEBHOOK_SECRET], algorithm), 'valid');
        see('during a rotation', judge(stage, received, ['newer', WEBHOOK_SECRET], algorithm), 'valid');
        see('under another secret', judge(stage, received, ['another'], algorithm), 'invalid');
        const other = algorithm === 'sha512' ? 'sha256' : 'sha512';
        see(`where ${other} is expected`, judge(stage, received, [WEBHOOK_SECRET], other), 'invalid');
        const altered = { ...received, body: Buffer.concat([received.body, Buffer.from(' ')]) };
        see('with a byte more', judge(stage, altered, [WEBHOOK_SECRET], algorithm), 'invalid');
      }
    },
  },
  {
    id: 'forgery',
    webhooks: true,
    expected: 'A callback signed with no key, another key or not at all is never valid.',
    async check(stage, see) {
      for (const [signature, verdict] of [
        ['unkeyed', 'unkeyed'],
        ['invalid', 'invalid'],
        ['missing', 'invalid'],
      ] as const) {
        const received = await callback(stage, () => stage.control('/webhooks', { ...SIGNED, signature }));
        see(`signature ${signature}`, judge(stage, received, [WEBHOOK_SECRET], 'sha512'), verdict);
      }
    },
  },
  {
    id: 'callback-read',
    webhooks: true,
    expected: 'A callback says which transaction it is about, flat or nested; what says nothing is null.',
    async check(stage, see) {
      for (const nested of [false, true]) {
        await stage.order({ webhook: { nested } });
        for (const direction of ['collection', 'payout'] as const) {
          const { reference } = await stage.send(direction);
          const force = () => stage.control(`/transactions/${reference}`, { status: 'successful' });
          const { body } = await callback(stage, force);
          const [providerTransactionId] = (await stage.booked(reference)).transactionIds;
          const claim = { reference, providerTransactionId, status: 'successful' };
          see(`a ${direction}${nested ? ', nested' : ''}`, stage.adapter.readClaim?.(body), claim);
        }
      }
      for (const nonsense of ['', 'hello', '[]', '{}', '{"transactionRef":5}', '{"data":null}', '\ufeff{']) {
        see(JSON.stringify(nonsense), stage.adapter.readClaim?.(Buffer.from(nonsense)), null);
      }
    },
  },
];
