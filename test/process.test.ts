// The manners of every process: a bug that nobody caught is told once and ends it, so that no half-dead process keeps a lease.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

/** A process that would run for ever, with our manners, in which `bug` happens. */
async function run(bug: string): Promise<{ code: number | null; lines: Record<string, unknown>[] }> {
  const program = `
    import { createLogger } from './src/logger.ts';
    import { stopOnSignal } from './src/process.ts';
    stopOnSignal({ log: createLogger('info'), graceMs: 1000, stop: async () => { throw new Error('cannot close'); } });
    setInterval(() => {}, 1000);
    ${bug}`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  return {
    code,
    lines: said
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  };
}

describe('a process', () => {
  it.each([
    ['thrown in a timer', "setTimeout(() => { throw new TypeError('a bug'); }, 1)"],
    ['rejected where nobody waits', "void Promise.reject(new TypeError('a bug'))"],
    [
      'thrown by a listener',
      "process.nextTick(() => process.emit('warning', new Error('x'))); process.on('warning', () => { throw new TypeError('a bug'); })",
    ],
  ])('in which an error is %s says so once and ends with 1', async (_, bug) => {
    const { code, lines } = await run(bug);
    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ msg: 'an error nobody caught; this process ends', error: { name: 'TypeError' } });
  });

  it('that cannot close what it opened ends with 1 all the same, however often it is asked to stop', async () => {
    const { code, lines } = await run("process.kill(process.pid, 'SIGTERM'); process.kill(process.pid, 'SIGTERM')");
    expect(code).toBe(1);
    expect(lines.map((line) => line['msg']).toSorted()).toEqual(['stopping', 'stopping failed']);
  });
});
