// Writes a CycloneDX list of the locked packages, and prints how many there are. The same lock file gives the same bytes.
import { readFileSync, writeFileSync } from 'node:fs';

const [lockFile, sbomFile] = process.argv.slice(2);
const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
const components = Object.entries(packages)
  .filter(([path, entry]) => path !== '' && entry.dev !== true && entry.link !== true)
  .map(([path, entry]) => toComponent(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), entry))
  .sort((a, b) => (a.purl < b.purl ? -1 : 1));
const sbom = { bomFormat: 'CycloneDX', specVersion: '1.4', version: 1, components };
writeFileSync(sbomFile, `${JSON.stringify(sbom, null, 2)}\n`);
console.log(components.length);

function toComponent(name, { version, integrity, license }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
    ...(integrity === undefined ? {} : { hashes: toHashes(integrity) }),
  };
}

/** `sha512-BASE64 …` as CycloneDX hashes. */
function toHashes(integrity) {
  const names = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' };
  return integrity
    .split(' ')
    .map((entry) => entry.split('-', 2))
    .filter(([algorithm]) => algorithm in names)
    .map(([algorithm, value]) => ({ alg: names[algorithm], content: Buffer.from(value, 'base64').toString('hex') }));
}
