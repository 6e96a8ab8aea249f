/** Whether what is sent to an HTTP URL cannot be read on the way: it is https, or http on this machine. It is an address alone: no user, query or fragment. */
export function isGuardedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, search, hash } = new URL(text)
  const here = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  return (protocol === 'https:' || (protocol === 'http:' && here)) && `${username}${password}${search}${hash}` === ''
}
