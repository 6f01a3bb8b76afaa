/** Whether a host is this machine, by a name or address nobody else can have. */
export function isLoopbackName(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Whether nobody on the way can read what is sent there. */
export function isPrivateWay(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || (protocol === "http:" && isLoopbackName(hostname));
}
