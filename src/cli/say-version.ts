import { writeSync } from 'node:fs';
import { versionText } from './product.ts';

/** Whether the word asked for the version and it is said. Where it cannot be written this way nothing is said, for others to answer. */
export function sayVersion(word: string | undefined, questions: readonly string[]): boolean {
  if (word === undefined || !questions.includes(word)) return false;
  try {
    writeSync(1, `${versionText()}\n`);
    return true;
  } catch {
    // A pipe that is full or that nobody reads: Node's streams wait, or tell.
    return false;
  }
}
