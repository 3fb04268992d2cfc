/** Whether a build whose inputs are all known is done again. */
export interface MemoOptions {
  /** Take the image that the very same inputs gave earlier, and remember what this build gives; default: no. */
  readonly memo?: boolean;
}
