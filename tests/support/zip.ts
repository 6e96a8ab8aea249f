import { crc32, deflateRawSync } from 'node:zlib'

/** A zip archive of deflated files, in the order given (PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16). Names are not checked: tests want bad ones. */
export function zip(files: readonly (readonly [name: string, content: Uint8Array | string])[]): Buffer {
  const [entries, directory]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const [name, content] of files) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const path = Buffer.from(name)
    const about = [...uint16(20, 0x800, 8, 0, 0), ...uint32(crc32(bytes), packed.length, bytes.length)]
    const local = [...Buffer.from('PK\x03\x04'), ...about, ...uint16(path.length, 0)]
    directory.push(
      Buffer.from([...Buffer.from('PK\x01\x02'), ...uint16(20), ...about, ...uint16(path.length, 0, 0, 0, 0)]),
      Buffer.from(uint32(0, offset)),
      path,
    )
    entries.push(Buffer.from(local), path, packed)
    offset += local.length + path.length + packed.length
  }
  const listed = Buffer.concat(directory)
  const end = [...uint16(0, 0, files.length, files.length), ...uint32(listed.length, offset), ...uint16(0)]
  return Buffer.concat([...entries, listed, Buffer.from('PK\x05\x06'), Buffer.from(end)])
}

function uint16(...values: number[]): number[] {
  return values.flatMap((value) => [value & 0xff, value >>> 8])
}

function uint32(...values: number[]): number[] {
  return values.flatMap((value) => uint16(value & 0xffff, value >>> 16))
}
