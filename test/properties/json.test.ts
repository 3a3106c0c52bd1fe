// Request bodies: one text has one meaning, one meaning has one fingerprint, and no bytes whatever do harm.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidRequest } from '../../src/errors.ts';
import { canonicalJson, parseObject } from '../../src/http/strict-json.ts';
import { cases, PROPERTY_TIMEOUT_MS } from '../support/properties.ts';

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((one) => one.isWellFormed() && !one.includes('\0'));
const key = text.filter((one) => !FORBIDDEN.has(one));
const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.integer(),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const object = fc.dictionary(key, json, { maxKeys: 5, noNullPrototype: true });

const read = (body: string) => parseObject(Buffer.from(body));

/** The same value with every object's keys in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, reordered(inner)]),
  );
}

/** A key as another writer might spell it. */
const escaped = (name: string) =>
  `"${[...name].map((one) => [...Array(one.length)].map((_, n) => `\\u${one.charCodeAt(n).toString(16).padStart(4, '0')}`).join('')).join('')}"`;

describe('a body', () => {
  it('that is a sound object is read as what was written', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        expect(read(JSON.stringify(value, null, space))).toEqual(value);
      }),
      cases(500),
    );
  });

  it('with a key given twice is refused, however the second is spelt and wherever it lies', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(object, key, json, json, fc.nat(15), (around, name, one, other, depth) => {
        const twice = `{${JSON.stringify(name)}:${JSON.stringify(one)},${escaped(name)}:${JSON.stringify(other)}}`;
        const outer = JSON.stringify({ ...around, deep: null });
        const body = outer.replace(/"deep":null/, () => `"deep":${'['.repeat(depth)}${twice}${']'.repeat(depth)}`);
        expect(() => read(body)).toThrow(InvalidRequest);
      }),
      cases(500),
    );
  });

  it('that is anything at all is read or refused, never more', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const pieces = fc.string({
      unit: fc.constantFrom(...'{}[]":,\\u0aé𝄞', '"a":', '1e9', 'null', '\ud800'),
      maxLength: 40,
    });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      pieces.map((one) => Buffer.from(one)),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        try {
          const value = parseObject(Buffer.from(body));
          expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
          expect(JSON.parse(Buffer.from(body).toString())).toEqual(value);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRequest);
        }
      }),
      cases(2000),
    );
  });
});

describe('the canonical text', () => {
  it('is the same in whatever order the keys stand, and reads as the same value', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(object, (value) => {
        const canonical = canonicalJson(value);
        expect(canonicalJson(reordered(value))).toBe(canonical);
        expect(JSON.parse(canonical)).toEqual(value);
      }),
      cases(500),
    );
  });

  it('differs where the meaning differs', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const same = (one: unknown, other: unknown): boolean => {
      try {
        expect(one).toStrictEqual(other);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(json, json, (one, other) => {
        expect(canonicalJson(one) === canonicalJson(other)).toBe(same(one, other));
      }),
      cases(500),
    );
  });
});
