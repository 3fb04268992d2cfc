import { surveyConfig, type SurveyedFile } from '../config/survey.ts';
import type { Machine } from '../machine.ts';
import type { Finding } from './finding.ts';

/** The config files, and what is wrong in them. */
export function lookAtSettings(machine: Machine): readonly Finding[] {
  const { settings, files } = surveyConfig(machine);
  return files.map((file) => {
    const own = settings.filter(({ place }) => place === file.place);
    return { area: 'settings', name: file.place.shown, ...judge(file, own.length) };
  });
}

function judge(
  { isThere, problems, place }: SurveyedFile,
  count: number,
): Pick<Finding, 'verdict' | 'found' | 'remedy'> {
  if (problems.length > 0) {
    const mend = place.origin === 'slipway' ? 'mend it' : 'mend it: pack cannot read it either';
    const found = problems.map(({ message }) => message.replace(`${place.shown}: `, '')).join('; ');
    return { verdict: 'bad', found, remedy: `${mend}; commands that need a setting stop there` };
  }
  if (!isThere) return { verdict: 'note', found: 'not there' };
  return { verdict: 'ok', found: count === 1 ? '1 setting counts' : `${String(count)} settings count` };
}
