// Sessions that are to be deleted: for a while it can be taken back, then the server is told. What waits is sent when the page is left, and by the next page
// of the same member when this one had no time for that.

/** How long it can be taken back. */
export const WINDOW_MS = 8_000;
/** What a page left behind that is so old, no other page is about to send. */
export const LEFT_BEHIND_MS = 60_000;
/** The time stands still no longer than this: what is older is taken for left behind. */
export const HOLD_MAX_MS = 30_000;
/** Requests at once. */
const AT_ONCE = 6;

export interface Deletion {
  id: number;
  project: string;
  /** Who deletes. */
  user: string;
  sessions: readonly string[];
  /** When it began, in milliseconds since 1970. */
  at: number;
  /** Whether the time stands still, because somebody is about to take it back. */
  isHeld: boolean;
  isSent: boolean;
}

export interface Outcome {
  deleted: number;
  failed: number;
  error: unknown;
}

interface Outside {
  /** Deletes one session. `isLeaving`: the page goes, and the request has to outlive it. */
  send: (project: string, session: string, isLeaving: boolean) => Promise<unknown>;
  /** Keeps what waits, for the next page. */
  keep: (waiting: readonly Deletion[]) => void;
  /** What was kept. */
  kept: () => readonly Deletion[];
}

type Told = (outcome: Outcome) => void;

export class Deletions {
  #all: readonly Deletion[] = [];
  #told = new Map<number, Told>();
  #timers = new Map<number, { timer: ReturnType<typeof setTimeout>; since: number; left: number }>();
  #listeners = new Set<() => void>();
  #next = 1;

  constructor(private readonly outside: Outside) {}

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  readonly snapshot = () => this.#all;

  /** Begins to wait. `told` hears what became of it, unless it is taken back. */
  begin(project: string, user: string, sessions: readonly string[], told: Told): void {
    const id = this.#next++;
    this.#told.set(id, told);
    this.#set([...this.#all, { id, project, user, sessions, at: Date.now(), isHeld: false, isSent: false }]);
    this.#run(id, WINDOW_MS);
  }

  undo(id: number): void {
    if (this.#waiting(id)) this.#forget(id);
  }

  /** The time stands still for a while, and goes on with `false`. */
  hold(id: number, isHeld: boolean): void {
    const deletion = this.#waiting(id);
    const clock = this.#timers.get(id);
    if (!deletion || !clock || deletion.isHeld === isHeld) return;
    clearTimeout(clock.timer);
    if (isHeld) {
      clock.left -= Date.now() - clock.since;
      clock.timer = setTimeout(() => this.hold(id, false), HOLD_MAX_MS);
    } else this.#run(id, Math.max(0, clock.left));
    this.#set(this.#all.map((one) => (one.id === id ? { ...one, isHeld } : one)));
  }

  /** Sends what waits, now. */
  async flush(): Promise<void> {
    await Promise.all(this.#all.filter(({ isSent }) => !isSent).map(({ id }) => this.#send(id)));
  }

  /** The page is left: nobody is there to hear of it. It stays kept, so that the next page looks after what did not arrive. */
  leave(): void {
    const waiting = this.#all.filter(({ isSent }) => !isSent);
    for (const { id, project, sessions } of waiting) {
      clearTimeout(this.#timers.get(id)?.timer);
      for (const session of sessions) void this.outside.send(project, session, true).catch(() => {});
    }
    this.#all = this.#all.filter(({ isSent }) => isSent);
    for (const listener of this.#listeners) listener();
  }

  /** Sends what this member left behind earlier. */
  resume(user: string): void {
    const left = this.outside.kept();
    const mine = left.filter((one) => one.user === user && Date.now() - one.at > LEFT_BEHIND_MS && !this.#all.some(({ at }) => at === one.at));
    if (mine.length === 0) return;
    const added = mine.map((one) => ({ ...one, id: this.#next++, isHeld: false, isSent: false }));
    this.#set([...this.#all, ...added]);
    for (const { id } of added) void this.#send(id);
  }

  #waiting(id: number): Deletion | undefined {
    return this.#all.find((one) => one.id === id && !one.isSent);
  }

  #run(id: number, left: number): void {
    this.#timers.set(id, { timer: setTimeout(() => void this.#send(id), left), since: Date.now(), left });
  }

  async #send(id: number): Promise<void> {
    const deletion = this.#waiting(id);
    if (!deletion) return;
    clearTimeout(this.#timers.get(id)?.timer);
    this.#set(this.#all.map((one) => (one.id === id ? { ...one, isSent: true } : one)));
    const outcome = await this.#each(deletion);
    this.#told.get(id)?.(outcome);
    this.#forget(id);
  }

  async #each({ project, sessions }: Deletion): Promise<Outcome> {
    const waiting = [...sessions];
    const outcome: Outcome = { deleted: 0, failed: 0, error: undefined };
    const work = async () => {
      for (let session = waiting.shift(); session; session = waiting.shift()) {
        try {
          await this.outside.send(project, session, false);
          outcome.deleted += 1;
        } catch (error) {
          outcome.failed += 1;
          outcome.error ??= error;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return outcome;
  }

  #forget(id: number): void {
    clearTimeout(this.#timers.get(id)?.timer);
    this.#timers.delete(id);
    this.#told.delete(id);
    this.#set(this.#all.filter((one) => one.id !== id));
  }

  #set(all: readonly Deletion[]): void {
    const before = this.#all;
    this.#all = all;
    // What other pages keep stays.
    const others = this.outside.kept().filter((kept) => ![...before, ...all].some(({ at }) => at === kept.at));
    this.outside.keep([...others, ...all]);
    for (const listener of this.#listeners) listener();
  }
}
