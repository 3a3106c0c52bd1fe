// A violation: which invariant, and one sentence that names the ids concerned.

export interface Violation {
  readonly invariant: string;
  readonly sentence: string;
}

export function say(violation: Violation): string {
  return `${violation.invariant}: ${violation.sentence}`;
}
