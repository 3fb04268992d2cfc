import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { validateImages, type ValidateOptions } from '../../tools/validate.ts';
import { locationAt, openImageWork } from '../image-arguments.ts';
import { writeJson, writeLines } from '../result-output.ts';

/** `slipway validate LOCATION`: all that is there, whatever the location names. */
export function runValidateCommand(values: CommandValues, ctx: Context): Promise<number> {
  return validate(values, ctx, { allTags: true });
}

/** `slipway image validate LOCATION`: what the location names, else all that is there. */
export function runValidateImageCommand(values: CommandValues, ctx: Context): Promise<number> {
  return validate(values, ctx, { allTags: values.boolean('all-tags') });
}

/** Every problem in a line; exit 1 when there is one. */
async function validate(values: CommandValues, ctx: Context, options: ValidateOptions): Promise<number> {
  const location = locationAt(values, 0);
  const text = values.positionals[0] ?? '';
  await using work = openImageWork(values, ctx);
  const problems = await validateImages(location, work.stores, work.quiet, options);
  const isSound = problems.length === 0;
  if (values.boolean('json')) await writeJson(work.machine, { location: text, isSound, problems }, ctx);
  else if (!isSound)
    await writeLines(
      work.machine,
      problems.map(({ subject, problem }) => `${subject}: ${problem}`),
      ctx,
    );
  else if (!values.boolean('quiet')) await writeLines(work.machine, [`${text}: everything is there and right`], ctx);
  return isSound ? 0 : 1;
}
