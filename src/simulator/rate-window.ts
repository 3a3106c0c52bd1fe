// Counts calls within the current second, for the rate limit that can be switched on.

export class RateWindow {
  #second = -1;
  #calls = 0;

  /** Counts one call; false when the second's share was used up before it. */
  admits(perSecond: number): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#calls = 0;
    }
    this.#calls += 1;
    return this.#calls <= perSecond;
  }
}
