/** Whether what a link leads to is what the user looks at: news of it is seen there, and a toast would only lie upon it. */
export function isBeforeUser(link: string | null, shown: { pathname: string; isVisible: boolean }): boolean {
  if (link === null || !shown.isVisible) return false;
  const [path, query] = link.split("?");
  return query === undefined && path === shown.pathname;
}
