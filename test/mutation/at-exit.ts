// What must not outlive the command however it ends: copies of the tree and the tests that run in them.

const duties = new Set<() => void>();

// The newest first: tests end before the copy they run in is removed. One that fails leaves the others their turn.
process.once('exit', () => {
  for (const duty of [...duties].toReversed()) {
    try {
      duty();
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
    }
  }
});

/** Runs `duty` when the process ends, unless it was dismissed before. */
export function atExit(duty: () => void): { dismiss(): void } {
  duties.add(duty);
  return { dismiss: () => void duties.delete(duty) };
}
