import { OfflineError } from "../api/client";

/** Whether the server answers now. */
export const isReachable = () =>
  fetch("/healthz", { cache: "no-store" }).then(
    () => true,
    () => false,
  );

/** Loads a part of the dashboard that is a file of its own. When that fails because the server is gone, it says so: who reloaded then would lose the page. */
export async function part<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw (await isReachable()) ? error : new OfflineError("offline");
  }
}
