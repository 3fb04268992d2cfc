// What the demo says around the program's own output.

const color = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
const paint = (code, text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
const LABEL_WIDTH = 13;

export function title(text) {
  console.log(`\n${paint('1', text)}`);
}

export function fact(label, text) {
  const [first, ...rest] = text.split('\n');
  console.log(`  ${label.padEnd(LABEL_WIDTH)} ${first}`);
  for (const line of rest) console.log(`  ${' '.repeat(LABEL_WIDTH)} ${line}`);
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function megabytes(bytes) {
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `sha256:` and 12 digits. */
export function short(digest) {
  return digest.slice(0, digest.indexOf(':') + 13);
}

/** Promises that the demo checks; `failed()` counts those that were not kept. */
export function createChecks() {
  let count = 0;
  let failures = 0;
  return {
    check(promise, kept, detail = '') {
      count += 1;
      if (!kept) failures += 1;
      const mark = kept ? paint('32', 'ok') : paint('31', 'NOT OK');
      console.log(`  ${mark} ${promise}${kept || detail === '' ? '' : `\n     ${detail}`}`);
    },
    count: () => count,
    failed: () => failures,
  };
}
