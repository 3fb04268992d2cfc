import { SlipwayError } from '../core/errors.ts';

/** One instruction of a Dockerfile, its continuation lines joined, comments left out. */
export interface DockerfileInstruction {
  /** In upper case: `RUN`. */
  readonly keyword: string;
  /** What follows the keyword, without surrounding blanks; heredocs are only named in it. */
  readonly args: string;
  readonly heredocs: readonly Heredoc[];
  /** Of its first line, from 1. */
  readonly line: number;
}

/** `<<NAME` of a RUN, COPY or ADD, with the lines up to NAME. */
interface Heredoc {
  readonly name: string;
  /** With its newlines; leading tabs are gone for `<<-`. */
  readonly body: string;
  /** False when the name is in quotes: variables in the body stay as they are. */
  readonly expands: boolean;
}

export interface Dockerfile {
  /** What joins lines and takes away a character's meaning. */
  readonly escape: '\\' | '`';
  readonly instructions: readonly DockerfileInstruction[];
}

/**
 * Splits a Dockerfile into its instructions as BuildKit does: parser directives, comments also between continued lines, heredocs,
 * keywords in any case. Throws `FILE_INVALID` with the line.
 */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const lines = splitLines(text);
  const { escape, next } = readDirectives(lines, file);
  const instructions: DockerfileInstruction[] = [];
  for (let at = next; at < lines.length;) {
    if (isSkipped(lines[at] ?? '')) {
      at += 1;
      continue;
    }
    const joined = joinLines(lines, at, escape);
    const { instruction, end } = readInstruction(joined, { lines, at }, file);
    instructions.push(instruction);
    at = end;
  }
  if (instructions.length === 0) throw dockerfileError(file, undefined, 'file with no instructions');
  return { escape, instructions };
}

/** An error in a Dockerfile, naming file and line. */
export function dockerfileError(file: string, line: number | undefined, problem: string): SlipwayError {
  const where = line === undefined ? file : `${file} line ${String(line)}`;
  return new SlipwayError('FILE_INVALID', `${where}: ${problem}`, {
    details: { file, ...(line === undefined ? {} : { line: String(line) }) },
  });
}

const HAS_HEREDOCS = ['RUN', 'COPY', 'ADD'];
const KEYWORDS = [
  ...['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'MAINTAINER'],
  ...['ONBUILD', 'RUN', 'SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
];

function splitLines(text: string): readonly string[] {
  const lines = text.replace(/^\u{feff}/u, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

function isSkipped(line: string): boolean {
  return /^\s*(?:#|$)/.test(line);
}

/** `# escape=…` counts only above everything else, comments included. */
function readDirectives(
  lines: readonly string[],
  file: string,
): { readonly escape: Dockerfile['escape']; readonly next: number } {
  const seen = new Set<string>();
  let escape: Dockerfile['escape'] = '\\';
  for (const [index, line] of lines.entries()) {
    const [, name = '', value = ''] = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (!['escape', 'syntax', 'check'].includes(key)) return { escape, next: index };
    if (seen.has(key)) throw dockerfileError(file, index + 1, `only one ${key} parser directive can be used`);
    seen.add(key);
    if (key !== 'escape') continue;
    if (value !== '\\' && value !== '`')
      throw dockerfileError(file, index + 1, `invalid escape token '${value}' does not match \\ or \``);
    escape = value;
  }
  return { escape, next: lines.length };
}

interface Joined {
  readonly text: string;
  /** Index of the line after it. */
  readonly end: number;
}

function joinLines(lines: readonly string[], start: number, escape: Dockerfile['escape']): Joined {
  // A doubled escape is a character, not a continuation.
  const continued = escape === '\\' ? /(^|[^\\])\\[ \t]*$/ : /(^|[^`])`[ \t]*$/;
  let text = (lines[start] ?? '').trimStart();
  let end = start + 1;
  while (continued.test(text)) {
    text = text.replace(continued, '$1');
    while (end < lines.length && isSkipped(lines[end] ?? '')) end += 1;
    if (end >= lines.length) break;
    text += lines[end] ?? '';
    end += 1;
  }
  return { text, end };
}

function readInstruction(
  joined: Joined,
  { lines, at }: { readonly lines: readonly string[]; readonly at: number },
  file: string,
): { readonly instruction: DockerfileInstruction; readonly end: number } {
  const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(joined.text) ?? [];
  const keyword = word.toUpperCase();
  const line = at + 1;
  if (!KEYWORDS.includes(keyword)) throw dockerfileError(file, line, `unknown instruction: ${word}`);
  const args = rest.trimEnd();
  if (args === '') throw dockerfileError(file, line, `${keyword} requires at least one argument`);
  const heredocs: Heredoc[] = [];
  let end = joined.end;
  for (const word of HAS_HEREDOCS.includes(keyword) ? wordsOf(args) : []) {
    const [, dash, quoted = ''] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
    if (quoted === '') continue;
    const name = quoted.replace(/["']/g, '');
    const body: string[] = [];
    for (; ; end += 1) {
      const raw = lines[end];
      if (raw === undefined) throw dockerfileError(file, line, `unterminated heredoc ${name}`);
      const text = dash === '-' ? raw.replace(/^\t+/, '') : raw;
      if (text === name) break;
      body.push(`${text}\n`);
    }
    end += 1;
    heredocs.push({ name, body: body.join(''), expands: name === quoted });
  }
  return { instruction: { keyword, args, heredocs, line }, end };
}

/** Blank-separated words, quotes kept; blanks in quotes do not separate. */
function wordsOf(text: string): readonly string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\]|["'\\])+/g) ?? [];
}
