/** The part of WebAssembly that reading exports uses: TypeScript has its types only with those of a browser. */
declare namespace WebAssembly {
  class Memory {
    readonly buffer: ArrayBuffer;
    /** @param size in pages of 64 KiB */
    constructor(size: { readonly initial: number; readonly maximum: number });
  }

  class Module {
    constructor(code: Uint8Array<ArrayBuffer>);
  }

  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  }
}
