// The shared cache's port: the provider token, short locks and rate counters. Losing all of it costs speed, never money.

/** So many units in any window: all of them may be drawn at once, and they come back evenly. */
export interface Quota {
  readonly units: number;
  readonly windowMs: number;
}

export interface Drawn {
  /** 0 to as many as were asked for. */
  readonly granted: number;
  /** What is left for others after that. */
  readonly remaining: number;
  /** How many milliseconds until a unit can be had; 0 when some were granted. */
  readonly waitMs: number;
}

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
  /** Draws up to `most` units of a quota shared by all processes: as many as are left. */
  draw(name: string, quota: Quota, most: number): Promise<Drawn>;
  /** Whether the store answers. */
  ping(): Promise<boolean>;
  close(): Promise<void>;
}
