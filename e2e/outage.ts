import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

/** A way to a database that can be cut: everything on it ends, and nothing new gets through. */
export class CuttableWay {
  /** The database as reached on this way. */
  readonly connectionString: string
  readonly #sockets: Set<Socket>
  readonly #close: () => Promise<void>
  #isCut = false

  private constructor(
    connectionString: string,
    sockets: Set<Socket>,
    close: () => Promise<void>,
    onOpen: (admit: () => boolean) => void,
  ) {
    this.connectionString = connectionString
    this.#sockets = sockets
    this.#close = close
    onOpen(() => !this.#isCut)
  }

  static async to(connectionString: string): Promise<CuttableWay> {
    const target = new URL(connectionString)
    const sockets = new Set<Socket>()
    let admits = () => true
    const server = createServer((client) => {
      if (!admits()) {
        client.destroy()
        return
      }
      const database = connect(Number(target.port), target.hostname)
      for (const [one, other] of [
        [client, database],
        [database, client],
      ] as const) {
        sockets.add(one)
        one.on('error', () => {})
        one.on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const way = new URL(connectionString)
    way.port = String((server.address() as AddressInfo).port)
    const close = async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
    return new CuttableWay(way.href, sockets, close, (admit) => {
      admits = admit
    })
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#isCut = false
  }

  close(): Promise<void> {
    return this.#close()
  }
}
