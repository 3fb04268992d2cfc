/** `bin/detect` of a buildpack that is written for Node, which its build image has to have. */
export const NODE_DETECT = `#!/usr/bin/env node
// Decides whether this buildpack takes part: exit 0 = yes, 100 = no, anything else = an error.
// CNB_BUILD_PLAN_PATH: what it provides and requires; CNB_PLATFORM_DIR/env: the user's variables, a file each.
'use strict';
const { existsSync } = require('node:fs');

// An app that wants to be greeted has a file of that name.
if (!existsSync('greeting.txt')) process.exit(100);
`;

/** Its \`bin/build\`. */
export const NODE_BUILD = `#!/usr/bin/env node
// Makes layers in CNB_LAYERS_DIR, of the app in the working directory. What it prints is shown to the user.
'use strict';
const { copyFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const layers = process.env.CNB_LAYERS_DIR;

// A layer is a directory, and a NAME.toml that says what it is for.
const layer = join(layers, 'greeter');
mkdirSync(join(layer, 'bin'), { recursive: true });
mkdirSync(join(layer, 'env'), { recursive: true });
writeFileSync(join(layer, 'bin', 'greet'), '#!/bin/sh\\necho "$GREETING"\\n', { mode: 0o755 });
// Variables of the started app: a file each (NAME.default, .append, .prepend, .override).
copyFileSync('greeting.txt', join(layer, 'env', 'GREETING.default'));
writeFileSync(\`\${layer}.toml\`, '[types]\\nlaunch = true\\n');

// What can be started in the image.
const processes = '[[processes]]\\ntype = "web"\\ncommand = ["greet"]\\ndefault = true\\n';
writeFileSync(join(layers, 'launch.toml'), processes);
console.log(\`the image will say: \${readFileSync('greeting.txt', 'utf8').trim()}\`);
`;
