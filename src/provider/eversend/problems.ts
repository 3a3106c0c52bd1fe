// What only an operator can mend at the provider: kept by operation, and forgotten once that operation works again.

export interface Problems {
  /** `operation` is a path such as `POST /payouts`, or `auth` for whatever concerns every call. */
  report(operation: string, sentence: string): void;
  /** The operation worked: its problem, and any with our credentials, is over. */
  worked(operation: string): void;
  newest(): string | null;
}

export function createProblems(): Problems {
  const open = new Map<string, string>();
  return {
    report(operation, sentence) {
      open.delete(operation);
      open.set(operation, sentence);
    },
    worked(operation) {
      if (open.size === 0) return;
      open.delete(operation);
      open.delete('auth');
    },
    newest: () => [...open.values()].at(-1) ?? null,
  };
}
