import { writeTrivy } from '@stella/native'
import { measuredWrite } from '../measured-write.mjs'

await measuredWrite(writeTrivy)
