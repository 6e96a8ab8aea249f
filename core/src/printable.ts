/**
 * A line that does no more than stand there: what a bundle or a server wrote may hold characters that steer a terminal (C0, DEL, C1),
 * begin a line, or turn the direction of the text. Each of them is shown by its code: `\\u001b`.
 */
export function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
