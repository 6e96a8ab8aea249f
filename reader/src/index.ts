export { readerApp } from './app.ts'
export { Generations } from './generations.ts'
export { ActiveGeneration } from './open-generation.ts'
