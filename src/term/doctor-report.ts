import { alignColumns } from './columns.ts';
import type { Symbols } from './symbols.ts';

/** A line of the report: what was looked at, how it is, and what to do. */
export interface ReportLine {
  readonly area: string;
  readonly name: string;
  readonly verdict: 'ok' | 'note' | 'warn' | 'bad';
  readonly found: string;
  readonly remedy?: string;
}

/** The findings below the areas that they belong to, with remedies under theirs; `quiet`: only what is amiss. */
export function reportLines(
  findings: readonly ReportLine[],
  symbols: Symbols,
  options: { readonly isQuiet: boolean },
): readonly string[] {
  const shown = options.isQuiet ? findings.filter(isAmiss) : findings;
  const areas = [...new Set(shown.map(({ area }) => area))];
  return areas.flatMap((area) => {
    const own = shown.filter((finding) => finding.area === area);
    const rows = alignColumns(own.map(({ verdict, name }) => [`  ${painted(verdict, symbols)}`, name]));
    const width = Math.max(...own.map(({ name }) => Array.from(name).length));
    const lines = own.flatMap(({ name, found, remedy }, at) => {
      const gap = ' '.repeat(width - Array.from(name).length);
      const does = (remedy ?? '').split('\n').filter((line) => line !== '');
      return [
        `${rows[at] ?? ''}${gap}  ${found}`,
        ...does.map((line, index) => `        ${index === 0 ? 'do  ' : '    '}${line}`),
      ];
    });
    return [symbols.strong(area), ...lines];
  });
}

/** The last line: whether builds can run, and how much is amiss. */
export function reportSummary(
  { canBuild, findings }: { readonly canBuild: boolean; readonly findings: readonly ReportLine[] },
  symbols: Symbols,
): string {
  const warnings = findings.filter(({ verdict }) => verdict === 'warn').length;
  const faults = findings.filter(({ verdict }) => verdict === 'bad').length;
  const counted = [
    ...(faults === 0 ? [] : [`${String(faults)} bad`]),
    ...(warnings === 0 ? [] : [`${String(warnings)} to look at`]),
  ];
  const tail = counted.length === 0 ? '' : ` (${counted.join(', ')})`;
  return canBuild ? `slipway build can run here${tail}` : symbols.error(`slipway build cannot run here${tail}`);
}

function isAmiss({ verdict }: ReportLine): boolean {
  return verdict === 'warn' || verdict === 'bad';
}

function painted(verdict: ReportLine['verdict'], symbols: Symbols): string {
  if (verdict === 'bad') return symbols.error(verdict);
  if (verdict === 'warn') return symbols.warning(verdict);
  return verdict === 'note' ? symbols.faint(verdict) : verdict;
}
