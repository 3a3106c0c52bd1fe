// The conformance kit: our adapter passes it whole, and every point fails an adapter with exactly that defect.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as ours from '../../conformance/eversend.ts';
import { POINTS, runPoints } from '../../conformance/run.ts';
import { DEFECTS } from './defects.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** A defect is held against the points about the same thing; with CONFORMANCE_DEFECTS=all against every point there is. */
const EVERY_POINT = process.env['CONFORMANCE_DEFECTS'] === 'all';

function pointsAround(id: string) {
  if (EVERY_POINT) return POINTS;
  const at = POINTS.findIndex((point) => point.id === id);
  return POINTS.slice(Math.max(0, at - 2), at + 3);
}

test('our adapter conforms in every point', async () => {
  const results = await runPoints({ adapter: ours });
  expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  expect(results.map(({ point }) => point.id)).toEqual(POINTS.map(({ id }) => id));
});

describe('a point is there because something can be wrong', () => {
  test('each has a defect of its own, and a name of its own', () => {
    expect(DEFECTS.map(({ point }) => point).toSorted()).toEqual(POINTS.map(({ id }) => id).toSorted());
    expect(new Set(POINTS.map(({ id }) => id)).size).toBe(POINTS.length);
  });

  test.concurrent.each(DEFECTS)('$point alone fails an adapter that $what', async ({ point, adapter }) => {
    const results = await runPoints({ adapter, points: pointsAround(point) });
    const failed = results.filter(({ verdict }) => verdict === 'fail');
    expect(failed.map((result) => `${result.point.id}: ${result.seen}`)).toEqual([
      expect.stringMatching(new RegExp(`^${point}: `)),
    ]);
  });

  test('an adapter without webhooks is not asked about them', async () => {
    const points = POINTS.filter(({ webhooks }) => webhooks === true);
    const results = await runPoints({ adapter: { openProvider: ours.openProvider }, points });
    expect(results.map(({ verdict }) => verdict)).toEqual(points.map(() => 'skip'));
  });
});

describe('npm run conformance', () => {
  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    return new Promise((done) => {
      execFile(process.execPath, ['conformance/main.ts', ...args], { cwd: ROOT }, (error, out, err) => {
        done({ code: error === null ? 0 : Number(error.code), out, err });
      });
    });
  }

  async function moduleOf(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'adapter.mjs');
    await writeFile(path, text);
    return path;
  }

  test('prints a line for each point and closes with one JSON line', async () => {
    const { code, out } = await run('--only', 'accepted,send-window');
    const lines = out.trim().split('\n');
    expect(lines[0]).toMatch(/^pass {2}accepted .*executed once\. {2}Seen: /);
    expect(lines[1]).toMatch(/^pass {2}send-window /);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      conformance: { points: 2, passed: 2, skipped: 0, failed: [] },
    });
    expect(code).toBe(0);
  });

  test('tries another adapter, says what it did, and ends with 1', async () => {
    const path = await moduleOf(`
      import * as ours from ${JSON.stringify(pathToFileURL(resolve(ROOT, 'conformance/eversend.ts')).href)};
      export const openProvider = (opening) => ({
        ...ours.openProvider(opening),
        submitCollection: async () => ({ kind: 'refused', code: 'rejected', message: 'no' }),
      });`);
    const { code, out } = await run('--adapter', path, '--only', 'accepted,wallets,signature');
    expect(out).toContain('Seen: a collection: refused(rejected), not accepted');
    expect(out).toContain('"points":3,"passed":1,"skipped":1,"failed":["accepted"]');
    expect(code).toBe(1);
  });

  test.each([
    ['a module that is not there', ['--adapter', '/nowhere/adapter.ts'], /cannot be loaded/],
    ['a point that is not there', ['--only', 'accepted,perfect'], /There is no point perfect/],
    ['a flag that is not there', ['--fast'], /--fast/],
  ])('refuses %s in a sentence, and ends with 2', async (_, args, sentence) => {
    const { code, err } = await run(...args);
    expect(err).toMatch(sentence);
    expect(code).toBe(2);
  });

  test('refuses a module that opens no provider, or reads only half of a callback', async () => {
    const none = await run('--adapter', await moduleOf('export const open = 1;'));
    expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/must export a function openProvider/) });
    const half = 'export const openProvider = () => null; export const readClaim = () => null;';
    const one = await run('--adapter', await moduleOf(half));
    expect(one).toMatchObject({ code: 2, err: expect.stringMatching(/webhooks need both/) });
  });

  test('lists its points', async () => {
    const { code, out } = await run('--list');
    expect(out.trim().split('\n')).toHaveLength(POINTS.length);
    expect(code).toBe(0);
  });
});
