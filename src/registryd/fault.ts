/** Something that goes wrong with one answer. */
export type Fault =
  /** This answer instead of the real one. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  /** The real answer with other headers; '' removes one. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  /** The real answer's headers over another body. */
  | { readonly kind: 'body'; readonly body: Uint8Array }
  /** The connection ends after so many bytes of the real body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The connection ends without an answer. */
  | { readonly kind: 'close' }
  /** The real answer, later. */
  | { readonly kind: 'delay'; readonly ms: number };
