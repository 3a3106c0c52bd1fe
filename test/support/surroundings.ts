// What a process that a test starts gets of ours: where programs are, and where compiled code is kept, which halves its start.
export const SURROUNDINGS: Readonly<Record<string, string>> = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);
