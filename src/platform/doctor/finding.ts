/** `ok`: as it should be. `note`: a fact that nobody has to act on. `warn`: builds run, and something is worse than it could be. `bad`: builds cannot run. */
export type Verdict = 'ok' | 'note' | 'warn' | 'bad';

/** What the doctor looked at. */
type DoctorArea =
  'machine' | 'sandbox' | 'namespaces' | 'storage' | 'network' | 'settings' | 'credentials' | 'registries';

/** One line of the doctor's report. Never a secret. */
export interface Finding {
  readonly area: DoctorArea;
  readonly name: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do, a line each; with `warn` and `bad`. */
  readonly remedy?: string;
}

/** All that was found, and whether `slipway build` can run here. */
export interface Diagnosis {
  readonly canBuild: boolean;
  readonly findings: readonly Finding[];
}
