/** An AWS client that is destroyed at the end of the block that declares it: `using client = closing(new STSClient())`. */
export function closing<Client extends { destroy(): void }>(client: Client): Client & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}
