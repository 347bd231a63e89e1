// The browser's storage for the editor, less the headers: a token that stands in the headers editor is never written there. The
// editor itself leaves them out of its tabs when told so, but its history keeps the headers of every query that was run.
export const storage: Storage = new Proxy(window.localStorage, {
  get(target, name) {
    if (name === 'setItem') return (key: string, value: string) => target.setItem(key, withoutHeaders(value));
    const member: unknown = Reflect.get(target, name);
    return typeof member === 'function' ? member.bind(target) : member;
  },
});

export function withoutHeaders(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value, (name, member: unknown) => (name === 'headers' ? undefined : member)));
  } catch {
    return value; // Not JSON: a theme, a width.
  }
}
