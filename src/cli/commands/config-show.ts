import type { Context } from '../../core/context.ts';
import type { SlipwayError } from '../../core/errors.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { isFlagKey, isTableKey, isTextKey } from '../../platform/config/settings.ts';
import { unknownKey } from '../../platform/config/set.ts';
import { surveyConfig, type ShownSetting, type SurveyedFile } from '../../platform/config/survey.ts';
import { alignColumns } from '../../term/columns.ts';
import { describeError } from '../../term/error-text.ts';
import type { Terminal } from '../../term/terminal.ts';
import { writeJson, writeLines } from '../result-output.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway config show`: exit 1 when a file is broken. */
export async function runConfigShowCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const { settings, files } = surveyConfig(machine);
  const broken = files.filter(({ problems }) => problems.length > 0);
  if (values.boolean('json')) {
    await writeJson(machine, { settings: settings.map(settingFacts), files: files.map(fileFacts) }, ctx);
    return broken.length === 0 ? 0 : 1;
  }
  const rows = settings.map((setting) => [
    nameOf(setting),
    valueText(setting),
    ...(values.boolean('origin') ? [setting.place.shown] : []),
  ]);
  await writeLines(machine, alignColumns(rows), ctx);
  if (settings.length === 0 && broken.length === 0 && !values.boolean('quiet'))
    terminal.err(`nothing is set in ${files.map(({ place }) => place.shown).join(' or ')}\n`);
  for (const { problems } of broken) for (const problem of problems) terminal.err(`${problemText(problem)}\n`);
  return broken.length === 0 ? 0 : 1;
}

/** `slipway config get KEY`: the value that counts, a line each; exit 1 when there is none. */
export async function runConfigGetCommand(values: CommandValues, ctx: Context): Promise<number> {
  return printKey(values.positionals[0] ?? '', values, ctx);
}

/** Prints what counts of a key. Throws what is wrong in the files that it needs, `ARGUMENT_INVALID` for a key that there is not. */
export async function printKey(key: string, values: CommandValues, ctx: Context): Promise<number> {
  if (!isTextKey(key) && !isFlagKey(key) && !isTableKey(key)) throw unknownKey(key);
  const machine = thisMachine(ctx.tmp);
  const { settings, files } = surveyConfig(machine);
  const found = settings.filter((setting) => setting.key === key);
  const [problem] = files.flatMap(({ problems }) => problems);
  if (found.length === 0 && problem !== undefined) throw problem;
  if (values.boolean('json')) await writeJson(machine, { key, settings: found.map(settingFacts) }, ctx);
  else await writeLines(machine, isTableKey(key) ? alignColumns(found.map(tableRow)) : found.map(valueText), ctx);
  return found.length === 0 ? 1 : 0;
}

function tableRow(setting: ShownSetting): readonly string[] {
  return setting.name === undefined ? [valueText(setting)] : [setting.name, valueText(setting)];
}

function nameOf({ key, name }: ShownSetting): string {
  return name === undefined ? key : `${key} ${name}`;
}

function valueText({ value }: ShownSetting): string {
  return typeof value === 'object' ? value.join(', ') : String(value);
}

function settingFacts({ key, name, value, place }: ShownSetting): object {
  return { key, ...(name === undefined ? {} : { name }), value, origin: place.origin, file: place.path };
}

function fileFacts({ place, isThere, problems }: SurveyedFile): object {
  return { origin: place.origin, file: place.path, isThere, problems: problems.map(({ message }) => message) };
}

function problemText(problem: SlipwayError): string {
  const { message, code } = describeError(problem, 'slipway');
  return `error: ${message}   [${code}]`;
}
