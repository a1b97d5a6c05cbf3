import { useEffect } from "react";

/** Names the page in the tab and the history of the browser, and to those who hear it read. Nothing leaves the name to what is inside. */
export function useTitle(name: string | undefined): void {
  useEffect(() => {
    if (name !== undefined) document.title = `${name} · Hark`;
  }, [name]);
}
