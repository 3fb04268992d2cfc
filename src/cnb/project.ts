import type { ProjectMetadata } from './files/project-metadata.ts';
import type { ProjectSchema } from './project-keys.ts';
import type { TomlTable, TomlValue } from './toml-value.ts';

/** project.toml as all schemas say it. */
export interface ProjectFile {
  readonly schema: ProjectSchema;
  readonly builder?: string;
  /** Which files of the app count; absent: all. */
  readonly files?: FileRule;
  /** In the place of the builder's order. */
  readonly group: readonly ProjectModule[];
  readonly pre: readonly ProjectModule[];
  readonly post: readonly ProjectModule[];
  readonly env: readonly ProjectVariable[];
  /** What is said of the project itself, by the names of schema 0.2; `metadata` is free. */
  readonly about: TomlTable;
  /** What was ignored, and other things that the author should know. */
  readonly warnings: readonly string[];
}

/** Patterns with gitignore's rules. */
export interface FileRule {
  readonly kind: 'include' | 'exclude';
  readonly patterns: readonly string[];
}

/** A buildpack of a group. `execEnv` empty: in every execution environment. */
export type ProjectModule = { readonly execEnv: readonly string[] } & (
  | { readonly kind: 'id'; readonly id: string; readonly version?: string }
  | { readonly kind: 'uri'; readonly uri: string }
  | {
      readonly kind: 'inline';
      readonly id: string;
      readonly version: string;
      readonly api: string;
      readonly shell: string;
      readonly script: string;
    }
);

export interface ProjectVariable {
  readonly name: string;
  readonly value: string;
  readonly execEnv: readonly string[];
}

/**
 * What the label `io.buildpacks.project.metadata` says of a project: version and source URL where pack puts them, the rest under its own
 * names beside them. `{}` when nothing is said.
 */
export function projectSource(about: TomlTable): ProjectMetadata {
  const { version, 'source-url': url, ...rest } = about;
  const members: readonly (readonly [string, TomlValue | undefined])[] = [['url', url], ...Object.entries(rest)];
  const metadata = Object.fromEntries(members.filter(([, value]) => value !== undefined));
  if (version === undefined && Object.keys(metadata).length === 0) return {};
  return { source: { type: 'project', version: version === undefined ? {} : { declared: version }, metadata } };
}
