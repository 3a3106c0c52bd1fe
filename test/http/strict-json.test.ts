// Reading request bodies: what passes, what is refused, and what two texts of one meaning have in common.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, expectJson, parseObject, readBody } from '../../src/http/strict-json.ts';
import { BAD_BODIES } from '../support/bad-input.ts';

const parse = (text: string | Uint8Array) => parseObject(Buffer.from(text as string));

describe('a body', () => {
  test.each(BAD_BODIES)('of %s is refused', (_, body) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ status: 400, code: 'invalid_json' }));
    expect(({} as { isAdmin?: true }).isAdmin).toBeUndefined();
  });

  test('is read as JSON.parse reads it when there is nothing against it', () => {
    const harmless = fc.dictionary(
      fc
        .string({ unit: 'grapheme' })
        .filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key) && !key.includes('\0')),
      fc.oneof(
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
    );
    fc.assert(
      fc.property(harmless, fc.array(harmless), (one, many) => {
        const value = { '{"a":1}': 'x:"y"\\', one, many };
        expect(parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(parse(JSON.stringify(value, null, 2))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 200 },
    );
  });

  test('nests twenty levels and no more', () => {
    expect(parse(`{"a":${'['.repeat(19)}${']'.repeat(19)}}`)).toBeTypeOf('object');
    expect(() => parse(`{"a":${'['.repeat(20)}${']'.repeat(20)}}`)).toThrow(/20 levels/);
  });

  test('is never read beyond its limit, whether or not it says its length', async () => {
    const request = (body: string | ReadableStream, headers: Record<string, string> = {}) =>
      new Request('http://x/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
    let given = 0;
    const endless = new ReadableStream({
      pull(controller) {
        given += 1024;
        controller.enqueue(new Uint8Array(1024));
      },
    });
    await expect(readBody(request(endless), 10_000)).rejects.toMatchObject({ status: 413 });
    expect(given).toBeLessThan(100_000);
    await expect(readBody(request('x', { 'content-length': '10001' }), 10_000)).rejects.toMatchObject({ status: 413 });
    await expect(readBody(request('x'.repeat(10_001)), 10_000)).rejects.toMatchObject({ status: 413 });
    expect((await readBody(request('x'.repeat(10_000)), 10_000)).length).toBe(10_000);
    for (const encoding of ['gzip', 'br', 'identity, gzip', 'GZIP'])
      await expect(readBody(request('x', { 'content-encoding': encoding }), 10)).rejects.toMatchObject({ status: 415 });
  });

  test('that breaks off is the caller’s to send again', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) });
    const request = new Request('http://x/', { method: 'POST', body: broken, duplex: 'half' } as RequestInit);
    await expect(readBody(request, 10)).rejects.toMatchObject({ status: 400, code: 'body_incomplete' });
  });

  test.each([
    null,
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json; charset=utf-16',
  ])('declared as %s is refused', (type) =>
    expect(() => expectJson(type)).toThrow(expect.objectContaining({ status: 415 })),
  );

  test.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
  ])('declared as %s is taken', (type) => expect(() => expectJson(type)).not.toThrow());
});

test('two texts of one meaning have one canonical form, and two meanings have two', () => {
  const one = parse('{"b":{"y":1,"x":[1,{"q":"é","p":null}]},"a":"2"}');
  const same = parse(' { "a" : "2", "b":{"x":[1,{"p":null,"q":"\\u00e9"}],"y":1.0} }');
  expect(canonicalJson(one)).toBe(canonicalJson(same));
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
      expect(canonicalJson(left) === canonicalJson(right)).toBe(isSame(left, right));
    }),
  );
});

function isSame(left: unknown, right: unknown): boolean {
  try {
    expect(JSON.parse(JSON.stringify(left))).toStrictEqual(JSON.parse(JSON.stringify(right)));
    return true;
  } catch {
    return false;
  }
}
