export { readerApp } from './app.ts'
export { ActiveGeneration } from './generation.ts'
export { Generations } from './generations.ts'
