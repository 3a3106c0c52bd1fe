// A part of the local system whose starter is gone: it does not stay, even when the starter went while it was being loaded.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const FOLLOW = join(resolve(import.meta.dirname, '../..'), 'src/local/follow-parent.ts');
const WORK = "process.stdout.write('at work'); setInterval(() => {}, 1000);";
const module = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;

function start(...before: string[]) {
  const imports = [...before.map(module), FOLLOW].flatMap((file) => ['--import', file]);
  return spawn(process.execPath, [...imports, '--input-type=module', '-e', WORK], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
}

it('ends when its starter goes', async () => {
  const child = start();
  const exited = once(child, 'exit');
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.disconnect();
  expect(await exited).toEqual([null, 'SIGTERM']);
});

it('does not begin when its starter went while it was being loaded', async () => {
  const child = start("await new Promise((gone) => process.once('disconnect', gone));");
  const exited = once(child, 'exit');
  child.disconnect();
  expect(await text(child.stdout as NodeJS.ReadableStream)).toBe('');
  expect(await exited).toEqual([1, null]);
});
