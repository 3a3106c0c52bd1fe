// Loaded before a process of the rig whose wall clock shall be wrong by CLOCK_SHIFT_MS. Timers and the monotonic clock go right.
const shiftMs = Number(process.env['CLOCK_SHIFT_MS'] ?? 0);
const RightDate = Date;

// Everything the product knows of the wall clock it has from Date; the database keeps its own.
class ShiftedDate extends RightDate {
  constructor(...given: [] | [string | number | Date]) {
    if (given.length === 0) super(RightDate.now() + shiftMs);
    else super(...(given as unknown as [number]));
  }
  static override now(): number {
    return RightDate.now() + shiftMs;
  }
}

if (shiftMs !== 0) globalThis.Date = ShiftedDate as DateConstructor;
