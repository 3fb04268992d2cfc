import type { ProjectMetadata } from '../../cnb/files/project-metadata.ts';
import { projectSource, type ProjectFile } from '../../cnb/project.ts';
import type { Context } from '../../core/context.ts';
import type { FileFilter } from '../../workspace/copy-tree.ts';
import { openFileFilter } from '../app/file-filter.ts';
import { openApp, type App } from '../app/open-app.ts';
import type { BuildOptions } from '../build/options.ts';
import { withDescriptor } from './descriptor-options.ts';
import { readDescriptor } from './read-descriptor.ts';

/** An app, and what project.toml says of it. Disposing removes what was unpacked. */
export interface Project extends AsyncDisposable {
  readonly app: App;
  /** Those that were given, and the descriptor's where they are silent. */
  readonly options: BuildOptions;
  /** Which files of the app count; undefined: all. */
  readonly files: FileFilter | undefined;
  /** What the image's label says of the project, unless a file says so. */
  readonly metadata: ProjectMetadata;
}

/**
 * Opens the app of a build and reads its descriptor; nothing else of the build begins before. Throws what `openApp` and `readDescriptor`
 * throw; nothing stays then.
 */
export async function openProject(options: BuildOptions, ctx: Context): Promise<Project> {
  const app = await openApp(options, ctx);
  const dispose = (): PromiseLike<void> => app[Symbol.asyncDispose]();
  try {
    const descriptor = await readDescriptor(options, app, ctx);
    if (descriptor === undefined)
      return { app, options, files: undefined, metadata: {}, [Symbol.asyncDispose]: dispose };
    const { project, shown } = descriptor;
    ctx.emit({ type: 'project.read', file: shown, schema: project.schema, says: partsOf(project) });
    return {
      app,
      options: withDescriptor(options, descriptor),
      files: await openFileFilter(project.files),
      metadata: projectSource(project.about),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What a descriptor has, in a few words. */
function partsOf(project: ProjectFile): readonly string[] {
  const count = (number: number, one: string, many: string): readonly string[] =>
    number === 0 ? [] : [`${String(number)} ${number === 1 ? one : many}`];
  const { files } = project;
  return [
    ...(project.builder === undefined ? [] : ['builder']),
    ...(files === undefined ? [] : count(files.patterns.length, `${files.kind} pattern`, `${files.kind} patterns`)),
    ...count(project.group.length + project.pre.length + project.post.length, 'buildpack', 'buildpacks'),
    ...count(project.env.length, 'variable', 'variables'),
    ...(Object.keys(project.about).length === 0 ? [] : ['metadata']),
  ];
}
