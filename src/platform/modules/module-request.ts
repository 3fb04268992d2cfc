/**
 * A buildpack or extension as flags and project.toml name it: a locator (interfaces §5.11), whose relative paths count from `base`, or a
 * script that is written where it is asked for.
 */
export type ModuleRequest =
  | { readonly kind: 'locator'; readonly text: string; readonly base: string }
  | {
      readonly kind: 'inline';
      readonly id: string;
      readonly version: string;
      readonly api: string;
      /** Interpreter, `/bin/sh` by default. */
      readonly shell: string;
      readonly script: string;
    };

/** The buildpacks and extensions that a build was asked for beside, or in the place of, the builder's order. */
export interface ModuleRequests {
  /** In the place of the order: one group. Empty: the order stays. */
  readonly group: readonly ModuleRequest[];
  /** Put in front of every group. */
  readonly pre: readonly ModuleRequest[];
  /** Put behind every group. */
  readonly post: readonly ModuleRequest[];
  readonly extensions: readonly ModuleRequest[];
}
