// Arrays in Postgres's binary form: what is read back is what was given, whatever is in it.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { byteaArray, textArray } from '../../src/db/arrays.ts';
import { runAlone } from '../../src/db/knex.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ poolSize: 1 });
});
afterAll(() => database.close());

const BACK = { name: 'arrays_back', text: 'SELECT $1::text[] AS texts, $2::bytea[] AS bytes' };
type Back = { texts: (string | null)[]; bytes: (Buffer | null)[] };

test('texts and bytes come back as they went, nulls, quotes, braces, backslashes and nothing at all included', async () => {
  const text = fc.option(fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('\0') && one.isWellFormed()));
  const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((one) => Buffer.from(one)));
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.array(bytes), async (texts, buffers) => {
      const [back] = await runAlone<Back>(database.db, BACK, [textArray(texts), byteaArray(buffers)]);
      expect(back).toEqual({ texts, bytes: buffers });
    }),
    {
      numRuns: 200,
      examples: [
        [
          ['', 'NULL', '{"a"}', '\\', null, 'é😀', '"', ','],
          [Buffer.alloc(0), null],
        ],
      ],
    },
  );
});

test('an empty array has no dimension, as Postgres itself writes it', async () => {
  const NONE = { name: 'arrays_none', text: "SELECT $1::text[] = '{}' AS same, cardinality($1::text[]) AS size" };
  expect(await runAlone(database.db, NONE, [textArray([])])).toEqual([{ same: true, size: 0 }]);
});
