// Standard output for log lines: written behind the event loop's back, to the end at exit, and given up once nobody reads it.
import { write, writeSync } from 'node:fs';

const STDOUT = 1;
/** Of lines that wait for a reader that is slow; what comes on top of it is dropped. */
const MOST_WAITING_BYTES = 16_000_000;
const AGAIN_MS = 20;
/** How long an exit waits for such a reader. */
const EXIT_ROUNDS = 50;

interface Lines {
  write(line: string): void;
}

/**
 * pino's own destination repeats a write that fails at exit for ever, so that a process whose reader is gone never ends. Here the
 * first error that waiting cannot cure (EPIPE) ends the writing; the process lives on, or exits, without its log.
 */
export function openStdout(): Lines {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let current: Buffer | null = null;
  let gone = false;

  function giveUp() {
    gone = true;
    waiting = [];
    current = null;
  }

  function next() {
    if (gone || waiting.length === 0) return;
    current = Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
    send();
  }

  function send() {
    const sending = current;
    if (sending === null) return;
    write(STDOUT, sending, (error, written) => {
      if (current !== sending) return;
      if (error !== null && error !== undefined) {
        if (isBusy(error)) setTimeout(send, AGAIN_MS);
        else giveUp();
        return;
      }
      current = written < sending.length ? sending.subarray(written) : null;
      if (current === null) next();
      else send();
    });
  }

  process.on('exit', () => {
    // What is being written is on its way already; the rest is written here and now.
    let rest = Buffer.concat(waiting);
    for (let round = 0; !gone && rest.length > 0 && round < EXIT_ROUNDS; ) {
      try {
        rest = rest.subarray(writeSync(STDOUT, rest));
      } catch (error) {
        if (!isBusy(error)) return;
        round += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
      }
    }
  });

  return {
    write(line) {
      if (gone || bytes > MOST_WAITING_BYTES) return;
      const buffer = Buffer.from(line);
      waiting.push(buffer);
      bytes += buffer.length;
      if (current === null) next();
    },
  };
}

function isBusy(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAGAIN' || code === 'EBUSY';
}
