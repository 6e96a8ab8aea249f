/** The part of cli-progress 3 that is used here; it ships no types. */
declare module 'cli-progress' {
  export class SingleBar {
    constructor(
      options: { stream: NodeJS.WritableStream; format: string; hideCursor: boolean; clearOnComplete: boolean },
      preset: unknown,
    )
    start(total: number, startValue: number, payload: Record<string, string>): void
    setTotal(total: number): void
    update(value: number, payload: Record<string, string>): void
    stop(): void
  }
  export const Presets: { readonly shades_classic: unknown }
}
