/**
 * What the CPU can do with bytes.
 */
import { readFileSync } from 'node:fs';

/** x86 instructions that add products of bytes in 32 bits. Without them, onnxruntime adds pairs in 16 bits, which overflow. */
const VNNI = ['avx512_vnni', 'avx_vnni'];

/** Whether the text of /proc/cpuinfo names an instruction that multiplies bytes exactly. */
export function namesVnni(cpuinfo: string): boolean {
  const flags = /^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
  return VNNI.some((flag) => flags.includes(flag));
}

/** Whether int8 is exact and fast on this CPU: on x86 only with VNNI; where that cannot be read, no. */
export function multipliesBytes(): boolean {
  if (process.arch !== 'x64') return true;
  try {
    return namesVnni(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}
