// Which files go with a message.

/** Files of one message; the server takes no more. */
export const ATTACHMENTS_MAX = 20;

/** Of these files, those that fit beside the ones that were chosen before, and how many do not. */
export function fitting<T>(before: number, files: T[]): { taken: T[]; left: number } {
  const taken = files.slice(0, Math.max(0, ATTACHMENTS_MAX - before));
  return { taken, left: files.length - taken.length };
}

/** What is dropped or pasted, when it is files and not words that some program also gives as a picture. */
export function filesOf(data: DataTransfer | null): File[] {
  if (!data || data.types.includes("text/plain")) return [];
  return [...data.files];
}
