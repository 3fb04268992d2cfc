import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flagsOf, isInRange, OPTIONS, PROGRAMS } from '../../src/options/table.ts';

/** Contract §2 as written there: flag, variable, default, then analyzer … rebaser. */
const CONTRACT = [
  'analyzed|CNB_ANALYZED_PATH|<layers>/analyzed.toml|all|≥0.10|all|all|≥0.12|all|env only|-',
  'app|CNB_APP_DIR|/workspace|-|all|-|all|all|all|all|-',
  'build-config|CNB_BUILD_CONFIG_DIR|/cnb/build-config|-|≥0.11|-|env only|≥0.11|-|≥0.11|-',
  'build-image|CNB_BUILD_IMAGE|-|-|-|≥0.10|-|-|-|-|-',
  'buildpacks|CNB_BUILDPACKS_DIR|/cnb/buildpacks|-|all|-|all|all|-|all|-',
  'cache-dir|CNB_CACHE_DIR|-|-|-|all|-|-|all|all|-',
  'cache-image|CNB_CACHE_IMAGE|-|all|-|all|-|-|all|all|-',
  'daemon|CNB_USE_DAEMON|false|all|-|≥0.12|-|-|all|all|all',
  'extended|CNB_EXTENDED_DIR|<layers>/extended|-|-|-|≥0.12|-|≥0.12|env only|-',
  'extensions|CNB_EXTENSIONS_DIR|/cnb/extensions|-|≥0.10|-|-|-|-|env only|-',
  'force|CNB_FORCE_REBASE|false|-|-|-|-|-|-|-|≥0.12',
  'generated|CNB_GENERATED_DIR|<layers>/generated|-|≥0.10|≥0.12|all|-|-|-|-',
  'gid|CNB_GROUP_ID|0|all|-|all|all|-|all|all|all',
  'group|CNB_GROUP_PATH|<layers>/group.toml|-|all|all|all|all|all|env only|-',
  'image|-|-|-|-|-|-|-|rejected|-|all',
  'insecure-registry|CNB_INSECURE_REGISTRIES|-|≥0.13|-|≥0.13|-|-|≥0.13|≥0.13|≥0.13',
  'kaniko-cache-ttl|CNB_KANIKO_CACHE_TTL|336h|-|-|-|all|-|-|-|-',
  'kind|CNB_EXTEND_KIND|build|-|-|-|≥0.12|-|-|-|-',
  'launch-cache|CNB_LAUNCH_CACHE_DIR|-|≥0.9|-|-|-|-|all|all|-',
  'launcher|-|/cnb/lifecycle/launcher|-|-|-|-|-|all|all|-',
  'launcher-sbom|-|/cnb/lifecycle|-|-|-|-|-|≥0.11|≥0.11|-',
  'layers|CNB_LAYERS_DIR|/layers|all|all|all|all|all|all|all|-',
  'layout|CNB_USE_LAYOUT|false|≥0.12|-|≥0.12|-|-|≥0.12|≥0.12|-',
  'layout-dir|CNB_LAYOUT_DIR|-|≥0.12|-|≥0.12|-|-|≥0.12|≥0.12|-',
  'log-level|CNB_LOG_LEVEL|info|all|all|all|all|all|all|all|all',
  'no-color|CNB_NO_COLOR|false|all|all|all|all|all|all|all|all',
  'order|CNB_ORDER_PATH|<layers>/order.toml|-|all|-|-|-|-|all|-',
  'parallel|CNB_PARALLEL_EXPORT|false|-|-|-|-|-|all|all|-',
  'plan|CNB_PLAN_PATH|<layers>/plan.toml|-|all|-|all|all|-|env only|-',
  'platform|CNB_PLATFORM_DIR|/platform|-|all|-|all|all|-|all|-',
  'previous-image|CNB_PREVIOUS_IMAGE|<image>|all|-|-|-|-|-|all|≥0.11',
  'process-type|CNB_PROCESS_TYPE|-|-|-|-|-|-|all|all|-',
  'project-metadata|CNB_PROJECT_METADATA_PATH|<layers>/project-metadata.toml|-|-|-|-|-|all|all|-',
  'report|CNB_REPORT_PATH|<layers>/report.toml|-|-|-|-|-|all|all|all',
  'run|CNB_RUN_PATH|/cnb/run.toml|≥0.12|≥0.12|≥0.14|-|-|≥0.12|≥0.12|-',
  'run-image|CNB_RUN_IMAGE|resolved from run.toml / stack.toml|all|-|-|-|-|all|all|all',
  'skip-layers|CNB_SKIP_LAYERS|false|≥0.9|-|all|-|-|-|-|-',
  'skip-restore|CNB_SKIP_RESTORE|false|-|-|-|-|-|-|all|-',
  'stack|CNB_STACK_PATH|/cnb/stack.toml|<0.12|-|-|-|-|<0.12|all|-',
  'system|CNB_SYSTEM_PATH|/cnb/system.toml|-|≥0.15|-|-|-|-|≥0.15|-',
  'tag|-|-|all|-|-|-|-|-|all|-',
  'uid|CNB_USER_ID|0|all|-|all|all|-|all|all|all',
  'version|-|-|all|all|all|all|all|all|all|all',
];
const API_RANGE = ['0.7', '0.8', '0.9', '0.10', '0.11', '0.12', '0.13', '0.14', '0.15'];
/** Design §1.2: what differs on purpose. */
const OURS = ['compression', 'no-index', 'run-image-name', 'strict', 'strict-targets', 'target', 'verify-index'];

describe('the option table', () => {
  it('has every line of the contract and our own additions', () => {
    const names = CONTRACT.map((line) => line.split('|')[0]);
    assert.deepEqual(OPTIONS.map((row) => row.name).sort(), [...names, ...OURS].sort());
    assert.deepEqual(
      OPTIONS.filter((row) => row.isOurs === true).map((row) => row.name),
      OURS,
    );
  });

  it('reads the variables that the contract names', () => {
    for (const line of CONTRACT) {
      const [name = '', env] = line.split('|');
      assert.equal(rowOf(name).env ?? '-', env, name);
    }
  });

  it('has the defaults of the contract, and auto for the launcher', () => {
    for (const line of CONTRACT) {
      const [name = '', , fallback = ''] = line.split('|');
      if (['-', 'false', '<image>'].includes(fallback) || fallback.startsWith('resolved')) {
        assert.equal(rowOf(name).fallback, undefined, name);
      } else {
        assert.equal(rowOf(name).fallback, name === 'launcher' ? 'auto' : fallback, name);
      }
    }
  });

  it('defines each flag for the programs and Platform APIs of the contract', () => {
    for (const line of CONTRACT) {
      const [name = '', , , ...cells] = line.split('|');
      PROGRAMS.forEach((program, index) => {
        const cell = cells[index] ?? '-';
        for (const api of API_RANGE) {
          const isDefined = cell === 'rejected' || (cell !== '-' && cell !== 'env only' && isInRange(cell, api));
          assert.equal(
            flagsOf(program, api).some((row) => row.name === name),
            isDefined,
            `${program} -${name} at ${api}`,
          );
        }
      });
    }
  });

  it('names our variables SLIPWAY_, never CNB_', () => {
    for (const row of OPTIONS) if (row.isOurs === true) assert.match(row.env ?? '', /^SLIPWAY_/);
  });
});

function rowOf(name: string): (typeof OPTIONS)[number] {
  const row = OPTIONS.find((candidate) => candidate.name === name);
  assert.ok(row, name);
  return row;
}
