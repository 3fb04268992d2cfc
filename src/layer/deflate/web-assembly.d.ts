/** What is used of WebAssembly, which neither TypeScript's es2023 nor Node's types declare; `exports` are those of assembly/deflate/encoder.ts. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (bytes: Uint8Array) => Module;

  const Instance: new (module: Module) => Instance;
  interface Instance {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly dataAddress: { readonly value: number };
      readonly outputAddress: { readonly value: number };
      readonly encode: (dictionarySize: number, dataSize: number, isLast: 0 | 1) => number;
    };
  }
}
