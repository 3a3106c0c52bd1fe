// Whatever is written as CSV is read back as it was, and no cell of it is a formula to any spreadsheet.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cell, csvLine, fileHeaders } from '../../src/csv.ts';
import { cases } from '../support/properties.ts';

const START = fc.constantFrom(...'=+-@|%\t\r\n\0＝＋－＠−﹢﹣﹦﹫"\' ,;\ufeff\u200b\u0085');
const text = fc
  .tuple(fc.array(START, { maxLength: 4 }), fc.string({ unit: 'binary' }))
  .map(([start, rest]) => start.join('') + rest);
const number = fc.oneof(
  fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map(
    (minor) =>
      `${minor / 100n}.${String(minor % 100n)
        .replace('-', '')
        .padStart(2, '0')}`,
  ),
  fc.integer(),
);
const cell: fc.Arbitrary<Cell> = fc.oneof(text, text, number, fc.constant(null));

/** As a spreadsheet sees it: what begins a formula once spaces, quotes and invisible characters are skipped. */
const isFormula = (read: string) =>
  /^[=+\-@|%＝＋－＠％｜−﹢﹣﹦﹫]/u.test(read.replace(/^[\s"'\p{Cc}\p{Cf}]+/u, '')) || /^[\t\r\n\0]/.test(read);

test('lines are read back cell by cell, and only a plain number begins like a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 5 }), (lines) => {
      const read = parse(lines.map(csvLine).join(''), {
        relax_column_count: true,
        skip_empty_lines: false,
      }) as string[][];
      expect(read).toHaveLength(lines.length);
      for (const [row, cells] of lines.entries()) {
        expect(read[row]).toHaveLength(cells.length);
        for (const [column, given] of cells.entries()) {
          const seen = read[row]?.[column] ?? '';
          const written = given === null ? '' : String(given);
          expect([written, `'${written}`]).toContain(seen);
          if (isFormula(seen) && !seen.startsWith("'")) expect(seen).toMatch(/^-[0-9.]+$/);
          if (/^-?[0-9]+(\.[0-9]+)?$/.test(written) && !/^-?0[0-9]/.test(written)) expect(seen).toBe(written);
        }
      }
    }),
    cases(300),
  );
});

test.each([
  ['=HYPERLINK("http://evil.example","x")', `"'=HYPERLINK(""http://evil.example"",""x"")"`],
  ['=cmd|’/C calc’!A0', "'=cmd|’/C calc’!A0"],
  ['@SUM(1)', "'@SUM(1)"],
  ['+256712345678', "'+256712345678"],
  ['-5', '-5'],
  ['-21.71', '-21.71'],
  ['-5+cmd', "'-5+cmd"],
  ['-1e9', "'-1e9"],
  ['＝1', "'＝1"],
  ['\tx', "'\tx"],
  [' =1', `"' =1"`.slice(1, -1)],
  ['"=1"', `"'""=1"""`],
  ['\0=1', "'\0=1"],
  ["O'Brien", "O'Brien"],
  ['+256••••678', "'+256••••678"],
])('%j is written as %j', (given, written) => {
  expect(csvLine([given, 1])).toBe(`${written},1\r\n`);
});

test('a file’s name holds nothing that could end it or lead elsewhere', () => {
  expect(fileHeaders('bulk-x"\r\nSet-Cookie: a=b/../é')).toEqual({
    'content-disposition': 'attachment; filename="bulk-xSet-Cookieab.csv"',
  });
  expect(fileHeaders('../..')['content-disposition']).toBe('attachment; filename="export.csv"');
});
