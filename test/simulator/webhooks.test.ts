// The webhooks of the simulated provider: bodies, signatures, retries, and every way in which they go wrong.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifySignature } from '../../src/provider/eversend/signature.ts';
import { until } from '../support/until.ts';
import { type ReceivedWebhook, type Receiver, type Rig, startReceiver, startRig } from './rig.ts';

const SECRET = 'test-webhook-secret';

async function rigWithReceiver(orders: object = {}): Promise<{ rig: Rig; receiver: Receiver }> {
  const receiver = await startReceiver();
  const rig = await startRig({ webhookUrl: receiver.url, webhookSecret: SECRET });
  const ordered = await rig.control('/faults', { webhook: { delayMs: 2, retryDelaysMs: [1, 2, 3, 4] }, ...orders });
  expect(ordered.status, ordered.text).toBe(200);
  return { rig, receiver };
}

const about = (receiver: Receiver, reference: string) =>
  receiver.received.filter(({ body }) => {
    const data = (body['data'] ?? body) as { transactionRef?: string };
    return data.transactionRef === reference;
  });
const arrived = (receiver: Receiver, reference: string, count = 1) =>
  until(() => {
    const webhooks = about(receiver, reference);
    return webhooks.length >= count && webhooks;
  }, `${count} webhooks about ${reference} have arrived`);
const verdict = ({ raw, headers }: ReceivedWebhook, algorithm: 'sha512' | 'sha256' = 'sha512') =>
  verifySignature({
    rawBody: raw,
    header: headers['x-eversend-signature'] as string | undefined,
    secrets: [SECRET],
    algorithm,
  });

/** The log's word that nothing more is coming: a final webhook of a later transaction overtakes nothing that was sent. */
const logged = (rig: Rig, reference: string, event: string) =>
  until(async () => {
    const log = (await rig.control(`/log?key=${reference}&channel=webhook`)).at() as { event: string }[];
    return log.some((entry) => entry.event === event);
  }, `${event} is logged for ${reference}`);

describe('a webhook', () => {
  it('tells of a collection that was paid, signed over its bytes', async () => {
    const { rig, receiver } = await rigWithReceiver();
    const collected = await rig.collect('told1', { customer: '{"email":"a@example.com"}' });
    const [webhook] = await arrived(receiver, 'told1');
    expect(webhook?.headers['content-type']).toBe('application/json');
    expect(webhook && verdict(webhook)).toBe('valid');
    expect(webhook?.headers['x-eversend-signature']).toMatch(/^[0-9a-f]{128}$/);
    expect(webhook?.body).toEqual({
      eventType: 'transaction.eversendCollectionSuccessful',
      type: 'collection',
      status: 'successful',
      transactionId: collected.at('data.transactionId'),
      transactionRef: 'told1',
      currency: 'UGX',
      amount: '2000',
      fees: '30',
      phoneNumber: '+256712345678',
      customer: { email: 'a@example.com' },
      reason: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
  });

  it('tells of a collection that was declined and of payouts both ways, amounts as numbers there', async () => {
    const { rig, receiver } = await rigWithReceiver();
    await rig.collect('declined1', { phone: '+256712340000' });
    await rig.payOut('paid1');
    await rig.payOut('unpaid1', '+256712340000');
    const [declined] = await arrived(receiver, 'declined1');
    expect(declined?.body).toMatchObject({
      eventType: 'transaction.eversendCollectionDeclined',
      status: 'failed',
      reason: 'Payer declined',
    });
    const [paid] = await arrived(receiver, 'paid1');
    expect(paid?.body).toMatchObject({
      eventType: 'transaction.payout',
      type: 'payout',
      status: 'successful',
      amount: 1000,
      fees: 2500,
      destinationCurrency: 'UGX',
      destinationAmount: '1000',
    });
    const [unpaid] = await arrived(receiver, 'unpaid1');
    expect(unpaid?.body).toMatchObject({ status: 'failed', isRefunded: true, reason: expect.any(String) });
  });

  it('is tried five times while it is not answered with 200, with the same bytes', async () => {
    const { rig, receiver } = await rigWithReceiver();
    receiver.answer = 500;
    await rig.collect('retried1');
    const tries = await arrived(receiver, 'retried1', 5);
    expect(new Set(tries.map(({ raw }) => raw.toString())).size).toBe(1);
    receiver.answer = 200;
    await rig.collect('retried2');
    await arrived(receiver, 'retried2');
    expect(about(receiver, 'retried1')).toHaveLength(5);
    expect(about(receiver, 'retried2')).toHaveLength(1);
  });

  it('is given up as soon as it is answered, also after failures', async () => {
    const { rig, receiver } = await rigWithReceiver();
    receiver.answer = 503;
    await rig.collect('recovered1');
    await arrived(receiver, 'recovered1', 2);
    receiver.answer = 200;
    await until(async () => {
      const log = (await rig.control('/log?key=recovered1&channel=webhook')).at() as { detail: { answer: number } }[];
      return log.at(-1)?.detail.answer === 200;
    }, 'it was answered with 200');
  });

  it('is tried again after a receiver that does not answer at all', async () => {
    const { rig, receiver } = await rigWithReceiver();
    await rig.control('/webhook-url', { url: 'http://127.0.0.1:9/closed' });
    await rig.collect('unreachable1');
    await logged(rig, 'unreachable1', 'sent');
    await rig.control('/webhook-url', { url: receiver.url });
    await arrived(receiver, 'unreachable1');
  });
});

describe('a webhook fault', () => {
  const ordered = async (fault: string, settings: object = {}) => {
    const setUp = await rigWithReceiver({ accounts: { '+256712345678': { webhook: [fault] } }, ...settings });
    await setUp.rig.collect('faulty1');
    return setUp;
  };

  it('drop sends nothing although it succeeds', async () => {
    const { rig, receiver } = await ordered('drop');
    await logged(rig, 'faulty1', 'dropped');
    expect(about(receiver, 'faulty1')).toEqual([]);
    expect((await rig.get('/transactions/faulty1')).at('data.transactions.0.status')).toBe('successful');
  });

  it('duplicate sends the same bytes twice, respelled the same content in other bytes', async () => {
    const twice = await ordered('duplicate');
    const [one, two] = await arrived(twice.receiver, 'faulty1', 2);
    expect(one?.raw.equals(two?.raw ?? Buffer.alloc(0))).toBe(true);
    const other = await ordered('respelled');
    const [plain, respelled] = await arrived(other.receiver, 'faulty1', 2);
    expect(plain?.raw.equals(respelled?.raw ?? Buffer.alloc(0))).toBe(false);
    expect(plain?.body).toEqual(respelled?.body);
    expect(respelled && verdict(respelled)).toBe('valid');
  });

  it('reorder sends a pending event after the final one', async () => {
    const { receiver } = await ordered('reorder');
    const webhooks = await arrived(receiver, 'faulty1', 2);
    expect(webhooks.map(({ body }) => body['status'])).toEqual(['successful', 'pending']);
  });

  it('lie and lie_amount are correctly signed and wrong', async () => {
    const lied = await ordered('lie');
    const [lie] = await arrived(lied.receiver, 'faulty1');
    expect([lie && verdict(lie), lie?.body['status']]).toEqual(['valid', 'failed']);
    expect((await lied.rig.get('/transactions/faulty1')).at('data.transactions.0.status')).toBe('successful');
    const exaggerated = await ordered('lie_amount');
    const [more] = await arrived(exaggerated.receiver, 'faulty1');
    expect([more && verdict(more), more?.body['amount']]).toEqual(['valid', '2001']);
  });

  it('nested puts everything but eventType under data', async () => {
    const { receiver } = await ordered('nested');
    const [webhook] = await arrived(receiver, 'faulty1');
    expect(Object.keys(webhook?.body ?? {})).toEqual(['eventType', 'data']);
  });

  it.each([
    ['unkeyed', 'unkeyed'],
    ['bad_signature', 'invalid'],
    ['no_signature', 'invalid'],
  ])('%s is judged %s', async (fault, expected) => {
    const { receiver } = await ordered(fault);
    const [webhook] = await arrived(receiver, 'faulty1');
    expect(webhook && verdict(webhook)).toBe(expected);
    if (fault === 'no_signature') expect(webhook?.headers).not.toHaveProperty('x-eversend-signature');
    if (fault === 'unkeyed' && webhook) {
      expect(webhook.headers['x-eversend-signature']).toBe(createHash('sha512').update(webhook.raw).digest('hex'));
    }
  });

  it('delay comes late but comes', async () => {
    const { receiver } = await ordered('delay');
    await arrived(receiver, 'faulty1');
  });

  it('before_answer is delivered before the call is answered', async () => {
    const { rig, receiver } = await rigWithReceiver({ accounts: { '+256712345678': { webhook: ['before_answer'] } } });
    const answer = await rig.collect('early1');
    expect(about(receiver, 'early1')).toHaveLength(1);
    expect(answer.at('data.status')).toBe('pending');
    expect((await rig.get('/transactions/early1')).at('data.transactions.0.status')).toBe('successful');
  });

  it('is drawn for each by itself: a rate of one drops them all', async () => {
    const { rig, receiver } = await rigWithReceiver({ webhook: { drop: 1, duplicate: 1 } });
    await rig.collect('rated1');
    await logged(rig, 'rated1', 'dropped');
    expect(receiver.received).toEqual([]);
  });
});

describe('a switch', () => {
  it('changes algorithm, signing, prefix and nesting of every webhook', async () => {
    const { rig, receiver } = await rigWithReceiver({ webhook: { algorithm: 'sha256', prefixed: true, nested: true } });
    await rig.collect('switched1');
    const [webhook] = await arrived(receiver, 'switched1');
    expect(webhook?.headers['x-eversend-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(webhook && verdict(webhook, 'sha256')).toBe('valid');
    expect(webhook?.body).toHaveProperty('data.transactionRef', 'switched1');
    await rig.control('/faults', { webhook: { signature: 'bad', prefixed: false } });
    await rig.collect('switched2');
    const [bad] = await arrived(receiver, 'switched2');
    expect(bad && verdict(bad, 'sha256')).toBe('invalid');
  });

  it('adds pending events', async () => {
    const { rig, receiver } = await rigWithReceiver({ webhook: { pendingEvents: true } });
    await rig.collect('eventful1');
    const webhooks = await arrived(receiver, 'eventful1', 2);
    expect(webhooks.map(({ body }) => body['status']).sort()).toEqual(['pending', 'successful']);
  });
});

describe('a control call', () => {
  it('sends any body in any signature, as often as wanted, and tells the answers', async () => {
    const { rig, receiver } = await rigWithReceiver();
    const lie = { eventType: 'transaction.payout', transactionRef: 'nobodys1', status: 'successful', amount: 1 };
    const sent = await rig.control('/webhooks', { body: lie, times: 3 });
    expect(sent.at('answers')).toEqual([[200], [200], [200]]);
    expect(about(receiver, 'nobodys1').map((webhook) => verdict(webhook))).toEqual(['valid', 'valid', 'valid']);
    for (const [signature, expected] of [
      ['invalid', 'invalid'],
      ['unkeyed', 'unkeyed'],
      ['missing', 'invalid'],
    ] as const) {
      await rig.control('/webhooks', { body: 'no json at all', signature });
      const last = receiver.received.at(-1);
      expect([last?.raw.toString(), last && verdict(last)]).toEqual(['no json at all', expected]);
    }
  });

  it('forces a status with the ordinary webhook, without one, or with a lie instead', async () => {
    const { rig, receiver } = await rigWithReceiver({ settle: { ms: null } });
    await rig.payOut('forced1');
    await rig.control('/transactions/forced1', { status: 'failed', reason: 'Line down', webhook: false });
    expect((await rig.get('/transactions/forced1')).at('data.transactions.0')).toMatchObject({
      status: 'failed',
      reason: 'Line down',
      isRefunded: true,
    });
    const lie = { transactionRef: 'forced1', status: 'successful' };
    const sent = await rig.control('/transactions/forced1', { webhook: lie });
    expect(sent.at('answers')).toEqual([[200]]);
    await rig.control('/transactions/forced1', { status: 'successful' });
    await arrived(receiver, 'forced1', 2);
    expect(about(receiver, 'forced1').map(({ body }) => Object.keys(body).length)).toEqual([2, expect.any(Number)]);
    expect((await rig.get('/transactions/forced1')).at('data.transactions.0')).toMatchObject({ status: 'successful' });
  });
});
