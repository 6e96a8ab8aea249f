import { writeDatabase } from '@stella/native'
import { measuredWrite } from './measured-write.mjs'

await measuredWrite(async ({ variant, ...options }) => {
  const { sources, ...written } = await writeDatabase(variant, options)
  return { ...written, withheld: sources.flatMap(({ withheld }) => withheld) }
})
