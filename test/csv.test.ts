// CSV that a spreadsheet may open: every cell stays what it is, and none becomes a formula.
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { csvCell, csvLine } from '../src/csv.ts';

describe('a cell', () => {
  it.each([
    '=1+1',
    '+256712345678',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    ' =1',
    '"=1',
    "'=1",
    '＝1',
    '＋1',
    '－1',
    '＠x',
    '\u200b=1',
    '\0=1',
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|'/c calc'!A0",
    '-',
    '-1e3',
    '- 5',
  ])('%j is text and no formula', (text) => {
    const [[cell]] = parse(csvLine([text])) as [[string]];
    expect(cell).toBe(`'${text.replaceAll('\0', '')}`);
  });

  it.each(['-5', '-21.71', '0', '2000', '12.50', 'plain', 'a=b', '', '5-3'])('%j stays as it is', (text) => {
    expect(csvCell(text)).toBe(text);
  });

  it.each(['a,b', 'say "hi"', 'two\nlines', 'two\r\nlines', ' led by a space', 'Ünïcode ☃'])(
    '%j comes back whole',
    (text) => {
      const [[cell, next]] = parse(csvLine([text, null])) as [[string, string]];
      expect([cell, next]).toEqual([text, '']);
    },
  );
});
