/** What becomes of a build's directories when a buildpack fails: removed, kept, or a shell is opened in the sandbox before they go. */
type OnError = 'cleanup' | 'keep' | 'shell';

export interface DebugOptions {
  /** Default `cleanup`. */
  readonly onError?: OnError;
  /** Where directories are kept; default: `keptRoot`. May be relative to the working directory. */
  readonly onErrorDir?: string;
}
