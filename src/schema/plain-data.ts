/** Data that can be written as JSON, YAML or TOML. Members that are undefined are not there. */
export type PlainData = string | boolean | null | undefined | readonly PlainData[] | PlainTable;

export interface PlainTable {
  readonly [key: string]: PlainData;
}
