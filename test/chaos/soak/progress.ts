// Says how far a run is: one living line on a terminal, a plain line now and then otherwise.

/** Shows what `line` says, again and again, until the function it gives back is called. */
export type Progress = (line: () => Promise<string>) => () => void;

const LIVING_MS = 1000;
const PLAIN_MS = 15_000;

export function progressOn(stream: NodeJS.WriteStream): Progress {
  return (line) => {
    const startedAt = performance.now();
    const show = async () => {
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} ${await line()}`;
      stream.write(stream.isTTY ? `\r\u001b[2K${text.slice(0, Math.max(20, stream.columns - 1))}` : `${text}\n`);
    };
    const timer = setInterval(() => void show(), stream.isTTY ? LIVING_MS : PLAIN_MS);
    return () => {
      clearInterval(timer);
      if (stream.isTTY) stream.write('\n');
    };
  };
}
