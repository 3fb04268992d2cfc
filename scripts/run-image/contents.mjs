// What goes into the base images: a shell with a few tools and the files a container expects, and Node apart from it, so that a
// change of the small part does not touch the 100 MB of Node. npm is for the build image only.
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { FileSet } from './file-set.mjs';
import { elfAt, neededFiles } from './libraries.mjs';

const TOOLS = [
  ...[
    'sh',
    'bash',
    'env',
    'xargs',
    'cat',
    'ls',
    'cp',
    'mv',
    'rm',
    'ln',
    'mkdir',
    'chmod',
    'head',
    'tail',
    'sort',
    'uniq',
    'wc',
  ],
  ...['cut', 'tr', 'sed', 'grep', 'id', 'uname', 'sleep', 'date', 'true', 'false', 'readlink', 'dirname', 'basename'],
  // By which root's bubblewrap becomes the build user.
  'setpriv',
];
const TOOL_DIRECTORIES = ['/bin', '/usr/bin'];
const CA_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];
const NPM_AUTHORITIES = '/etc/ssl/npm-authorities.pem';
const MACHINES = {
  3: '386',
  40: 'arm',
  62: 'amd64',
  183: 'arm64',
  21: 'ppc64le',
  22: 's390x',
  243: 'riscv64',
  258: 'loong64',
};
const APP = { uid: 1000, gid: 1000 };

/** The base: shell, tools, users, certificates. */
export function baseContents() {
  const files = new FileSet();
  for (const name of TOOLS) {
    const path = TOOL_DIRECTORIES.map((directory) => join(directory, name)).find(existsSync);
    if (path === undefined) {
      if (name === 'sh') throw new Error('this machine has no /bin/sh to put into the run image');
      continue;
    }
    if (elfAt(path) !== undefined) addProgram(files, path);
  }
  for (const directory of ['/proc', '/dev', '/sys', '/run', '/tmp', '/var/tmp']) files.addDirectory(directory);
  files.addDirectory('/home/app', 0o755, APP);
  files.addFile('/etc/passwd', 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n');
  files.addFile('/etc/group', 'root:x:0:\napp:x:1000:\n');
  files.addFile('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  files.addFile('/etc/hosts', '127.0.0.1 localhost\n::1 localhost\n');
  files.addFile('/etc/os-release', osRelease());
  addCertificates(files);
  return files;
}

/** Node as it runs this script, at its own path, with a link in /usr/bin. */
export function nodeContents() {
  const files = new FileSet();
  const node = realpathSync(process.execPath);
  addProgram(files, node);
  // Distributions build Node with parts of its library in files of their own, and say so in its build configuration.
  for (const value of Object.values(process.config.variables))
    if (
      typeof value === 'string' &&
      value.startsWith('/') &&
      /\.(?:js|cjs|mjs|dat|cnf)$/.test(value) &&
      existsSync(value)
    )
      files.add(value);
  if (!files.has('/usr/bin/node')) files.addLink('/usr/bin/node', node);
  return files;
}

/**
 * npm of this machine, with a link in /usr/bin and what it needs here to reach its registry (`npmConfig`): the settings as npm's own file, and the
 * certificates that they name.
 */
export function npmContents({ registry, cafile, extraAuthorities }) {
  const files = new FileSet();
  const script = npmScript();
  const home = dirname(dirname(script));
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    // Of what npm has to read about itself nobody builds anything.
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !/^(?:man|docs)\b/.test(path.slice(home.length + 1))) files.add(path);
  }
  if (!files.has('/usr/bin/npm')) files.addLink('/usr/bin/npm', script);
  addCertificates(files);
  const settings = [
    registry === undefined ? '' : `registry=${registry}\n`,
    authorities(files, { cafile, extraAuthorities }),
  ];
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  if (settings.join('') !== '') files.addFile(join(prefix, 'etc/npmrc'), settings.join(''));
  return files;
}

/** npm's setting for authorities. Its own file is in the place of the usual ones, so those of NODE_EXTRA_CA_CERTS are put behind them. */
function authorities(files, { cafile, extraAuthorities }) {
  if (cafile !== undefined) {
    files.add(cafile);
    return `cafile=${cafile}\n`;
  }
  if (extraAuthorities === undefined || !existsSync(extraAuthorities)) return '';
  const texts = [CA_BUNDLES.find(existsSync), extraAuthorities].filter((path) => path !== undefined);
  files.addFile(NPM_AUTHORITIES, texts.map((path) => readFileSync(path, 'utf8')).join('\n'));
  return `cafile=${NPM_AUTHORITIES}\n`;
}

/** The image's architecture: what Node was built for, which under emulation is not this machine's. */
export function nodeArchitecture() {
  const machine = elfAt(realpathSync(process.execPath))?.machine;
  const architecture = MACHINES[machine];
  if (architecture === undefined) throw new Error(`Node is for an unknown machine (ELF ${machine})`);
  return architecture;
}

/** `{name, version}` of this machine's distribution. */
export function distribution() {
  const value = (key) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease())?.[1] ?? '';
  return { name: value('ID'), version: value('VERSION_ID') };
}

function addCertificates(files) {
  const bundle = CA_BUNDLES.find(existsSync);
  if (bundle !== undefined) files.add(bundle);
}

/** npm-cli.js of the npm that runs us, else of the one beside Node or on PATH. */
function npmScript() {
  const own = process.env.npm_execpath;
  if (own?.endsWith('npm-cli.js') === true) return realpathSync(own);
  const places = [dirname(realpathSync(process.execPath)), ...(process.env.PATH ?? '').split(delimiter)];
  const found = places.map((place) => join(place, 'npm')).find(existsSync);
  const script = found === undefined ? '' : realpathSync(found);
  if (!script.endsWith('npm-cli.js')) throw new Error('npm was not found beside Node or on PATH');
  return script;
}

function osRelease() {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : 'ID=linux\n';
}

function addProgram(files, path) {
  files.add(path);
  for (const file of neededFiles(path)) files.add(file);
}
