// The sample batch: what the generator makes is what lies in the file, and every row is what it says it is.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SAMPLE_FILE, sampleRows } from '../../samples/generate.ts';
import { FAULTS } from '../../samples/good-rows.ts';
import { phoneOfRun, readRows, requestOf, writeRows } from '../../samples/rows.ts';
import { InvalidRequest } from '../../src/errors.ts';
import { collectionBody, readCollection } from '../../src/http/collection-input.ts';
import { fieldErrors } from '../../src/http/field-errors.ts';
import { payoutBody, readPayout } from '../../src/http/payout-input.ts';
import { SUFFIXES } from '../../src/simulator/suffixes.ts';

const rows = readRows(SAMPLE_FILE);

/** What the API's own reading of the body says: nothing, or its refusals as field:code. */
function refusals(row: (typeof rows)[number], run = 0): string[] {
  const own = row.type === 'collection' ? { ...row, phone: phoneOfRun(row.phone, run) } : row;
  const { body } = requestOf(own, row.pin === '' ? null : { pinId: 'VE1', pin: row.pin });
  try {
    if (row.type === 'collection') {
      const read = collectionBody.safeParse(body);
      if (!read.success) return fieldErrors(read.error.issues, body, 'field').map((one) => `${one.field}:${one.code}`);
      readCollection(read.data);
    } else {
      const read = payoutBody.safeParse(body);
      if (!read.success) return fieldErrors(read.error.issues, body, 'field').map((one) => `${one.field}:${one.code}`);
      readPayout(read.data);
    }
    return [];
  } catch (error) {
    if (error instanceof InvalidRequest) return error.errors.map((one) => `${one.field}:${one.code}`);
    throw error;
  }
}

/** Refusals that only the wallet or the tariff can make. */
const LATER = ['amount:insufficient_funds', 'maxFee:fee_above_maximum'];

describe('the sample batch', () => {
  it('is what the generator makes, byte for byte', () => {
    expect(readFileSync(SAMPLE_FILE, 'utf8')).toBe(writeRows(sampleRows()));
  });

  it('has five hundred rows in seven currencies, by every method, of which twenty-five are bad in their own ways', () => {
    const good = rows.filter((row) => row.expect === 'ok');
    expect([rows.length, good.length]).toEqual([500, 475]);
    expect(new Set(good.map((row) => row.currency))).toEqual(
      new Set(['UGX', 'KES', 'GHS', 'RWF', 'NGN', 'XAF', 'USD']),
    );
    expect(new Set(good.map((row) => `${row.type} ${row.method}`)).size).toBe(4);
    expect(good.filter((row) => row.amountType === 'destination').length).toBeGreaterThan(15);
    const crossing = good.filter((row) => row.destinationCurrency !== '' && row.destinationCurrency !== row.currency);
    expect(crossing.length).toBeGreaterThan(50);
    expect(new Set(rows.map((row) => row.row)).size).toBe(500);
  });

  it('holds good rows that the API reads, whichever run they are sent in', () => {
    for (const row of rows.filter((one) => one.expect === 'ok')) {
      for (const run of row.type === 'collection' ? [0, 7, 50, 99] : [0])
        expect([row.row, run, refusals(row, run)]).toEqual([row.row, run, []]);
      expect(['settled', 'failed', 'reversed']).toContain(row.ends);
    }
  });

  it('holds bad rows that the API refuses for the reason they name', () => {
    for (const row of rows.filter((one) => one.expect !== 'ok')) {
      if (LATER.includes(row.expect)) expect([row.row, refusals(row)]).toEqual([row.row, []]);
      else expect([row.row, refusals(row)]).toEqual([row.row, expect.arrayContaining([row.expect])]);
    }
  });

  it('orders faults by their last four digits where it says so, and nowhere else', () => {
    const known = new Set(SUFFIXES.keys());
    expect(FAULTS.every(([suffix]) => known.has(suffix))).toBe(true);
    for (const row of rows.filter((one) => one.expect === 'ok')) {
      const suffix = (row.method === 'bank' ? row.accountNumber : row.phone || row.tag).slice(-4);
      const isOrdered = row.about.endsWith('(ordered)') || row.about === 'nobody has this tag';
      expect([row.row, row.about, known.has(suffix)]).toEqual([row.row, row.about, isOrdered]);
      expect(phoneOfRun(row.phone, 33).slice(-4)).toBe(row.phone.slice(-4));
    }
  });
});
