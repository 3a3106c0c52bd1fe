// The part of cli-progress that the demo uses; the package brings no types.
declare module 'cli-progress' {
  export interface Bar {
    update(value: number): void;
    setTotal(total: number): void;
  }
  export class MultiBar {
    constructor(
      options: {
        format: string;
        hideCursor?: boolean;
        clearOnComplete?: boolean;
        barsize?: number;
        stopOnComplete?: boolean;
      },
      preset: object,
    );
    create(total: number, value: number, payload: Readonly<Record<string, string>>): Bar;
    stop(): void;
  }
  export const Presets: { readonly shades_classic: object };
}
