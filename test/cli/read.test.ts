// What the command line takes as an amount, a percentage, a day; and the sentence for everything else.
import { describe, expect, it } from 'vitest';
import { explain } from '../../src/cli/complaint.ts';
import {
  readAmount,
  readCount,
  readCurrency,
  readId,
  readMoment,
  readPercent,
  readReason,
  readWord,
} from '../../src/cli/read.ts';
import { newId } from '../../src/ids.ts';

/** The sentence and the exit code that an operator gets. */
function complaint(read: () => unknown) {
  try {
    return { value: read() };
  } catch (error) {
    const { sentence, option, exitCode } = explain(error);
    return { sentence, option, exitCode };
  }
}

describe('an option', () => {
  it('is read exactly', () => {
    expect(readAmount('--amount', '2000', 'UGX')).toBe(200_000n);
    expect(readAmount('--amount', '21.71', 'KES')).toBe(2171n);
    expect(readPercent('--percent', '1.5')).toBe(15_000);
    expect(readPercent('--percent', '0.0001')).toBe(1);
    expect(readPercent('--percent', '100')).toBe(1_000_000);
    expect(readMoment('--expires', '2031-01-31').toISOString()).toBe('2031-01-31T23:59:59.000Z');
    expect(readMoment('--expires', '2031-01-31T08:00:00Z').toISOString()).toBe('2031-01-31T08:00:00.000Z');
    const id = newId('wallet');
    expect(readId('--wallet', id, 'merchant', 'wallet')).toBe(id);
    expect(readReason(' why ')).toBe('why');
  });

  it.each([
    ['--amount', () => readAmount('--amount', '5.5', 'UGX'), /no decimals/],
    ['--amount', () => readAmount('--amount', '5.555', 'KES'), /two decimals/],
    ['--amount', () => readAmount('--amount', '1e3', 'UGX'), /plain digits/],
    ['--amount', () => readAmount('--amount', '-5', 'UGX'), /plain digits/],
    ['--amount', () => readAmount('--amount', '1,000', 'UGX'), /plain digits/],
    ['--amount', () => readAmount('--amount', '٣', 'UGX'), /plain digits/],
    ['--amount', () => readAmount('--amount', '0', 'UGX'), /above zero/],
    ['--amount', () => readAmount('--amount', '1000000000000', 'UGX'), /12 digits/],
    ['--currency', () => readCurrency('ugx'), /one of UGX/],
    ['--currency', () => readCurrency('constructor'), /one of UGX/],
    ['--merchant', () => readId('--merchant', 'me1', 'merchant'), /such as me01J…/],
    ['--merchant', () => readId('--merchant', newId('wallet'), 'merchant'), /such as me01J…/],
    ['--percent', () => readPercent('--percent', '100.5'), /0 to 100/],
    ['--percent', () => readPercent('--percent', '1.23456'), /four decimals/],
    ['--percent', () => readPercent('--percent', '-1'), /0 to 100/],
    ['--role', () => readWord('--role', 'god', ['viewer', 'operator']), /viewer, operator/],
    ['--reason', () => readReason('  '), /say why/i],
    ['--limit', () => readCount('--limit', '0', 100), /1 to 100/],
    ['--limit', () => readCount('--limit', '101', 100), /1 to 100/],
    ['--expires', () => readMoment('--expires', '2031-02-30'), /2027-01-31/],
    ['--expires', () => readMoment('--expires', 'tomorrow'), /2027-01-31/],
  ] as const)('that is wrong is named: %s', (option, read, words) => {
    const told = complaint(read);
    expect(told).toMatchObject({ option, exitCode: 2 });
    expect(told.sentence).toMatch(words);
    expect(told.sentence?.startsWith(`${option}: `)).toBe(true);
  });
});
