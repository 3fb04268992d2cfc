// Prints what the installed packages depend on, as one hash: the lock file and the version of Node.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [lockFile] = process.argv.slice(2);
const major = process.versions.node.split('.')[0];
console.log(createHash('sha256').update(`node ${major}\n`).update(readFileSync(lockFile)).digest('hex'));
