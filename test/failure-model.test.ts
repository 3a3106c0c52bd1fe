// The failure model against the tests: every moment is there, and every proof that it names exists.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as points from './chaos/points/points.ts';
import { FAULTS } from './chaos/soak/fault-plan.ts';
import { MUTATIONS } from './mutation/catalogue.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const model = read('docs/failure-model.md');

const section = (title: string) => model.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const rows = (text: string) =>
  (text.match(/^\| .*$/gm) ?? [])
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1));
const moments = rows(model)
  .map(([id = '', what = '', holds = '', by = '', proof = '']) => ({ id, what, holds, by, proof }))
  .filter(({ id }) => /^[PCWX]\d+$/.test(id));
/** Every crash point of every list of them. */
const hit = new Set(
  Object.values(points)
    .flatMap((one) => (Array.isArray(one) ? one : []))
    .map(({ id }) => id),
);
const mechanisms = rows(section('Mechanisms')).slice(1);
const named = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

interface Proofs {
  /** A test file and the title of a test in it. */
  readonly tests: readonly (readonly [file: string, title: string])[];
  readonly points: readonly string[];
  readonly faults: readonly string[];
}

/** What a cell names: titles belong to the file before them. */
function proofsOf(cell: string): Proofs {
  let file = '';
  const tests: [string, string][] = [];
  for (const [, path, title] of cell.matchAll(/`([a-z/-]+)`|\*([^*]+)\*/g)) {
    if (path !== undefined) file = `test/${path}.test.ts`;
    else tests.push([file, title ?? '']);
  }
  const points = named(/\bpoints? ((?:[PCWX]\d+(?:, )?)+)/g, cell).flatMap((ids) => ids.split(', ').filter(Boolean));
  return { tests, points, faults: named(/\bsoak ([a-z]+)/g, cell) };
}

/** The titles in a test file; what varies in them is told as …, as the document does. */
function titlesIn(file: string): string[] {
  if (!existsSync(join(ROOT, file))) return [];
  return [...read(file).matchAll(/(?:\b(?:it|test)|\))\(\s*(['"`])(.+?)\1,/g)].map((match) =>
    (match[2] ?? '').replaceAll(/%[sdij]|\$[a-z]+/g, '…'),
  );
}

describe('the failure model', () => {
  it('has every moment, once and in order', () => {
    const upTo = (letter: string, from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, n) => `${letter}${from + n}`);
    expect(moments.map(({ id }) => id)).toEqual([
      ...upTo('P', 0, 30),
      ...upTo('C', 1, 11),
      ...upTo('W', 1, 13),
      ...upTo('X', 1, 11),
    ]);
    expect(moments.filter(({ what, holds }) => what === '' || holds === '')).toEqual([]);
  });

  it('says of each moment what proves it, or that nothing does', () => {
    const silent = moments.filter(({ proof }) => {
      const { tests, points } = proofsOf(proof);
      return tests.length + points.length === 0 && !proof.startsWith('Not proven: ');
    });
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  it.each(moments.filter(({ proof }) => proofsOf(proof).tests.length > 0))(
    'names tests for $id that exist',
    ({ proof }) => {
      const missing = proofsOf(proof).tests.filter(([file, title]) => !titlesIn(file).includes(title));
      expect(missing).toEqual([]);
    },
  );

  it('names crash points and faults that exist', () => {
    expect(moments.flatMap(({ proof }) => proofsOf(proof).points).filter((id) => !hit.has(id))).toEqual([]);
    expect(moments.flatMap(({ proof }) => proofsOf(proof).faults).filter((name) => !(name in FAULTS))).toEqual([]);
  });

  it('leaves no crash point out that is hit, and calls none missing', () => {
    const untold = moments.filter(
      ({ id, proof }) => hit.has(id) && (!proofsOf(proof).points.includes(id) || proof.includes('no point yet')),
    );
    expect(untold.map(({ id }) => id)).toEqual([]);
  });

  it('explains every mechanism that a moment rests on', () => {
    const explained = new Set(mechanisms.map(([name]) => name));
    const used = moments.flatMap(({ by }) => by.split(', ').filter((name) => name !== ''));
    expect(used.filter((name) => !explained.has(name))).toEqual([]);
  });

  it('says of every mutation which mechanism it takes out', () => {
    const told = mechanisms.flatMap(([, , removed = '']) => named(/`([a-z-]+)`/g, removed));
    expect(told.toSorted()).toEqual(MUTATIONS.map(({ name }) => name).toSorted());
  });

  it('names only files that exist', () => {
    const files = [
      ...named(/`((?:src|test)\/[a-z/.-]+\.ts)`/g, model),
      ...named(/\]\(([a-z-]+\.md)/g, model).map((name) => `docs/${name}`),
    ];
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});
