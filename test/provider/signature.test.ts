// What a webhook signature must look like to be believed, and which imitations are refused.
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signWebhook, verifySignature } from '../../src/provider/eversend/signature.ts';

const rawBody = Buffer.from('{"eventType":"transaction.payout","status":"successful","note":"é"}');
const secrets = ['current-secret', 'next-secret'];
const verify = (header: string | undefined, algorithm: 'sha512' | 'sha256' = 'sha512') =>
  verifySignature({ rawBody, header, secrets, algorithm });

describe('a webhook signature', () => {
  it('is the hex HMAC of the raw bytes, in either algorithm', () => {
    for (const algorithm of ['sha512', 'sha256'] as const) {
      const expected = createHmac(algorithm, 'current-secret').update(rawBody).digest('hex');
      expect(signWebhook(rawBody, 'current-secret', algorithm)).toBe(expected);
      expect(verify(expected, algorithm)).toBe('valid');
    }
  });

  it('is known from a published test vector (RFC 4231, case 2)', () => {
    expect(signWebhook(Buffer.from('what do ya want for nothing?'), 'Jefe', 'sha512')).toBe(
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
        '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    );
    expect(signWebhook(Buffer.from('what do ya want for nothing?'), 'Jefe', 'sha256')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('is accepted under every secret of a rotation, in upper case, and with its prefix', () => {
    const signature = signWebhook(rawBody, 'next-secret', 'sha512');
    for (const header of [signature, signature.toUpperCase(), `sha512=${signature}`, `SHA512=${signature}`]) {
      expect(verify(header)).toBe('valid');
    }
  });

  it('is refused when it is missing, misshapen, of another body, another secret or the other algorithm', () => {
    const good = signWebhook(rawBody, 'current-secret', 'sha512');
    const refused = [
      undefined,
      '',
      'sha512=',
      good.slice(0, -1),
      good.slice(0, -2),
      `${good}00`,
      `${good}, ${good}`,
      ` ${good}`,
      `${good.slice(0, -1)}g`,
      `sha512=sha512=${good}`,
      'é'.repeat(128),
      '0'.repeat(128),
      signWebhook(Buffer.from(`${rawBody} `), 'current-secret', 'sha512'),
      signWebhook(rawBody, 'retired-secret', 'sha512'),
      signWebhook(rawBody, 'current-secret', 'sha256'),
    ];
    for (const header of refused) expect(verify(header), String(header)).toBe('invalid');
    expect(verify(good, 'sha256')).toBe('invalid');
  });

  it('is never valid without a secret, nor under an empty one', () => {
    const header = signWebhook(rawBody, '', 'sha512');
    expect(verifySignature({ rawBody, header, secrets: [], algorithm: 'sha512' })).toBe('invalid');
    expect(verifySignature({ rawBody, header, secrets: [''], algorithm: 'sha512' })).toBe('invalid');
  });

  it('is told apart as unkeyed when it is the plain digest that the official sample makes', () => {
    const plain = createHash('sha512').update(rawBody).digest('hex');
    expect(verify(plain)).toBe('unkeyed');
    expect(verify(plain.toUpperCase())).toBe('unkeyed');
    expect(verify(plain, 'sha256')).toBe('unkeyed');
    expect(verify(createHash('sha256').update(rawBody).digest('hex'), 'sha256')).toBe('unkeyed');
  });
});
