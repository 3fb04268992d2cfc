/** One `[[image.outputs]]` (design §1.2). */
export interface ReportOutput {
  readonly location: string;
  readonly digest?: string;
  /** Bytes of the manifest. */
  readonly manifestSize?: number;
  readonly mediaType?: string;
  /** Why the commit failed, when it did. */
  readonly error?: string;
}

/** report.toml (contract §5.8, design §1.2). */
export interface Report {
  /** Names that were saved. */
  readonly tags: readonly string[];
  readonly imageId?: string;
  readonly digest?: string;
  /** Bytes; 0 or absent is left out. */
  readonly manifestSize?: number;
  readonly outputs?: readonly ReportOutput[];
  /** `[image.slipway]`: choices that were made, for example `launcher = "shell"`. */
  readonly slipway?: Readonly<Record<string, string>>;
}

export function encodeReport(_report: Report): string {
  throw new Error('not yet');
}
