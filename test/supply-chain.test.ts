// What is installed is what was locked: every package by its hash, from the registry, and no install script that was not decided on.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: true;
  readonly link?: true;
}
const manifest = read('package.json');
const lock = read('package-lock.json') as { packages: Record<string, Locked> };
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');

test('every package that is installed is held by its hash, and none comes from a place of its own', () => {
  expect(installed.length).toBeGreaterThan(50);
  for (const [path, { resolved, integrity, link }] of installed) {
    expect([link, resolved], path).toEqual([undefined, undefined]);
    if (existsSync(join(ROOT, path))) expect(integrity, path).toMatch(/^sha512-/);
  }
});

test('direct dependencies are exact, and the lock file has those versions', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

test('every install script is decided on, one by one', () => {
  const decided = new Set(Object.keys(manifest.allowScripts));
  // Of other machines' packages npm installs none here.
  const scripted = installed.filter(([path, { hasInstallScript }]) => hasInstallScript && existsSync(join(ROOT, path)));
  for (const [path] of scripted) expect(decided.has(path.replace(/^.*node_modules\//, '')), path).toBe(true);
});
