// Writes docs/reference/scenarios.md, which says for each scenario where it is tested, and the ids that still have no test.
// `npm run scenarios`; with `-- --missing` only the ids, one a line; with `-- --json` what the test of the list reads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, ROOT } from './bootstrap.mjs';
import { formatPage } from './docs/format.mjs';
import { doubtfulOf, missingOf, readScenarios, renderScenarios } from './docs/scenarios.mjs';

await ensureDependencies();
const { scenarios, unknown } = readScenarios();
const missing = missingOf(scenarios);
const doubtful = doubtfulOf(scenarios);
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ids: scenarios.map(({ id }) => id), missing, doubtful, unknown }));
} else if (process.argv.includes('--missing')) {
  for (const id of missing) console.log(id);
} else {
  writeFileSync(join(ROOT, 'docs/reference/scenarios.md'), await formatPage(renderScenarios()));
  const explained = scenarios.filter((scenario) => scenario.explained !== undefined).length;
  const tested = scenarios.filter(({ tests }) => tests.length > 0).length;
  console.log(
    `${scenarios.length} scenarios and gaps: ${tested} with a test, ${explained} explained, ${missing.length} missing`,
  );
  if (missing.length > 0) console.log(`missing: ${missing.join(' ')}`);
  for (const line of unknown) console.log(`not in the list: ${line}`);
  if (doubtful.length > 0)
    console.log(`tested and explained without "partly: ", or the other way round: ${doubtful.join(' ')}`);
}
