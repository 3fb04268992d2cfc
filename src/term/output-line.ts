import { stripEscapes } from './columns.ts';
import type { Terminal } from './terminal.ts';

/* eslint-disable no-control-regex -- control characters are what this file is about */

/** Escape sequences other than colours. */
const MOVEMENT = /\u001b(?!\[[0-9;]*m)(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)?/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

/**
 * A line of a buildpack as it may stand among ours: what a progress bar drew over itself with carriage returns is dropped, cursor
 * movement never passes, colours only where colours are on.
 */
export function cleanLine(line: string, terminal: Pick<Terminal, 'color'>): string {
  const drawn = line.split('\r').filter((part) => part !== '');
  const safe = (drawn.at(-1) ?? '').replace(MOVEMENT, '');
  const visible = (terminal.color ? safe : stripEscapes(safe)).replace(CONTROL, '');
  return terminal.color && visible.includes('\u001b[') ? `${visible}\u001b[0m` : visible;
}
