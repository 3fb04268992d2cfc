// Reads what a dynamically linked ELF file asks for, without running its loader (as ldd would).

const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_LOAD = 1;
const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

/**
 * `{machine, bits, interpreter?, needed, searchPath}` of an ELF file; undefined for anything else. `searchPath` is RUNPATH, else RPATH,
 * as written.
 */
export function readElf(bytes) {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const file = accessors(bytes, bytes[4] === 2, bytes[5] === 2);
  const headers = programHeaders(file);
  const interpreter = headers.find((header) => header.type === PT_INTERP);
  return {
    machine: file.u16(18),
    bits: file.wide ? 64 : 32,
    interpreter:
      interpreter === undefined
        ? undefined
        : bytes.toString('latin1', interpreter.offset, interpreter.offset + interpreter.size).replace(/\0.*$/s, ''),
    ...dynamicSection(file, headers),
  };
}

function accessors(bytes, wide, big) {
  const u16 = (at) => (big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
  const u32 = (at) => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const u64 = (at) => Number(big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  return { bytes, wide, u16, u32, word: wide ? u64 : u32 };
}

function programHeaders({ wide, u16, u32, word }) {
  const start = word(wide ? 32 : 28);
  const size = u16(wide ? 54 : 42);
  const count = u16(wide ? 56 : 44);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    return wide
      ? { type: u32(at), offset: word(at + 8), address: word(at + 16), size: word(at + 32) }
      : { type: u32(at), offset: u32(at + 4), address: u32(at + 8), size: u32(at + 16) };
  });
}

function dynamicSection(file, headers) {
  const dynamic = headers.find((header) => header.type === PT_DYNAMIC);
  const entries = [];
  const step = file.wide ? 16 : 8;
  for (let at = dynamic?.offset ?? 0; dynamic !== undefined && at < dynamic.offset + dynamic.size; at += step) {
    const tag = file.word(at);
    if (tag === DT_NULL) break;
    entries.push({ tag, value: file.word(at + step / 2) });
  }
  const table = entries.find((entry) => entry.tag === DT_STRTAB);
  const strings = table === undefined ? 0 : fileOffset(headers, table.value);
  const text = (offset) => {
    const end = file.bytes.indexOf(0, strings + offset);
    return file.bytes.toString('latin1', strings + offset, end);
  };
  const path = entries.find((entry) => entry.tag === DT_RUNPATH) ?? entries.find((entry) => entry.tag === DT_RPATH);
  return {
    needed: entries.filter((entry) => entry.tag === DT_NEEDED).map((entry) => text(entry.value)),
    searchPath: path === undefined ? [] : text(path.value).split(':'),
  };
}

/** Where in the file the bytes of a memory address are. */
function fileOffset(headers, address) {
  const segment = headers.find(
    (header) => header.type === PT_LOAD && address >= header.address && address < header.address + header.size,
  );
  return segment === undefined ? address : address - segment.address + segment.offset;
}
