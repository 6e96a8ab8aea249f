import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net'

/** A TCP proxy on the loopback address that can fall silent without closing anything, as a frozen server or a lost network does. For tests. */
export class FreezableLink {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #frozen = false

  private constructor(target: NetConnectOpts) {
    this.#server = createServer((near) => {
      const far = connect(target)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from)
        from.on('data', (bytes: Buffer) => to.write(bytes))
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
        if (this.#frozen) from.pause()
      }
    })
  }

  /** Starts a link on a free port in front of a server. */
  static async start(target: NetConnectOpts): Promise<FreezableLink> {
    const link = new FreezableLink(target)
    await once(link.#server.listen(0, '127.0.0.1'), 'listening')
    return link
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** From here on no byte passes; connections are still taken. */
  freeze(): void {
    this.#frozen = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** What was held up passes, and so does what comes. */
  thaw(): void {
    this.#frozen = false
    for (const socket of this.#sockets) socket.resume()
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
