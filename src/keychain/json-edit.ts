/**
 * Edits of one member of a JSON text that leave every other byte as it is: a config of other programs keeps its numbers, its order
 * and its layout. The text must be valid JSON with an object at every step of the path; of members with the same name the last counts.
 */

/** The text with `value` (JSON text) as the member at the path; objects on the way are made. */
export function setMember(text: string, path: readonly [string, ...string[]], value: string): string {
  return setIn(text, objectStart(text), { path, value });
}

/** The text without the member `name` of the object at `path`, however often it is there. */
export function removeMember(text: string, path: readonly string[], name: string): string {
  let current = text;
  for (;;) {
    const object = findObject(current, path);
    const members = object === undefined ? [] : membersOf(current, object);
    const index = members.findIndex((member) => member.name === name);
    if (index < 0) return current;
    current = cut(current, members, index);
  }
}

interface Member {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

function setIn(
  text: string,
  object: number,
  edit: { readonly path: readonly [string, ...string[]]; readonly value: string },
): string {
  const [name, next, ...rest] = edit.path;
  const members = membersOf(text, object);
  const member = members.findLast((each) => each.name === name);
  if (member !== undefined) {
    if (next !== undefined) return setIn(text, member.valueStart, { path: [next, ...rest], value: edit.value });
    return text.slice(0, member.valueStart) + edit.value + text.slice(member.end);
  }
  const value = [next, ...rest]
    .filter((each) => each !== undefined)
    .reduceRight((inner, each) => `{${JSON.stringify(each)}: ${inner}}`, edit.value);
  const added = `${JSON.stringify(name)}: ${value}`;
  const last = members.at(-1);
  if (last === undefined) return `${text.slice(0, object + 1)}\n\t${added}\n${text.slice(text.indexOf('}', object))}`;
  // Laid out like its neighbour.
  const before = text.slice(members.at(-2)?.end ?? object + 1, last.start).replace(',', '');
  return `${text.slice(0, last.end)},${before}${added}${text.slice(last.end)}`;
}

function cut(text: string, members: readonly Member[], index: number): string {
  const [member, next, previous] = [members[index], members[index + 1], members[index - 1]];
  if (member === undefined) return text;
  if (next !== undefined) return text.slice(0, member.start) + text.slice(next.start);
  return text.slice(0, previous?.end ?? member.start) + text.slice(member.end);
}

function findObject(text: string, path: readonly string[]): number | undefined {
  let object: number | undefined = objectStart(text);
  for (const name of path) {
    if (object === undefined || text[object] !== '{') return undefined;
    object = membersOf(text, object).findLast((each) => each.name === name)?.valueStart;
  }
  return object !== undefined && text[object] === '{' ? object : undefined;
}

function objectStart(text: string): number {
  return text.indexOf('{');
}

function membersOf(text: string, object: number): readonly Member[] {
  const members: Member[] = [];
  let at = skipBlank(text, object + 1);
  while (text[at] === '"') {
    const start = at;
    const nameEnd = stringEnd(text, at);
    const name: unknown = JSON.parse(text.slice(at, nameEnd));
    const valueStart = skipBlank(text, text.indexOf(':', nameEnd) + 1);
    const end = valueEnd(text, valueStart);
    members.push({ name: String(name), start, valueStart, end });
    at = skipBlank(text, end);
    if (text[at] === ',') at = skipBlank(text, at + 1);
  }
  return members;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (/[ \t\r\n]/.test(text[at] ?? '')) at += 1;
  return at;
}

/** Behind the closing quote. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function valueEnd(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '"') {
      at = stringEnd(text, at);
    } else {
      if (depth === 0 && /[,}\] \t\r\n]/.test(character)) return at;
      if ('{['.includes(character)) depth += 1;
      if ('}]'.includes(character)) depth -= 1;
      at += 1;
    }
    if (depth === 0 && '}]"'.includes(text[at - 1] ?? '') && at > from) return at;
  }
  return at;
}
