// Log lines on standard output: whole and in order, and a reader who goes away neither stops nor keeps the process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const run = (script: string) =>
  spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, stdio: 'pipe' });
const OPEN = `import { createLogger } from ${JSON.stringify(join(ROOT, 'src/logger.ts'))}; const log = createLogger('info');`;

describe('the log', () => {
  it('is written to its last line by a process that exits at once', async () => {
    const child = run(`${OPEN} for (let n = 0; n < 5000; n += 1) log.info({ count: n }, 'a line'); process.exit(3);`);
    const exited = once(child, 'exit');
    const lines = (await text(child.stdout)).trimEnd().split('\n');
    expect(await exited).toEqual([3, null]);
    expect(lines.map((line) => JSON.parse(line).count)).toEqual(Array.from({ length: 5000 }, (_, n) => n));
  });

  it('does not keep a process that exits when nobody reads any more', async () => {
    const child = run(
      `${OPEN} process.stdin.once('data', () => { log.info({}, 'a'); log.info({}, 'b'); process.exit(3); });`,
    );
    const exited = once(child, 'exit');
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.stdin.write('go');
    expect(await exited).toEqual([3, null]);
  });

  it('does not end a process that has work left when nobody reads any more', async () => {
    const child = run(
      `${OPEN} let n = 0; process.stdin.on('data', () => { log.info({}, 'x'); n += 1; process.stderr.write('done'); if (n === 3) process.exit(4); });`,
    );
    const exited = once(child, 'exit');
    child.stdout.destroy();
    await once(child.stdout, 'close');
    for (let n = 0; n < 3; n += 1) {
      child.stdin.write('go');
      await once(child.stderr, 'data');
    }
    expect(await exited).toEqual([4, null]);
  });
});
