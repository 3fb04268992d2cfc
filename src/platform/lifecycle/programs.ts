// One file when it is bundled: each more that a program is spread over takes longer to load than to read what it does not need.
export { runAnalyzer } from './analyzer.ts';
export { runBuilder } from './builder.ts';
export { runCreator } from './creator.ts';
export { runDetector } from './detector.ts';
export { runExporter } from './exporter.ts';
export { runRebaser } from './rebaser.ts';
export { runRestorer } from './restorer.ts';
