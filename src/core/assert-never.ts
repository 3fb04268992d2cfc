/** Ends an exhaustive `switch`: compiles only when every case is handled. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
