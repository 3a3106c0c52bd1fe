// The machine: every state, what the provider may know in it, and where it may go. The only list of states in the code.

/**
 * A state says what the provider may know: `nothing`, `perhaps`, `certainly`. After a crash the only question is
 * "may this be sent?", and the state answers it: only where the provider knows nothing.
 */
export const STATES = {
  awaiting_approval: { providerKnows: 'nothing', final: false, to: ['accepted', 'cancelled'] },
  accepted: { providerKnows: 'nothing', final: false, to: ['submitting', 'cancelled', 'failed', 'in_review'] },
  submitting: { providerKnows: 'perhaps', final: false, to: ['submitted', 'accepted', 'failed', 'in_review'] },
  submitted: { providerKnows: 'certainly', final: false, to: ['settled', 'failed', 'in_review'] },
  in_review: { providerKnows: 'perhaps', final: false, to: ['accepted', 'submitted', 'settled', 'failed'] },
  settled: { providerKnows: 'certainly', final: true, to: ['reversed'] },
  failed: { providerKnows: 'certainly', final: true, to: ['settled'] },
  cancelled: { providerKnows: 'nothing', final: true, to: [] },
  reversed: { providerKnows: 'certainly', final: true, to: [] },
} as const satisfies Record<
  string,
  { providerKnows: 'nothing' | 'perhaps' | 'certainly'; final: boolean; to: readonly string[] }
>;

export type State = keyof typeof STATES;
export const STATE_NAMES = Object.keys(STATES) as readonly State[];

export function isFinal(state: State): boolean {
  return STATES[state].final;
}

/** Whether the machine knows this move. */
export function mayMove(from: State, to: State): boolean {
  return (STATES[from].to as readonly State[]).includes(to);
}
