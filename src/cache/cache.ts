// The shared cache's port: the provider token, short locks and rate counters. Losing all of it costs speed, never money.

export interface Cache {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Takes a named lock for at most `ttlMs`; null when somebody else has it. Release is a no-op once it has expired. */
  lock(name: string, ttlMs: number): Promise<{ release(): Promise<void> } | null>;
  /**
   * Takes one of `perSecond` permits shared by all processes; returns how many milliseconds to wait before using it (0 = now).
   * Where that is more than `mostMs`, none was taken: whoever will not wait so long holds up nobody.
   */
  take(name: string, perSecond: number, mostMs?: number): Promise<number>;
  /** Whether the store answers. */
  ping(): Promise<boolean>;
  close(): Promise<void>;
}
