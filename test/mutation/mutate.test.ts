// `npm run mutate` itself: it tells a mechanism whose absence is noticed from one whose is not, and never passes silently.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTATIONS } from './catalogue.ts';
import { isNoticed, mutate } from './mutate.ts';
import type { Mutation } from './mutation.ts';
import { jsonOf, tableOf } from './report.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SOURCE = `export const isCovered = (balance, amount) => amount > 0 && balance >= amount;
export const name = 'guard';
`;
const TESTS = `import { expect, it } from 'vitest';
import { isCovered, name } from './guard.js';
it('pays nothing that is not covered', () => expect(isCovered(1, 2)).toBe(false));
it('pays what is covered', () => expect(isCovered(2, 1)).toBe(true));
it('comes to an end', async () => { while (name === 'endless') await new Promise((resolve) => setTimeout(resolve, 5)); }, 60_000);
`;

/** A product of one mechanism and its tests, in a folder of its own. */
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'eversend-payments-mutate-test-'));
  mkdirSync(join(root, 'coverage'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'guard.js'), SOURCE);
  writeFileSync(join(root, 'guard.test.js'), TESTS);
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'dir');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const mutation = (name: string, find: string, replace: string, more: Partial<Mutation> = {}): Mutation => ({
  name,
  mechanism: name,
  removed: find,
  edits: [{ file: 'guard.js', find, replace }],
  test: 'guard.test.js',
  notices: ['pays nothing that is not covered'],
  holds: 'pays what is covered',
  ...more,
});
const run = (mutations: readonly Mutation[], limitMs = 20_000) => mutate({ root, mutations, atOnce: 2, limitMs });

describe('the command', () => {
  it('says of each mutation whether it was noticed, and never takes one that did nothing for good', async () => {
    const { baseline, results } = await run([
      mutation('noticed', 'balance >= amount', 'balance > 0'),
      mutation('unnoticed', 'amount > 0 && ', ''),
      mutation('text is gone', 'balance > amount', 'true'),
      mutation('text is there twice', 'amount', 'amounts'),
      mutation('file is gone', '', '', { edits: [{ file: 'gone.js', find: 'x', replace: 'y' }] }),
      mutation('nothing works', 'amount > 0', 'amount > 1000'),
      mutation('renamed test', 'balance >= amount', 'true', { notices: ['pays nobody'] }),
      mutation('cannot be loaded', 'export const isCovered', 'const ='),
    ]);
    expect(baseline).toBeNull();
    expect(results.map(({ mutation: { name }, verdict }) => [name, verdict.kind])).toEqual([
      ['noticed', 'noticed'],
      ['unnoticed', 'unnoticed'],
      ['text is gone', 'does_not_apply'],
      ['text is there twice', 'does_not_apply'],
      ['file is gone', 'does_not_apply'],
      ['nothing works', 'breaks_everything'],
      ['renamed test', 'no_such_test'],
      ['cannot be loaded', 'breaks_everything'],
    ]);
    expect(results.filter(isNoticed)).toHaveLength(1);
    expect(JSON.parse(jsonOf(baseline, results))).toMatchObject({ ok: false, mutations: 8, noticed: 1 });
    expect(JSON.parse(jsonOf(null, results.slice(0, 1)))).toMatchObject({ ok: true, mutations: 1, noticed: 1 });
    expect(tableOf(results)).toContain(
      '| noticed | guard.js | balance >= amount | "pays nothing that is not covered" |',
    );
    expect(tableOf(results)).toContain('guard.js holds "balance > amount" 0 times instead of once');
    expect(readFileSync(join(root, 'guard.js'), 'utf8')).toBe(SOURCE);
  });

  it('stops what does not end, which is noticed only where that was foreseen', async () => {
    const endless = { notices: ['comes to an end'] };
    const { results } = await run(
      [
        mutation('endless', "'guard'", "'endless'", endless),
        mutation('foreseen', "'guard'", "'endless'", { ...endless, mayHang: true }),
      ],
      3_000,
    );
    expect(results.map((result) => [result.verdict.kind, isNoticed(result)])).toEqual([
      ['hung', false],
      ['hung', true],
    ]);
  });

  it('tries nothing while a test fails before anything was taken out', async () => {
    writeFileSync(join(root, 'guard.js'), SOURCE.replace('balance >= amount', 'true'));
    const { baseline, results } = await run([mutation('late', 'amount > 0', 'true')]);
    expect(baseline).toContain('pays nothing that is not covered');
    expect(results).toEqual([]);
    expect(JSON.parse(jsonOf(baseline, results)).ok).toBe(false);
  });
});

describe('the catalogue', () => {
  it('fits the source as it is, and names files of tests that exist', () => {
    const wrong = MUTATIONS.flatMap((one) =>
      one.edits
        .filter(({ file, find }) => readFileSync(join(ROOT, file), 'utf8').split(find).length !== 2)
        .map(({ file, find }) => `${one.name}: ${file} does not hold ${JSON.stringify(find)} once`),
    );
    expect(wrong).toEqual([]);
    expect(MUTATIONS.filter((one) => !existsSync(join(ROOT, one.test))).map((one) => one.test)).toEqual([]);
  });

  it('names every mutation once, and for each a sentence that must fail', () => {
    expect(new Set(MUTATIONS.map((one) => one.name)).size).toBe(MUTATIONS.length);
    expect(MUTATIONS.filter((one) => one.notices.length === 0)).toEqual([]);
  });
});
