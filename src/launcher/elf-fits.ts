import { formatPlatform, type Platform } from '../oci/platform.ts';

/** ELF machine numbers (e_machine) with class and byte order, by the architecture name of image platforms. */
const MACHINES: Readonly<Record<string, { readonly machine: number; readonly bits: 32 | 64; readonly big?: true }>> = {
  '386': { machine: 3, bits: 32 },
  amd64: { machine: 62, bits: 64 },
  arm: { machine: 40, bits: 32 },
  arm64: { machine: 183, bits: 64 },
  loong64: { machine: 258, bits: 64 },
  mips64le: { machine: 8, bits: 64 },
  ppc64le: { machine: 21, bits: 64 },
  riscv64: { machine: 243, bits: 64 },
  s390x: { machine: 22, bits: 64, big: true },
};

/** What keeps a program file from running on a platform: undefined when it is an ELF file for it, else `is …` in words. */
export function elfFits(bytes: Uint8Array, platform: Platform): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 20 || view.getUint32(0) !== 0x7f454c46) return 'is not an ELF program';
  if (platform.os !== 'linux') return `is a Linux program, the image is for ${formatPlatform(platform)}`;
  const wanted = MACHINES[platform.architecture];
  if (wanted === undefined) return `cannot be judged for ${formatPlatform(platform)}`;
  const isBig = bytes[5] === 2;
  const bits = bytes[4] === 1 ? 32 : 64;
  const machine = view.getUint16(18, !isBig);
  if (machine === wanted.machine && bits === wanted.bits && isBig === (wanted.big === true)) return undefined;
  return `is for ${nameOf(machine, bits)}, the image for ${formatPlatform(platform)}`;
}

function nameOf(machine: number, bits: 32 | 64): string {
  const found = Object.entries(MACHINES).find(([, known]) => known.machine === machine && known.bits === bits);
  return found === undefined ? `ELF machine ${String(machine)}` : `linux/${found[0]}`;
}
