import { writeDatabase } from '@stella/native'
import { measuredWrite } from './measured-write.mjs'

await measuredWrite(({ variant, ...options }) => writeDatabase(variant, options))
