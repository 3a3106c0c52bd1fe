// Ids, keys, cursors, phones, countries, times and names: accepted exactly where their definition says so.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Context } from '../../src/context.ts';
import { openCursor, sealCursor } from '../../src/http/cursor.ts';
import { readIdempotencyKey } from '../../src/http/idempotency.ts';
import * as input from '../../src/http/inputs.ts';
import { ID_PREFIXES, type IdKind, isId, newId } from '../../src/ids.ts';
import { CURRENCIES } from '../../src/money.ts';
import { cleanName } from '../../src/names.ts';
import { createVault } from '../../src/vault.ts';
import { cases, PROPERTY_TIMEOUT_MS } from '../support/properties.ts';

const DIGITS = '0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const isOf = (alphabet: string, text: string) => [...text].every((one) => alphabet.includes(one));
const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;
const kinds = Object.keys(ID_PREFIXES) as IdKind[];
const kind = fc.constantFrom(...kinds);
const near = (alphabet: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet, ...'aIlo+ -\n\u0665é'), minLength: 0, maxLength: length });

describe('an id', () => {
  it('is of its kind and no other, unique, and sorts by when it was made', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(kind, fc.integer({ min: 2, max: 50 }), (of, many) => {
        const made = Array.from({ length: many }, () => newId(of));
        expect(new Set(made).size).toBe(many);
        expect(made.toSorted()).toEqual(made);
        for (const id of made) {
          expect(kinds.filter((one) => isId(one, id))).toEqual([of]);
          expect(id).toMatch(/^[0-9A-Za-z]{28}$/);
        }
      }),
      cases(200),
    );
  });

  it('is known by prefix, length and alphabet, and by nothing else', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const bodies = fc.oneof(
      near(CROCKFORD, 28),
      fc.string({ unit: fc.constantFrom(...CROCKFORD), minLength: 25, maxLength: 27 }),
    );
    fc.assert(
      fc.property(kind, fc.constantFrom(...Object.values(ID_PREFIXES), 'PO', 'p', ''), bodies, (of, prefix, body) => {
        const expected = prefix === ID_PREFIXES[of] && body.length === 26 && isOf(CROCKFORD, body);
        expect(isId(of, prefix + body)).toBe(expected);
      }),
      cases(1000),
    );
  });
});

describe('a phone', () => {
  it('is a plus sign and 8 to 15 digits without a leading zero (E.164)', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const text = fc.tuple(fc.constantFrom('+', '', '00', '+ '), near(DIGITS, 18)).map((parts) => parts.join(''));
    const plain = fc.string({ unit: fc.constantFrom(...DIGITS), maxLength: 17 }).map((digits) => `+${digits}`);
    fc.assert(
      fc.property(fc.oneof(text, plain), (phone) => {
        const digits = phone.slice(1);
        const expected =
          phone.startsWith('+') &&
          digits.length >= 8 &&
          digits.length <= 15 &&
          isOf(DIGITS, digits) &&
          !digits.startsWith('0');
        expect(accepts(input.phone, phone)).toBe(expected);
      }),
      cases(1000),
    );
  });
});

describe('countries and currencies', () => {
  it('are capital letters: two of them, or three that we work with', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const words = fc.oneof(near(UPPER, 4), fc.constantFrom(...CURRENCIES, 'UG', 'XXX', '__proto__', 'constructor'));
    fc.assert(
      fc.property(words, (word) => {
        expect(accepts(input.country, word)).toBe(word.length === 2 && isOf(UPPER, word));
        expect(accepts(input.currency, word)).toBe(CURRENCIES.includes(word));
      }),
      cases(1000),
    );
  });

  it('and all the others are text: whatever else is sent is refused', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const strange = fc.anything({ maxDepth: 1 }).filter((value) => typeof value !== 'string');
    const fields = [input.amount, input.currency, input.country, input.phone, input.name, input.email, input.reference];
    fc.assert(
      fc.property(strange, fc.constantFrom(...fields), (value, field) => {
        expect(accepts(field, value)).toBe(false);
      }),
      cases(500),
    );
  });
});

describe('an Idempotency-Key', () => {
  it('is 16 to 128 plain characters, bare or quoted, which mean the same', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const plain = fc.string({ unit: fc.constantFrom(...DIGITS, ...UPPER, ...'abcxyz_.-'), maxLength: 140 });
    fc.assert(
      fc.property(fc.oneof(plain, near(`${DIGITS}_.-",`, 40)), (key) => {
        const expected = key.length >= 16 && key.length <= 128 && /^[\w.-]+$/.test(key) && !key.includes('\n');
        if (expected) {
          expect(readIdempotencyKey(key)).toBe(key);
          expect(readIdempotencyKey(`"${key}"`)).toBe(key);
        } else if (!(key.startsWith('"') && key.endsWith('"'))) {
          expect(() => readIdempotencyKey(key)).toThrow(/Idempotency-Key/);
        }
        for (const half of [`"${key}`, `${key}"`, `""${key}""`]) {
          expect(() => readIdempotencyKey(half)).toThrow(/Idempotency-Key/);
        }
      }),
      cases(1000),
    );
  });
});

describe('a cursor', () => {
  const ctx = { vault: createVault([Buffer.alloc(32, 9)]) } as unknown as Context;
  const place = fc.record({
    list: fc.constantFrom('transactions', 'wallets'),
    merchantId: fc.constantFrom('me1', 'me2'),
  });

  it('opens to its position where it was made, and nowhere else', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(
        place,
        place,
        fc.string({ unit: 'binary' }).filter((one) => one.isWellFormed()),
        (here, there, position) => {
          const cursor = sealCursor(ctx, here, position) ?? '';
          expect(openCursor(ctx, here, cursor)).toBe(position);
          if (here.list === there.list && here.merchantId === there.merchantId) return;
          expect(() => openCursor(ctx, there, cursor)).toThrow(/not one of ours/);
        },
      ),
      cases(500),
    );
  });

  it('is refused with any character changed, added or left out', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const of = { list: 'transactions', merchantId: 'me1' };
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }),
        fc.nat(),
        fc.constantFrom(...'AZaz09-_=+'),
        fc.nat(2),
        (position, at, by, how) => {
          const cursor = sealCursor(ctx, of, position) ?? '';
          const n = at % cursor.length;
          const altered = cursor.slice(0, n) + (how === 2 ? '' : by) + cursor.slice(how === 0 ? n : n + 1);
          if (altered !== cursor) expect(() => openCursor(ctx, of, altered)).toThrow(/not one of ours/);
        },
      ),
      cases(500),
    );
  });
});

describe('a time', () => {
  it('is RFC 3339 in UTC and one that the calendar knows', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const part = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
    const parts = fc.tuple(
      part(99),
      part(14),
      part(33),
      part(25),
      part(61),
      part(61),
      fc.constantFrom('Z', '', '+00:00', 'z'),
    );
    fc.assert(
      fc.property(parts, ([year, month, day, hour, minute, second, zone]) => {
        const text = `20${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`;
        const [y, m, d] = [Number(`20${year}`), Number(month), Number(day)];
        const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
        const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][m - 1] ?? 0;
        const exists = d >= 1 && d <= days && Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
        expect(accepts(input.instant, text)).toBe(exists && zone === 'Z');
      }),
      cases(2000),
    );
  });
});

describe('a name', () => {
  it('that is taken stays what it is, however often it is cleaned, and shows all it holds', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const name = cleanName(text);
        if (name === null) return;
        expect(cleanName(name)).toBe(name);
        expect(name).toBe(text.normalize('NFC'));
        expect([...name].length).toBeLessThanOrEqual(100);
        expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(name.isWellFormed()).toBe(true);
      }),
      cases(1000),
    );
  });
});
